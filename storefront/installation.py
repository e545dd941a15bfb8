"""Which shop this database belongs to: its random id, its Stripe account and mode, its live address."""

import datetime as dt

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from storefront.clock import now
from storefront.database import Base, current_session


class Installation(Base):
    """One row. `shop` goes into every object's metadata at Stripe, so that two shops on one account tell theirs apart."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True)
    shop: Mapped[str] = mapped_column(unique=True)
    stripe_account: Mapped[str] = mapped_column(default="")
    livemode: Mapped[bool | None]
    base_url: Mapped[str] = mapped_column(default="")
    currency: Mapped[str] = mapped_column(default="")
    created_at: Mapped[dt.datetime] = mapped_column(default=now)


def this_shop() -> str:
    """The random id of this installation, as it stands in Stripe's metadata. Asked for once: it never changes."""
    kept = current_app.extensions
    if "installation" not in kept:
        kept["installation"] = current_session().scalars(select(Installation.shop)).one()
    shop: str = kept["installation"]
    return shop
