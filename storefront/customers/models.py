"""Tables of who buys."""

import datetime as dt
import enum
from typing import cast

from flask_login import UserMixin
from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.clock import now
from storefront.core.database import Base


class Role(enum.StrEnum):
    """What a user may do."""

    customer = "customer"
    staff = "staff"
    owner = "owner"


class SessionEnd(enum.StrEnum):
    """Why a session ended."""

    signed_out = "signed_out"
    from_elsewhere = "from_elsewhere"
    everywhere = "everywhere"
    password_changed = "password_changed"  # noqa: S105  a reason
    replaced = "replaced"


class User(UserMixin, Base):  # type: ignore[misc]  # Flask-Login has no types
    """A person with a login.

    `email_key` is the mailbox, however it is written (see email_addresses.py). `session_version` is raised whenever all
    sessions end: a login that had begun by then comes to nothing, and a mailed link to a new password dies.
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

    # Of the session this copy was read by, or just signed in with: see login_sessions.py. No columns.
    session_token = ""
    session_id = 0
    seen_at = cast("dt.datetime | None", None)

    def get_id(self) -> str:
        """What the session cookie holds: the token of its session, and nothing of who it is."""
        return self.session_token

    @property
    def first_name(self) -> str:
        """How we greet."""
        return self.name.split()[0] if self.name.split() else self.email


class LoginSession(Base):
    """A browser in which a user is, or was, signed in. `device` is a name in our own words: "Firefox on Windows"."""

    __tablename__ = "login_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    device: Mapped[str]
    signed_in_at: Mapped[dt.datetime] = mapped_column(default=now)
    seen_at: Mapped[dt.datetime] = mapped_column(default=now)
    ended_at: Mapped[dt.datetime | None]
    ended_why: Mapped[SessionEnd | None]


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
