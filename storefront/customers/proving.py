"""Proving by mail that an address is one's own: signed links for one purpose, one user and a short while."""

import datetime as dt
import enum
import hashlib
import secrets
from typing import Final

from sqlalchemy import update

from storefront.core.clock import now
from storefront.core.database import current_session, transaction
from storefront.core.jobs.queue import enqueue
from storefront.core.mail.outbox import queue_mail
from storefront.core.signing import StaleLinkError, read_signed, sign
from storefront.customers.models import User
from storefront.customers.people import user_by_id


class Purpose(enum.StrEnum):
    """What a link is good for, and for nothing else."""

    verify_email = "verify_email"
    reset_password = "reset_password"  # noqa: S105  a purpose
    change_email = "change_email"


GOOD_FOR: Final = {
    Purpose.verify_email: dt.timedelta(days=7),
    Purpose.reset_password: dt.timedelta(hours=1),
    Purpose.change_email: dt.timedelta(days=2),
}


def token_for(purpose: Purpose, user: User) -> str:
    """What goes into the link."""
    return sign(purpose, [user.id, _binding(purpose, user)])


def user_of_token(purpose: Purpose, token: str) -> User:
    """Whose link it is; raises StaleLinkError."""
    try:
        user_id, binding = read_signed(purpose, token, GOOD_FOR[purpose])
    except (ValueError, TypeError) as error:
        raise StaleLinkError from error
    user = user_by_id(user_id)
    if user is None or not secrets.compare_digest(binding, _binding(purpose, user)):
        raise StaleLinkError
    return user


def send_verification(user: User) -> None:
    """Ask, inside the running transaction, for the mail with the link to verify their address."""
    _post(Purpose.verify_email, user)


def want_password_reset(user: User) -> None:
    """Ask for the mail with the link to a new password."""
    with transaction():
        _post(Purpose.reset_password, user)


def ask_again_for_proof(user: User) -> None:
    """Send the link to verify their address once more."""
    with transaction():
        _post(Purpose.verify_email, user)


def verify_email(token: str) -> User:
    """The address is theirs: they got our mail. Done twice, it stays so."""
    user = user_of_token(Purpose.verify_email, token)
    mark_verified(user)
    return user


def mark_verified(user: User) -> None:
    """They read our mail at this address."""
    with transaction() as session:
        session.execute(
            update(User)
            .where(User.id == user.id, User.email_key == user.email_key, User.email_verified_at.is_(None))
            .values(email_verified_at=now())
            .execution_options(synchronize_session=False)
        )
        want_guest_orders(user.id)


def want_guest_orders(user_id: int) -> None:
    """Inside the transaction that proves an address: what was ordered with it goes to them, whatever happens next."""
    enqueue("bring_guest_orders", {"user_id": user_id}, unique_key=f"guest-orders:{user_id}")


def _post(purpose: Purpose, user: User) -> None:
    current_session().flush()
    queue_mail(str(purpose), user.email, f"{purpose}:{user.id}:{secrets.token_hex(8)}", {"user_id": user.id})


def _binding(purpose: Purpose, user: User) -> str:
    return hashlib.sha256(_bound_to(purpose, user).encode()).hexdigest()[:24]


def _bound_to(purpose: Purpose, user: User) -> str:
    """What a link dies with: every link with the address it was mailed for, one to a new password with the old one too."""
    match purpose:
        case Purpose.verify_email:
            return user.email_key
        case Purpose.reset_password:
            return f"{user.email_key} {user.password_hash} {user.session_version}"
        case Purpose.change_email:
            return f"{user.email_key} {user.email_wanted}"
