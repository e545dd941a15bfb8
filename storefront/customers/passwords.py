"""Passwords: kept as argon2 hashes, which are renewed as argon2's advice changes."""

from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import update

from storefront.core.database import transaction
from storefront.core.mail.outbox import queue_mail
from storefront.customers.login_sessions import end_all_sessions
from storefront.customers.models import SessionEnd, User

MIN_LENGTH: Final = 8
# Longer ones only keep the processor busy.
MAX_LENGTH: Final = 128

_hasher: Final = PasswordHasher()


def hashed(password: str) -> str:
    """What is kept of a password. Takes a tenth of a second: call it before a transaction."""
    return _hasher.hash(password)


def is_password_of(user: User | None, password: str) -> bool:
    """Whether it is the right one. For nobody it takes just as long, so that the answer's time says nothing."""
    try:
        _hasher.verify(user.password_hash if user else _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False
    return user is not None


def renew_hash(user: User, password: str) -> None:
    """After a right password: hash it anew where today's parameters are stronger."""
    if not _hasher.check_needs_rehash(user.password_hash):
        return
    renewed = hashed(password)
    with transaction() as session:
        session.execute(
            update(User)
            .where(User.id == user.id, User.password_hash == user.password_hash)
            .values(password_hash=renewed)
            .execution_options(synchronize_session=False)
        )


def change_password(user_id: int, password: str) -> User:
    """Set a new one and tell its owner; every older session ends, and so does a wish for another e-mail."""
    renewed = hashed(password)
    with transaction() as session:
        user = session.get_one(User, user_id, with_for_update=True)
        user.password_hash = renewed
        end_all_sessions(user, SessionEnd.password_changed)
        # Whoever knew the old one may have asked for it, to come back by.
        user.email_wanted = ""
        session.flush()
        version = user.session_version
        queue_mail("password_changed", user.email, f"password_changed:{user.id}:{version}", {"user_id": user.id})
        session.refresh(user)
        session.expunge(user)
    return user


@cache
def _nobodys() -> str:
    return hashed("nobody's")
