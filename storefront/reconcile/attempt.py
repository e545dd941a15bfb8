"""Finding out what became of an attempt, and of an order that is open or past its hold."""

import datetime as dt
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import select

from storefront.core.clock import now
from storefront.core.database import current_session, end_read, transaction
from storefront.orders.models import Order
from storefront.payments.attempts import PreparedRequest, prepared_request, send
from storefront.payments.cancel import cancel_at_stripe, close_session, fetch_and_record_intent, look_at_session
from storefront.payments.ledger.models import AttemptKind, AttemptState, Payment, PaymentAttempt, Source
from storefront.payments.ledger.record import record, record_or_note
from storefront.stripe.api import intents_since, sessions_since
from storefront.stripe.guard import check_account
from storefront.stripe.objects import AttemptAbandoned, AttemptUpdate, payment_intent_update

# Longer than the client's whole budget of 45 s: until then the answer may still be on its way to the one who asked.
STILL_SENDING = dt.timedelta(seconds=90)
MIN_INTERVAL = dt.timedelta(seconds=2)
NEVER_SENT_AFTER = dt.timedelta(hours=1)


@dataclass(frozen=True)
class _Open:
    """An attempt still open, as it was when we read it."""

    sending: PreparedRequest
    number: int
    state: AttemptState
    public_id: str
    intent: str | None
    customer: str | None
    asked_at: dt.datetime
    created_at: dt.datetime
    wanted: bool
    hosted: bool
    session: str | None


def reconcile_attempt(attempt_id: int, source: Source = Source.reconciliation) -> None:
    """Find out what became of an attempt: by its intent, else by sending it again with its own key while that is wanted,
    else among the intents made since. Nothing happens to one that is closed, or that is still being sent.

    Stripe gives a saved 500 again to the same key for a day, although it may have charged: only looking finds that.
    """
    found = _read(attempt_id)
    end_read()
    if found is None or (found.state is AttemptState.sending and now() - found.asked_at < STILL_SENDING):
        return
    check_account()
    _mark_asked(attempt_id)
    if found.session:
        look_at_session(found.session, source)
        return
    if found.intent and not _is_open_after_sync(found, source):
        return
    if found.state not in {AttemptState.sending, AttemptState.unknown}:
        return
    if found.wanted and _is_sent_again(attempt_id):
        send(found.sending, source, again=True)
    if found.intent is None and _is_unknown(attempt_id):
        search = _search_session if found.hosted else _search
        search(found, source)


def _read(attempt_id: int) -> _Open | None:
    attempt = current_session().get(PaymentAttempt, attempt_id)
    if attempt is None or not attempt.is_live or attempt.payment.livemode != current_app.config["SETTINGS"].livemode:
        return None
    order, payment = attempt.payment.order, attempt.payment
    return _Open(
        prepared_request(attempt), attempt.number, attempt.state, attempt.public_id, payment.stripe_payment_intent_id,
        payment.stripe_customer_id, attempt.asked_at, attempt.created_at, _is_wanted(order),
        attempt.kind is AttemptKind.session, attempt.stripe_session_id,
    )  # fmt: skip


def _mark_asked(attempt_id: int) -> None:
    """Note the look; for one whose answer is missing, only the time of its last sending counts."""
    with transaction():
        attempt = _lock(attempt_id)
        if attempt.state not in {AttemptState.sending, AttemptState.unknown}:
            attempt.asked_at = now()


def _is_sent_again(attempt_id: int) -> bool:
    """Whether it is still wanted now, under its order's lock; looking at it may have taken a while."""
    with transaction():
        attempt = _lock(attempt_id)
        wanted = attempt.is_live and _is_wanted(attempt.payment.order)
        if wanted:
            attempt.asked_at = now()
    return wanted


def _lock(attempt_id: int) -> PaymentAttempt:
    session = current_session()
    order_id = session.scalars(
        select(Payment.order_id).join(PaymentAttempt).where(PaymentAttempt.id == attempt_id)
    ).one()
    session.get_one(Order, order_id, with_for_update=True)
    return session.get_one(PaymentAttempt, attempt_id)


def _is_wanted(order: Order) -> bool:
    return order.is_open and order.cancel_wanted_at is None and now() < order.hold_until


def _is_open_after_sync(found: _Open, source: Source) -> bool:
    waits = found.state in {AttemptState.requires_action, AttemptState.processing}
    fetch_and_record_intent(found.intent or "", source, challenge=found.number if waits else None)
    return _is_open(found.sending.attempt_id)


def _is_unknown(attempt_id: int) -> bool:
    again = _read(attempt_id)
    end_read()
    return again is not None and again.state in {AttemptState.sending, AttemptState.unknown}


def _is_open(attempt_id: int) -> bool:
    again = _read(attempt_id)
    end_read()
    return again is not None


def _search(found: _Open, source: Source) -> None:
    """Look for it among the intents made since, by its own id; where it is not wanted any more, it is closed."""
    since = int((found.created_at - STILL_SENDING).timestamp())
    for facts in intents_since(found.customer, since):
        if (facts.get("metadata") or {}).get("attempt_id") == found.public_id:
            record_or_note(payment_intent_update(facts, source))
            if not found.wanted:
                cancel_at_stripe(found.sending.order_id, source)
            return
    _abandon_never_sent(found, source)


def _search_session(found: _Open, source: Source) -> None:
    """Likewise among the Sessions opened since. Nobody had its address, so nobody can have paid it."""
    since = int((found.created_at - STILL_SENDING).timestamp())
    for facts in sessions_since(found.customer, since):
        if (facts.get("metadata") or {}).get("attempt_id") == found.public_id:
            act = look_at_session if found.wanted else close_session
            act(facts["id"], source)
            return
    _abandon_never_sent(found, source)


def _abandon_never_sent(found: _Open, source: Source) -> None:
    if not found.wanted and now() - found.asked_at > NEVER_SENT_AFTER:
        record(AttemptUpdate(source, found.sending.attempt_id, found.sending.order_id, AttemptState.never_sent))
        record(AttemptAbandoned(source, found.sending.order_id))


def reconcile_order(order_id: int, source: Source = Source.api) -> None:
    """Ask about an open order's attempt, or its intent where no attempt is open, unless somebody did in the last two seconds."""
    with transaction() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        payment = session.scalars(select(Payment).where(Payment.order_id == order.id)).one()
        if not order.is_open or (payment.looked_at and now() - payment.looked_at < MIN_INTERVAL):
            return
        payment.looked_at = now()
        last, intent = payment.last_attempt, payment.stripe_payment_intent_id
        attempt_id = last.id if last and last.is_live else None
    if attempt_id is not None:
        reconcile_attempt(attempt_id, source)
    elif intent is not None:
        fetch_and_record_intent(intent, source)


def release_order(order_id: int) -> None:
    """Let an unpaid order go after its hold; Stripe is asked first, and a payment that went through after all counts."""
    order = current_session().get_one(Order, order_id)
    due = order.is_open and order.hold_until <= now()
    end_read()
    if not due:
        return
    reconcile_order(order_id, Source.reconciliation)
    cancel_at_stripe(order_id, Source.reconciliation)
