"""Letting an order go: Stripe is asked first, and what it answers counts.

PaymentIntents: asking Stripe about one, and closing it.

Hosted Sessions: asking Stripe about one, closing it, and the way back to its page."""

from contextlib import suppress

from sqlalchemy import select

from storefront.core.database import current_session, end_read
from storefront.core.errors import BusyError
from storefront.orders.models import Order
from storefront.payments.ledger.models import AttemptKind, Payment, Source
from storefront.payments.ledger.record import record, record_or_note
from storefront.stripe.api import cancel_intent, expire_session, fetch_intent, fetch_session, fetch_setup_intent
from storefront.stripe.errors import OutcomeUnknownError, StripeRefusedError
from storefront.stripe.guard import write_slot
from storefront.stripe.objects import (
    AttemptAbandoned,
    StripeObject,
    checkout_session_update,
    payment_intent_update,
    setup_intent_update,
)


def cancel_at_stripe(order_id: int, source: Source = Source.api) -> None:
    """Let an open order's Session expire, or cancel its intent, and let the answer count; without either let the order go."""
    order = current_session().get_one(Order, order_id)
    payment = current_session().scalars(select(Payment).where(Payment.order_id == order_id)).one()
    is_open, intent, session = order.is_open, payment.stripe_payment_intent_id, waiting_session(payment)
    end_read()
    if not is_open:
        return
    if session:
        close_session(session, source)
        return
    if intent is None:
        record(AttemptAbandoned(source, order_id))
        return
    cancel_intent_at_stripe(intent, source)


def cancel_if_stripe_answers(order_id: int) -> None:
    """The same where nothing waits for it: what is not closed now ends with its hold."""
    with suppress(OutcomeUnknownError, StripeRefusedError, BusyError), write_slot():
        cancel_at_stripe(order_id)


def fetch_and_record_intent(
    intent: str, source: Source = Source.reconciliation, *, challenge: int | None = None
) -> None:
    """Fetch one intent and record what it is like.

    `challenge`: the number of the attempt that waited for the customer's bank when this was asked.
    """
    record_or_note(payment_intent_update(fetch_intent(intent), source, challenge=challenge))


def cancel_intent_at_stripe(intent: str, source: Source) -> None:
    """Cancel it, and let the answer count; what can no longer be canceled is looked at."""
    try:
        facts = cancel_intent(intent)
    except StripeRefusedError:
        fetch_and_record_intent(intent, source)
    else:
        record_or_note(payment_intent_update(facts, source))


def waiting_session(payment: Payment) -> str | None:
    """The Session that this payment's open attempt is, if it is one and Stripe has it."""
    last = payment.last_attempt
    is_page = last is not None and last.kind is AttemptKind.session and last.is_live
    return last.stripe_session_id if last and is_page else None


def look_at_session(session: str, source: Source) -> StripeObject:
    """Fetch it and record what it and its intent are like; the facts hold its address, which is never stored."""
    facts = fetch_session(session)
    if facts["mode"] == "setup":
        record(setup_intent_update(fetch_setup_intent(facts["setup_intent"]), source))
        return facts
    record_or_note(checkout_session_update(facts, source))
    if facts["payment_intent"]:
        record_or_note(payment_intent_update(facts["payment_intent"], source))
    return facts


def close_session(session: str, source: Source) -> None:
    """Let it expire, and let the answer count. What cannot expire is complete, and so may be paid: then that counts."""
    try:
        facts = expire_session(session)
    except StripeRefusedError:
        look_at_session(session, source)
    else:
        record_or_note(checkout_session_update(facts, source))


def page_to_pay(order_id: int) -> str | None:
    """The address of Stripe's page for an order that waits there; None where it does not, or Stripe does not answer."""
    payment = current_session().scalars(select(Payment).where(Payment.order_id == order_id)).one()
    session = waiting_session(payment)
    end_read()
    if session is None:
        return None
    with write_slot(), suppress(OutcomeUnknownError, StripeRefusedError):
        url: str | None = look_at_session(session, Source.api)["url"]
        return url
    return None
