"""Tables of who buys."""

import datetime as dt
import enum

from flask_login import UserMixin
from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storefront.clock import now
from storefront.database import Base


class Role(enum.StrEnum):
    """What a user may do."""

    customer = "customer"
    staff = "staff"
    owner = "owner"


class User(UserMixin, Base):  # type: ignore[misc]  # Flask-Login has no types
    """A person with a login. `email_key` is the case-folded address; `session_version` ends older sessions when raised.

    `email_wanted` is a new address that is not proven yet. `deleted_at`: they left, and the row is emptied; it stays,
    so that its id, which old cookies and orders bear, is never somebody else's.
    """

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    name: Mapped[str]
    role: Mapped[Role] = mapped_column(default=Role.customer)
    email_verified_at: Mapped[dt.datetime | None]
    email_wanted: Mapped[str] = mapped_column(default="", server_default="")
    locale: Mapped[str] = mapped_column(default="en")
    session_version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[dt.datetime] = mapped_column(default=now)
    deleted_at: Mapped[dt.datetime | None]

    def get_id(self) -> str:
        """What the session cookie holds: who, and which version of their sessions."""
        return f"{self.id}.{self.session_version}"

    @property
    def first_name(self) -> str:
        """How we greet."""
        return self.name.split()[0] if self.name.split() else self.email


class Address(Base):
    """Where a user's parcels go; one is the default."""

    __tablename__ = "addresses"
    __table_args__ = (
        Index(
            "uq_addresses_default",
            "user_id",
            unique=True,
            sqlite_where=text("is_default"),
            postgresql_where=text("is_default"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    line1: Mapped[str]
    line2: Mapped[str] = mapped_column(default="")
    postal_code: Mapped[str] = mapped_column(default="")
    city: Mapped[str]
    region: Mapped[str] = mapped_column(default="")
    country: Mapped[str]
    phone: Mapped[str] = mapped_column(default="")
    is_default: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[dt.datetime] = mapped_column(default=now)

    def as_copy(self) -> dict[str, str]:
        """The copy an order keeps."""
        fields = ("name", "line1", "line2", "postal_code", "city", "region", "country", "phone")
        return {field: getattr(self, field) for field in fields}
