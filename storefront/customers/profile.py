"""Who a customer is to the shop: name, e-mail, sessions. A new e-mail counts once its mail was read."""

import secrets
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from storefront.core.clock import now
from storefront.core.database import current_session, transaction
from storefront.core.email_addresses import key_of
from storefront.core.errors import InvalidRequestError
from storefront.core.mail.outbox import queue_mail
from storefront.customers.joining import KnownEmailError
from storefront.customers.login_sessions import end_all_sessions
from storefront.customers.models import SessionEnd, User
from storefront.customers.people import user_by_email
from storefront.customers.proving import Purpose, user_of_token, want_guest_orders


class SameEmailError(InvalidRequestError):
    """Nothing would change."""

    words = "That is your e-mail already."


@dataclass(frozen=True)
class NewEmail:
    """An address that was asked for, and the one it takes the place of."""

    user_id: int
    before: str
    wanted: str


def rename(user_id: int, name: str) -> User:
    """Inside a transaction: from now on they are called this."""
    user = _locked(user_id)
    user.name = " ".join(name.split())
    return user


def want_email(user_id: int, email: str) -> None:
    """Write to the new address for its proof, and tell the old one. Until it is proven, everything stays as it was.

    Raises SameEmailError or KnownEmailError.
    """
    email = email.strip()
    _refuse_known(user_id, email)
    with transaction():
        user = _locked(user_id)
        if email == user.email:
            raise SameEmailError
        user.email_wanted = email
        once = secrets.token_hex(8)
        queue_mail("change_email", email, f"change_email:{user.id}:{once}", {"user_id": user.id, "email": email})
        told = {"user_id": user.id, "new_email": email}
        queue_mail("email_change_asked", user.email, f"email_change_asked:{user.id}:{once}", told)


def leave_email(user_id: int) -> None:
    """Keep the old one after all; the link to the new one is good for nothing any more."""
    with transaction():
        _locked(user_id).email_wanted = ""


def asked_email(token: str) -> NewEmail:
    """What a mailed link would change; raises StaleLinkError."""
    user = user_of_token(Purpose.change_email, token)
    return NewEmail(user.id, user.email, user.email_wanted)


def change_email(asked: NewEmail) -> None:
    """Inside a transaction: the new address counts, and both are told. Raises KnownEmailError if somebody has it by now."""
    user = _locked(asked.user_id)
    if (user.email, user.email_wanted) != (asked.before, asked.wanted):
        return  # pressed twice, or it was asked for another one since
    user.email, user.email_key = asked.wanted, key_of(asked.wanted)
    user.email_wanted, user.email_verified_at = "", now()
    try:
        current_session().flush()
    except IntegrityError as taken:
        raise KnownEmailError from taken
    want_guest_orders(user.id)
    once, told = secrets.token_hex(8), {"user_id": user.id, "before": asked.before, "after": asked.wanted}
    for which, address in (("before", asked.before), ("after", asked.wanted)):
        queue_mail("email_changed", address, f"email_changed:{user.id}:{which}:{once}", told)


def end_sessions(user_id: int) -> None:
    """Sign them out of every browser, this one too."""
    with transaction():
        end_all_sessions(_locked(user_id), SessionEnd.everywhere)


def _refuse_known(user_id: int, email: str) -> None:
    owner = user_by_email(email)
    if owner is not None and owner.id != user_id:
        raise KnownEmailError


def _locked(user_id: int) -> User:
    # Placing an order and saving a card only refer to the user: they need not wait.
    return current_session().scalars(select(User).where(User.id == user_id).with_for_update(key_share=True)).one()
