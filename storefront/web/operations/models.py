"""Hosts that browsers reported as blocked."""

import datetime as dt

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.database import Base


class BlockedHost(Base):
    """A host that the Content-Security-Policy blocked, by directive. "other" stands for all that are not Stripe's."""

    __tablename__ = "blocked_hosts"
    __table_args__ = (UniqueConstraint("directive", "host"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    directive: Mapped[str]
    host: Mapped[str]
    reports: Mapped[int]
    first_at: Mapped[dt.datetime]
    last_at: Mapped[dt.datetime]
