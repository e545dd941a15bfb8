"""What owner and staff have done: who, what, about which thing, when; written in the transaction of the change itself."""

import datetime as dt
import getpass
from collections.abc import Callable, Sequence
from typing import Any, Final

from flask import has_request_context
from sqlalchemy import ForeignKey, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.client_address import address_hash
from storefront.core.clock import now
from storefront.core.database import Base, current_session, transaction
from storefront.core.jobs.queue import job

RETENTION: Final = dt.timedelta(days=365)
_MAX_LENGTH: Final = 200
_HIDDEN: Final = "(not told)"
_SECRET: Final = ("password", "secret", "token", "key")


class AuditEntry(Base):
    """One thing that was done. `user_id` is empty for the command line; `before` and `after` are a few words, no secrets."""

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(default=now, index=True)
    who: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    address_hash: Mapped[str] = mapped_column(default="")
    what: Mapped[str]
    about: Mapped[str] = mapped_column(index=True)
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)


# The login knows who is there, and is above us.
_current_actor: list[Callable[[], int | None]] = []


def set_actor(who_is_there: Callable[[], int | None]) -> None:
    """Learn how to find out whose request is being answered: the id of a user."""
    _current_actor[:] = [who_is_there]


def record(what: str, about: str, *, before: dict[str, Any] | None = None, after: dict[str, Any] | None = None) -> None:
    """Inside the transaction of the change: note that somebody did `what` ("refunded") `about` something ("order K-1043").

    Who it was is found out here. What is called a password, secret, token or key is left out.
    """
    user_id = _current_actor[0]() if _current_actor and has_request_context() else None
    entry = AuditEntry(
        who=_actor(user_id), user_id=user_id, address_hash=address_hash(), what=what, about=about,
        before=_details(before or {}), after=_details(after or {}), at=now(),
    )  # fmt: skip
    current_session().add(entry)


def entries(since: dt.datetime | None = None, *, most: int = 500) -> Sequence[AuditEntry]:
    """What was done, the newest first."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(most)
    return current_session().scalars(query.where(AuditEntry.at >= since) if since else query).all()


@job("forget_old_audit", every_seconds=24 * 60 * 60)
def delete_old_entries() -> None:
    """Delete what was done more than a year ago."""
    with transaction() as session:
        session.execute(delete(AuditEntry).where(AuditEntry.at < now() - RETENTION))


def _actor(user_id: int | None) -> str:
    if user_id is not None:
        return f"user {user_id}"
    if has_request_context():
        return "somebody not signed in"
    try:
        return f"the command line ({getpass.getuser()})"
    except (KeyError, OSError):  # a container's user without a name
        return "the command line"


def _details(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: _HIDDEN if _is_secret(name) else _truncated(value) for name, value in facts.items()}


def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in _SECRET)


def _truncated(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    words = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return words if len(words) <= _MAX_LENGTH else words[: _MAX_LENGTH - 1] + "…"
