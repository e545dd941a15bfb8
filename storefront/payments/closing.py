"""Letting an order go: Stripe is asked first, and what it answers counts."""

from contextlib import suppress

from sqlalchemy import select

from storefront.database import current_session, leave
from storefront.errors import BusyError
from storefront.orders.models import Order
from storefront.payments.intents import cancel_at_stripe
from storefront.payments.models import (
    Payment,
    Source,
)
from storefront.payments.news.attempts import GivenUpNews
from storefront.payments.record import record
from storefront.payments.sessions import close_session, waiting_session
from storefront.payments.stripe_gateway.changing import seat
from storefront.payments.stripe_gateway.errors import OutcomeUnknownError, RefusedByStripeError


def close_at_stripe(order_id: int, source: Source = Source.api) -> None:
    """Let an open order's Session expire, or cancel its intent, and let the answer count; without either let the order go."""
    order = current_session().get_one(Order, order_id)
    payment = current_session().scalars(select(Payment).where(Payment.order_id == order_id)).one()
    is_open, intent, session = order.is_open, payment.stripe_payment_intent_id, waiting_session(payment)
    leave()
    if not is_open:
        return
    if session:
        close_session(session, source)
        return
    if intent is None:
        record(GivenUpNews(source, order_id))
        return
    cancel_at_stripe(intent, source)


def close_if_stripe_answers(order_id: int) -> None:
    """The same where nothing waits for it: what is not closed now ends with its hold."""
    with suppress(OutcomeUnknownError, RefusedByStripeError, BusyError), seat():
        close_at_stripe(order_id)
