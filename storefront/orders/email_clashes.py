"""What came to light when addresses were first compared by their domain's A-label, for the owner to decide.

Two accounts may turn out to be one mailbox (`müller.example` and `xn--mller-kva.example`): one of them keeps the address to
sign in with. And an order may be in the account of another mailbox (`weiß.example` and `weiss.example` were once the same).
Nothing is merged or moved by itself: only the owner knows the people.
"""

import unicodedata
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, update

from storefront.core import audit
from storefront.core.alerts import alert_owner
from storefront.core.database import current_session, transaction
from storefront.core.email_addresses import key_of
from storefront.core.errors import NotFoundError
from storefront.core.jobs.queue import job
from storefront.customers.joining import KnownEmailError
from storefront.customers.models import User
from storefront.customers.people import user_by_email
from storefront.customers.proving import send_verification
from storefront.orders.labels import label
from storefront.orders.models import Order

# Instead of a key, at the account that cannot sign in: no address has a key like this.
_CLASHES: Final = "clash:"


@dataclass(frozen=True)
class EmailClash:
    """A user, their address, and a sentence on what is wrong; `in_short` names no address."""

    user_id: int
    email: str
    what: str
    in_short: str


def email_clashes() -> list[EmailClash]:
    """All there are, accounts first."""
    return [*_accounts(), *_orders()]


def give_email(user_id: int, email: str) -> None:
    """Let an account that clashes sign in with another address, once its mail is read. Raises KnownEmailError, NotFoundError."""
    with transaction() as session:
        user = session.scalar(select(User).where(User.id == user_id, User.deleted_at.is_(None)).with_for_update())
        if user is None or not user.email_key.startswith(_CLASHES):
            raise NotFoundError("No such account: `flask shop email-clashes` lists those that cannot sign in.")
        if user_by_email(email) is not None:
            raise KnownEmailError
        values = {"email": email, "email_key": key_of(email), "email_verified_at": None, "email_wanted": ""}
        session.execute(update(User).where(User.id == user_id).values(**values))
        session.refresh(user)
        send_verification(user)
        audit.record("gave another e-mail", f"user {user_id}")


@job("tell_of_email_clashes")
def tell_of_email_clashes() -> None:
    """Write to the owner what a migration met."""
    found = email_clashes()
    if not found:
        return
    with transaction():
        alert_owner(
            "email-clashes",
            "E-mail addresses to look at",
            # Numbers alone: the mail outlives what its customers have deleted.
            " ".join(f"User {one.user_id}: {one.in_short}" for one in found),
            "Nothing was merged or moved. Run flask shop email-clashes to see the addresses and what you can do.",
        )


def _accounts() -> list[EmailClash]:
    waiting = select(User).where(User.email_key.startswith(_CLASHES), User.deleted_at.is_(None)).order_by(User.id)
    clashes = []
    for user in current_session().scalars(waiting).all():
        keeper = user_by_email(user.email)
        who, written = (f"user {keeper.id}", f" ({keeper.email})") if keeper else ("another account", "")
        rest = "has the same mailbox and keeps it. This account cannot sign in."
        clashes.append(EmailClash(user.id, user.email, f"{who}{written} {rest}", f"{who} {rest}"))
    return clashes


def _orders() -> list[EmailClash]:
    """A customer may have an order sent to any address: only those that once were the same to us are told."""
    others = select(Order.number, Order.email, User.id, User.email.label("of_user"), User.email_key).join(
        User, User.id == Order.user_id
    )
    others = others.where(Order.email_key != User.email_key, Order.email != "").order_by(Order.id)
    return [
        EmailClash(
            row.id,
            row.of_user,
            f"order {label(row.number)}, placed with {row.email}, is in this account. Is that the same person?",
            f"order {label(row.number)} was placed with another address. Is that the same person?",
        )
        for row in current_session().execute(others)
        if _once_the_same(row.email, row.of_user) and key_of(row.email) != key_of(row.of_user)
    ]


def _once_the_same(one: str, other: str) -> bool:
    return _before(one) == _before(other)


def _before(address: str) -> str:
    """How addresses were compared in version 0.1: the whole of it folded, which makes ss of ß."""
    return unicodedata.normalize("NFKC", address.strip()).casefold()
