"""Which shop this database belongs to: its random id, its Stripe account and mode, its live address.

A copy of a live shop's database must not charge, refund, detach or write to anybody. With live keys and another
address than the one noted here, or with STAGING_COPY=1, the shop stands still until `flask shop adopt`.
"""

import datetime as dt

from flask import current_app
from sqlalchemy import false, select, update
from sqlalchemy.orm import Mapped, mapped_column

from config import Settings
from storefront.core import audit
from storefront.core.clock import now
from storefront.core.database import Base, current_session, end_read, transaction


class Installation(Base):
    """One row. `shop` goes into every object's metadata at Stripe, so that two shops on one account tell theirs apart.

    `base_url` and `livemode` are noted at the first start with live keys; `adopted_copy`: a copy that its owner took for a shop.
    """

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True)
    shop: Mapped[str] = mapped_column(unique=True)
    stripe_account: Mapped[str] = mapped_column(default="")
    livemode: Mapped[bool | None]
    base_url: Mapped[str] = mapped_column(default="")
    currency: Mapped[str] = mapped_column(default="")
    adopted_copy: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[dt.datetime] = mapped_column(default=now)


def this_shop() -> str:
    """The random id of this installation, as it stands in Stripe's metadata. Asked for once: it never changes."""
    kept = current_app.extensions
    if "installation" not in kept:
        kept["installation"] = current_session().scalars(select(Installation.shop)).one()
    shop: str = kept["installation"]
    return shop


def check_base_url() -> None:
    """At a start with live keys: the first one says where this shop is."""
    settings: Settings = current_app.config["SETTINGS"]
    if not settings.livemode or settings.staging_copy:
        return
    here = update(Installation).where(Installation.base_url == "").values(base_url=settings.base_url, livemode=True)
    with transaction() as session:
        session.execute(here)


def is_staging_copy() -> bool:
    """Whether this is a copy of a shop, which changes nothing outside of itself. Reads no table where it cannot be one."""
    settings: Settings = current_app.config["SETTINGS"]
    may_be = settings.livemode or settings.staging_copy
    if not may_be or current_app.extensions.get("stands_on_its_own"):
        return False
    here = current_session().scalars(select(Installation)).one()
    moved = settings.livemode and here.base_url not in {"", settings.base_url}
    still = moved or (settings.staging_copy and not here.adopted_copy)
    end_read()
    # For as long as the process lives: an address does not change under it. What stands still is asked again, until it is adopted.
    current_app.extensions["stands_on_its_own"] = not still
    return still


def activate() -> str:
    """The owner says: this database, at this address, is the shop. The address it had until now."""
    settings: Settings = current_app.config["SETTINGS"]
    with transaction() as session:
        here = session.scalars(select(Installation).with_for_update()).one()
        before = here.base_url
        here.base_url, here.adopted_copy = settings.base_url, settings.staging_copy
        here.livemode = here.livemode or settings.livemode or None
        audit.record("adopted", "the shop", before={"base_url": before}, after={"base_url": settings.base_url})
    return before
