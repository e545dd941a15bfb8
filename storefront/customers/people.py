"""Finding users: copies as they are now, detached, so that reading them asks the database nothing more."""

from typing import Final

from sqlalchemy import Select, bindparam, select

from storefront.customers.models import User
from storefront.database import current_session
from storefront.email_addresses import key_of

# Asked with every page of everybody who is signed in: putting it together takes as long as asking it.
_OF_SESSION: Final = select(User).where(
    User.id == bindparam("kept_id"), User.session_version == bindparam("kept_version")
)


def user_by_email(email: str) -> User | None:
    """Whose login this address is."""
    return _one(select(User).where(User.email_key == key_of(email)))


def user_by_id(user_id: int) -> User | None:
    """The user of this id."""
    return _one(select(User).where(User.id == user_id))


def user_of_session(kept: str) -> User | None:
    """Whom a session cookie stands for; none when their sessions were ended since."""
    user_id, _, version = kept.partition(".")
    if not (user_id.isdecimal() and version.isdecimal()):
        return None
    return _one(_OF_SESSION, {"kept_id": int(user_id), "kept_version": int(version)})


def _one(query: Select[User], told: dict[str, int] | None = None) -> User | None:
    session = current_session()
    user = session.scalars(query, told).one_or_none()
    if user is not None:
        session.expunge(user)
    return user
