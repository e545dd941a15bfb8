"""What goes of a customer's own rows when they leave."""

import secrets

from sqlalchemy import delete, select

from storefront.core.clock import now
from storefront.core.database import current_session
from storefront.customers.login_sessions import delete_sessions
from storefront.customers.models import Address, User


def lock_user(user_id: int) -> User:
    """Inside a transaction: nobody writes a thing that belongs to them until it ends."""
    return current_session().scalars(select(User).where(User.id == user_id).with_for_update()).one()


def erase_user(user: User) -> None:
    """Inside a transaction: nothing of theirs is left but a number; every session ends, and nobody can sign in as them.

    Whoever registers with the same e-mail is somebody new.
    """
    current_session().execute(delete(Address).where(Address.user_id == user.id))
    delete_sessions(user.id)
    # No e-mail reads like this, and no password has this hash.
    user.email_key = f"deleted:{secrets.token_hex(8)}"
    user.email = user.email_wanted = user.name = user.password_hash = ""
    user.email_verified_at = None
    user.session_version += 1
    user.deleted_at = now()
