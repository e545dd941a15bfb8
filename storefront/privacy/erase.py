"""Leaving the shop: refused while something is open; then everything goes that need not be kept, here and at Stripe.

The user's row is emptied, not removed: what is kept refers to its number, and nobody else ever gets that number.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from sqlalchemy import ColumnElement, and_, or_, select

from storefront.cards.customers import ASKED_AGAIN_AFTER, KEY_LIFETIME, already_made, wait_for_mode
from storefront.cards.models import StripeCustomer
from storefront.core.clock import now
from storefront.core.database import current_session, end_read, transaction
from storefront.core.errors import InvalidRequestError
from storefront.core.jobs.queue import RetryLaterError, enqueue, job
from storefront.core.mail.outbox import queue_mail
from storefront.customers import deletion as customers
from storefront.customers.models import Role
from storefront.digital.export import forget_browsers
from storefront.orders.fulfilment import SHIPPABLE_STATUSES
from storefront.orders.labels import label
from storefront.orders.models import OPEN_STATUSES, FulfilmentStatus, Order, OrderLine
from storefront.payments.ledger.models import LIVE_STATES, Dispute, Payment, PaymentAttempt, Refund, RefundState, Source
from storefront.payments.ledger.record import record
from storefront.privacy import forget, orders
from storefront.stripe import api as stripe_customers
from storefront.stripe.errors import OutcomeUnknownError, StripeRefusedError
from storefront.stripe.objects import customer_update

OPEN_REFUND_STATES: Final = (RefundState.sending, RefundState.unknown, RefundState.pending, RefundState.requires_action)
DECIDED_DISPUTES: Final = ("won", "lost", "warning_closed", "prevented")


@dataclass(frozen=True)
class Obstacle:
    """Why they cannot leave yet; `order` is the public id of the order it is about, if it is about one."""

    words: str
    order: str = ""


class StillOpenError(InvalidRequestError):
    """Something is under way; `words` says what."""

    def __init__(self, obstacles: list[Obstacle]) -> None:
        super().__init__(" ".join(one.words for one in obstacles))
        self.obstacles = obstacles


def obstacles(user_id: int, role: Role) -> list[Obstacle]:
    """What has to be finished first; nothing, if they may go."""
    found = [
        Obstacle(words.format(label(number)), public_id)
        for words, what in _open_things()
        for number, public_id in current_session().execute(
            select(Order.number, Order.public_id).where(Order.user_id == user_id, what).order_by(Order.id)
        )
    ]
    if role is Role.owner:
        found.append(Obstacle("You run this shop with this account. Make somebody else its owner first."))
    return found


def delete_account(user_id: int) -> None:
    """Let them go, with a last mail. Raises StillOpenError. A job deletes the customer at Stripe, as often as it takes."""
    with transaction():
        _lock_orders(user_id)
        wallets = _lock_customers(user_id)
        user = customers.lock_user(user_id)
        if user.deleted_at:
            return
        still_open = obstacles(user_id, user.role)
        if still_open:
            raise StillOpenError(still_open)
        forget.erase_mails(user)
        queue_mail("goodbye", user.email, f"goodbye:{user.id}", {"first_name": user.first_name})
        forget.erase_rest_in_a_week(user_id)
        for wallet in wallets:
            release_customer(wallet)
        forget.erase_payments(user_id)
        forget_browsers(user_id)
        orders.erase_carts(user_id)
        orders.erase_orders(user_id)
        customers.erase_user(user)


@job("delete_customer")
def delete_customer(customer_id: int) -> None:
    """Delete a customer at Stripe, and its cards with it; done twice, or by the owner before, it is the same."""
    customer = current_session().get_one(StripeCustomer, customer_id)
    wait_for_mode(livemode=customer.livemode)
    livemode = customer.livemode
    try:
        stripe_id = customer.stripe_id or _made_after_all(customer)
        end_read()
        if stripe_id:
            _delete_at_stripe(stripe_id)
    except OutcomeUnknownError as unknown:
        # However long Stripe is silent: it was promised to somebody who cannot ask us any more.
        raise RetryLaterError("Stripe did not answer", ASKED_AGAIN_AFTER) from unknown
    if stripe_id:
        record(customer_update({"id": stripe_id, "deleted": True}, Source.api, livemode=livemode))
    with transaction() as session:
        settled = session.get_one(StripeCustomer, customer_id, with_for_update=True)
        settled.stripe_id, settled.request = stripe_id, {}


def _delete_at_stripe(stripe_id: str) -> None:
    try:
        stripe_customers.delete_customer(stripe_id)
    except StripeRefusedError as refused:
        if refused.status != HTTPStatus.NOT_FOUND:
            raise


def _open_things() -> Iterator[tuple[str, ColumnElement[bool]]]:
    paid_by = select(Payment.id).where(Payment.order_id == Order.id)
    charging = paid_by.join(PaymentAttempt).where(PaymentAttempt.state.in_(LIVE_STATES)).exists()
    yield "{} is not paid yet. Pay for it, or give it up.", Order.status.in_(OPEN_STATUSES) & ~charging
    yield "{} is being paid at this moment.", charging
    to_send = select(OrderLine.id).where(OrderLine.order_id == Order.id, OrderLine.requires_shipping).exists()
    waits = Order.status.in_(SHIPPABLE_STATUSES) & (Order.fulfilment_status == FulfilmentStatus.unfulfilled)
    yield "{} is paid, and not sent yet.", waits & to_send
    returning = paid_by.join(Refund).where(Refund.state.in_(OPEN_REFUND_STATES)).exists()
    yield "Money for {} is on its way back to you: the refund is still open.", returning
    disputed = paid_by.join(Dispute).where(Dispute.status.not_in(DECIDED_DISPUTES)).exists()
    yield "Your bank is asking for the money of {}: that dispute is not decided yet.", disputed


def _lock_orders(user_id: int) -> None:
    # The same order of locks as wherever money is recorded: orders, then the wallet, then the user.
    mine = select(Order.id).where(Order.user_id == user_id).order_by(Order.id)
    current_session().execute(mine.with_for_update()).all()


def _lock_customers(user_id: int) -> list[StripeCustomer]:
    # Also those of when they were a guest, which never became theirs.
    paid_with = select(Payment.stripe_customer_id).join(Order).where(Order.user_id == user_id)
    paid_with = paid_with.where(Payment.stripe_customer_id.is_not(None))
    as_guest = and_(
        StripeCustomer.user_id.is_(None),
        StripeCustomer.deleted_at.is_(None),
        or_(StripeCustomer.claimed_by_id == user_id, StripeCustomer.stripe_id.in_(paid_with)),
    )
    mine = select(StripeCustomer).where(or_(StripeCustomer.user_id == user_id, as_guest)).order_by(StripeCustomer.id)
    return list(current_session().scalars(mine.with_for_update()))


def release_customer(customer: StripeCustomer) -> None:
    """Inside a transaction, before Stripe is asked: from now on nothing that it tells of this customer makes a card of theirs."""
    is_gone = customer.deleted_at is not None
    customer.user_id = customer.default_card_id = customer.claimed_by_id = customer.guest_token = None
    customer.deleted_at = customer.deleted_at or now()
    if is_gone:
        customer.request = {}
        return
    enqueue("delete_customer", {"customer_id": customer.id}, unique_key=f"delete-customer:{customer.id}")


def _made_after_all(customer: StripeCustomer) -> str | None:
    """Stripe was asked for this customer and did not answer: the same request with its own key says who it is."""
    request, key, asked_at = customer.request, customer.idempotency_key, customer.asked_at
    end_read()
    if asked_at is None:
        return None
    if now() - asked_at > KEY_LIFETIME:
        return already_made(request, asked_at.timestamp())
    return str(stripe_customers.create_customer(request, key)["id"])
