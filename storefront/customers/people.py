"""Finding users: copies as they are now, detached, so that reading them asks the database nothing more."""

from sqlalchemy import Select, select

from storefront.core.database import current_session
from storefront.core.email_addresses import key_of
from storefront.customers.models import User


def user_by_email(email: str) -> User | None:
    """Whose login this address is."""
    return _one(select(User).where(User.email_key == key_of(email)))


def user_by_id(user_id: int) -> User | None:
    """The user of this id."""
    return _one(select(User).where(User.id == user_id))


def _one(query: Select[User]) -> User | None:
    session = current_session()
    user = session.scalars(query).one_or_none()
    if user is not None:
        session.expunge(user)
    return user
