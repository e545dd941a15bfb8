"""Becoming a customer of the shop."""

from dataclasses import dataclass

from storefront.core.clock import now
from storefront.core.database import current_session, upsert
from storefront.core.email_addresses import key_of
from storefront.core.errors import InvalidRequestError
from storefront.core.text import one_line
from storefront.customers.models import Role, User
from storefront.customers.passwords import hashed
from storefront.customers.proving import send_verification


class KnownEmailError(InvalidRequestError):
    """Somebody has this address already: most likely the same person."""

    words = "There is an account with this e-mail already."


@dataclass(frozen=True)
class Newcomer:
    """Who wants to join, the password already hashed."""

    name: str
    email: str
    password_hash: str


def newcomer(name: str, email: str, password: str) -> Newcomer:
    """Get ready to join. Hashes the password, so call it before the transaction."""
    return Newcomer(one_line(name), email.strip(), hashed(password))


def join(person: Newcomer, *, role: Role = Role.customer) -> User:
    """Make the user, inside the running transaction, and ask for the mail that lets them prove their address.

    Raises KnownEmailError. Nothing anybody did before under this address becomes theirs: not before it is proven.
    """
    session = current_session()
    row = upsert(User).values(
        name=person.name, email=person.email, email_key=key_of(person.email), password_hash=person.password_hash,
        role=role, locale="en", session_version=1, created_at=now(),
    )  # fmt: skip
    # Two at once: one is told that the address is known, rather than that something broke.
    user_id = session.scalar(row.on_conflict_do_nothing(index_elements=["email_key"]).returning(User.id))
    if user_id is None:
        raise KnownEmailError
    user = session.get_one(User, user_id)
    send_verification(user)
    return user
