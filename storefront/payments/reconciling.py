"""Asking Stripe about everything that is open: by a job every minute, at once after a lost answer, and by the owner's command."""

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from flask import current_app
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from storefront.clock import now
from storefront.database import current_session, leave, transaction
from storefront.errors import BusyError
from storefront.orders.models import OPEN_STATUSES, Order
from storefront.payments import consequences, news, stripe_gateway
from storefront.payments.attempts import Sending, record_or_note, send, sending_of
from storefront.payments.customers import make_customer
from storefront.payments.models import (
    LIVE_STATES,
    AttemptKind,
    AttemptState,
    Payment,
    PaymentAttempt,
    PaymentEvent,
    Refund,
    RefundState,
    Source,
    StripeCustomer,
)
from storefront.payments.record import record
from storefront.payments.refunding import ask_about_refund
from storefront.payments.sessions import close_session, look_at_session, waiting_session
from storefront.payments.setups import ask_about_setup, open_setups, setups_due
from storefront.payments.stripe_gateway import OutcomeUnknownError, RefusedByStripeError

log = logging.getLogger(__name__)

# Longer than the client's whole budget of 45 s: until then the answer may still be on its way to the one who asked.
STILL_SENDING = dt.timedelta(seconds=90)
ASK_EVERY = dt.timedelta(seconds=60)
# A page of Stripe's tells by itself when it is paid or expires.
ASK_PAGE_EVERY = dt.timedelta(minutes=5)
# A refund that succeeded can fail days later, and the webhook that says so can be lost.
ASK_SUCCEEDED_EVERY = dt.timedelta(days=1)
MAY_STILL_FAIL = dt.timedelta(days=30)
LOOK_AT_MOST_EVERY = dt.timedelta(seconds=2)
ASK_SETTLING_EVERY = dt.timedelta(hours=1)
SURELY_NEVER_SENT = dt.timedelta(hours=1)
OPEN_REFUNDS = (RefundState.sending, RefundState.unknown, RefundState.pending, RefundState.requires_action)


@dataclass(frozen=True)
class Reconciled:
    """How many things were asked about, changed, are still open, and fit nowhere."""

    asked: int
    changed: int
    open: int
    unmatched: int


@dataclass(frozen=True)
class _Open:
    """An attempt still open, as it was when we read it."""

    sending: Sending
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


def ask_about_attempt(attempt_id: int, source: Source = Source.reconciliation) -> None:
    """Find out what became of an attempt: by its intent, else by sending it again with its own key while that is wanted,
    else among the intents made since. Nothing happens to one that is closed, or that is still being sent.

    Stripe gives a saved 500 again to the same key for a day, although it may have charged: only looking finds that.
    """
    found = _read(attempt_id)
    leave()
    if found is None or (found.state is AttemptState.sending and now() - found.asked_at < STILL_SENDING):
        return
    _mark_asked(attempt_id)
    if found.session:
        look_at_session(found.session, source)
        return
    if found.intent and not _open_after_look(found, source):
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
        sending_of(attempt), attempt.number, attempt.state, attempt.public_id, payment.stripe_payment_intent_id,
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


def _open_after_look(found: _Open, source: Source) -> bool:
    waits = found.state in {AttemptState.requires_action, AttemptState.processing}
    look_at_intent(found.intent or "", source, challenge=found.number if waits else None)
    return _is_open(found.sending.attempt_id)


def _is_unknown(attempt_id: int) -> bool:
    again = _read(attempt_id)
    leave()
    return again is not None and again.state in {AttemptState.sending, AttemptState.unknown}


def _is_open(attempt_id: int) -> bool:
    again = _read(attempt_id)
    leave()
    return again is not None


def look_at_intent(intent: str, source: Source = Source.reconciliation, *, challenge: int | None = None) -> None:
    """Fetch one intent and record what it is like.

    `challenge`: the number of the attempt that waited for the customer's bank when this was asked.
    """
    record_or_note(news.intent_news(stripe_gateway.fetch_intent(intent), source, challenge=challenge))


def look_at_order(order_id: int, source: Source = Source.api) -> None:
    """Ask about an open order's attempt, or its intent where no attempt is open, unless somebody did in the last two seconds."""
    with transaction() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        payment = session.scalars(select(Payment).where(Payment.order_id == order.id)).one()
        if not order.is_open or (payment.looked_at and now() - payment.looked_at < LOOK_AT_MOST_EVERY):
            return
        payment.looked_at = now()
        last, intent = payment.last_attempt, payment.stripe_payment_intent_id
        attempt_id = last.id if last and last.is_live else None
    if attempt_id is not None:
        ask_about_attempt(attempt_id, source)
    elif intent is not None:
        look_at_intent(intent, source)


def _search(found: _Open, source: Source) -> None:
    """Look for it among the intents made since, by its own id; where it is not wanted any more, it is closed."""
    since = int((found.created_at - STILL_SENDING).timestamp())
    for facts in stripe_gateway.intents_since(found.customer, since):
        if (facts.get("metadata") or {}).get("attempt_id") == found.public_id:
            record_or_note(news.intent_news(facts, source))
            if not found.wanted:
                close_at_stripe(found.sending.order_id, source)
            return
    _let_go_what_was_never_sent(found, source)


def _search_session(found: _Open, source: Source) -> None:
    """Likewise among the Sessions opened since. Nobody had its address, so nobody can have paid it."""
    since = int((found.created_at - STILL_SENDING).timestamp())
    for facts in stripe_gateway.sessions_since(found.customer, since):
        if (facts.get("metadata") or {}).get("attempt_id") == found.public_id:
            act = look_at_session if found.wanted else close_session
            act(facts["id"], source)
            return
    _let_go_what_was_never_sent(found, source)


def _let_go_what_was_never_sent(found: _Open, source: Source) -> None:
    if not found.wanted and now() - found.asked_at > SURELY_NEVER_SENT:
        record(news.AttemptNews(source, found.sending.attempt_id, found.sending.order_id, AttemptState.never_sent))
        record(news.GivenUpNews(source, found.sending.order_id))


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
        record(news.GivenUpNews(source, order_id))
        return
    try:
        facts = stripe_gateway.cancel_intent(intent)
    except RefusedByStripeError:
        look_at_intent(intent, source)
    else:
        record_or_note(news.intent_news(facts, source))


def reconcile(
    since: dt.datetime | None = None, *, dry_run: bool = False, progress: Callable[[str], None] = lambda _line: None
) -> Reconciled:
    """Ask about every open attempt, refund and order past its time; `since` limits it to what was placed after."""
    attempts, refunds, orders = _open_attempts(since), _open_refunds(since), _past_hold(since)
    setups, customers = open_setups(since), _unmade_customers()
    leave()
    work: list[tuple[str, Callable[[], object]]] = [
        *((f"attempt {one}", partial(ask_about_attempt, one)) for one in attempts),
        *((f"refund {one}", partial(ask_about_refund, one)) for one in refunds),
        *((f"order {one} past its hold", partial(release, one)) for one in orders),
        *((f"card set-up {one}", partial(ask_about_setup, one)) for one in setups),
        *((f"customer {one}", partial(make_customer, one)) for one in customers),
    ]
    changed = 0
    for what, ask in work:
        changed += 0 if dry_run else _ask(what, ask, progress)
        if dry_run:
            progress(f"would ask about {what}")
    left = len(_open_attempts(since)) + len(_open_refunds(since)) + len(open_setups(since)) + len(_unmade_customers())
    unmatched = len(consequences.unmatched())
    leave()
    return Reconciled(len(work), changed, left, unmatched)


def ask_about_what_is_due() -> None:
    """Everything open that was not asked about for its time, and orders past their hold. Each failure waits for the next minute."""
    for ask in _due():
        try:
            ask()
        except (OutcomeUnknownError, RefusedByStripeError, BusyError):
            continue
        except Exception:
            # One row that cannot be asked about must not keep the others waiting.
            leave()
            log.exception("could not ask")


def _due() -> list[Callable[[], object]]:
    at = now()
    waiting = (AttemptState.requires_action, AttemptState.processing)
    # A page of Stripe's stays open while its customer looks for the card; it is told of when it is paid or expires.
    is_page = PaymentAttempt.kind == AttemptKind.session
    attempts = select(PaymentAttempt.id).where(
        or_(
            PaymentAttempt.state == AttemptState.unknown,
            (PaymentAttempt.state == AttemptState.sending) & (PaymentAttempt.asked_at <= at - STILL_SENDING),
            PaymentAttempt.state.in_(waiting) & ~is_page & (PaymentAttempt.asked_at <= at - ASK_EVERY),
            PaymentAttempt.state.in_(waiting) & is_page & (PaymentAttempt.asked_at <= at - ASK_PAGE_EVERY),
        )
    )
    settling = (RefundState.pending, RefundState.requires_action)
    refunds = select(Refund.public_id).where(
        or_(
            Refund.state.in_([RefundState.sending, RefundState.unknown])
            & (func.coalesce(Refund.asked_at, Refund.created_at) <= at - ASK_EVERY),
            Refund.state.in_(settling) & (Refund.asked_at <= at - ASK_SETTLING_EVERY),
            (Refund.state == RefundState.succeeded)
            & (func.coalesce(Refund.asked_at, Refund.created_at) <= at - ASK_SUCCEEDED_EVERY)
            & (Refund.created_at > at - MAY_STILL_FAIL),
        )
    )
    refunds = refunds.join(Payment).where(_mode(Payment.livemode))
    session = current_session()
    due: list[Callable[[], object]] = [partial(ask_about_attempt, one) for one in session.scalars(attempts)]
    due += [partial(ask_about_refund, one) for one in session.scalars(refunds)]
    due += [partial(release, one) for one in _past_hold(None)]
    due += [partial(ask_about_setup, one) for one in setups_due()]
    due += [partial(make_customer, one) for one in _unmade_customers(created_before=at - ASK_EVERY)]
    leave()
    return due


def _unmade_customers(created_before: dt.datetime | None = None) -> list[int]:
    unmade = (StripeCustomer.stripe_id.is_(None), StripeCustomer.deleted_at.is_(None))
    query = select(StripeCustomer.id).where(*unmade, _mode(StripeCustomer.livemode)).order_by(StripeCustomer.id)
    if created_before:
        query = query.where(StripeCustomer.created_at <= created_before)
    return list(current_session().scalars(query))


def _ask(what: str, ask: Callable[[], object], progress: Callable[[str], None]) -> int:
    before = _history_length()
    try:
        ask()
    except (OutcomeUnknownError, BusyError):
        progress(f"{what}: no answer, asked again later")
        return 0
    except RefusedByStripeError as refused:
        progress(f"{what}: Stripe refused ({refused.code})")
        return 0
    changed = _history_length() != before
    progress(f"{what}: {'changed' if changed else 'as before'}")
    return int(changed)


def _history_length() -> int:
    last = current_session().scalar(select(PaymentEvent.id).order_by(PaymentEvent.id.desc()).limit(1)) or 0
    leave()
    return last


def release(order_id: int) -> None:
    """Let an unpaid order go after its hold; Stripe is asked first, and a payment that went through after all counts."""
    order = current_session().get_one(Order, order_id)
    due = order.is_open and order.hold_until <= now()
    leave()
    if not due:
        return
    look_at_order(order_id, Source.reconciliation)
    close_at_stripe(order_id, Source.reconciliation)


def _open_attempts(since: dt.datetime | None) -> list[int]:
    ours = select(PaymentAttempt.id).join(Payment).where(_mode(Payment.livemode))
    query = ours.where(PaymentAttempt.state.in_(LIVE_STATES)).order_by(PaymentAttempt.id)
    if since:
        query = query.where(PaymentAttempt.created_at >= since)
    return list(current_session().scalars(query))


def _open_refunds(since: dt.datetime | None) -> list[str]:
    ours = select(Refund.public_id).join(Payment).where(_mode(Payment.livemode))
    query = ours.where(Refund.state.in_(OPEN_REFUNDS)).order_by(Refund.id)
    if since:
        query = query.where(Refund.created_at >= since)
    return list(current_session().scalars(query))


def _past_hold(since: dt.datetime | None) -> list[int]:
    past = (Order.status.in_(OPEN_STATUSES), Order.hold_until <= now(), _mode(Order.livemode))
    query = select(Order.id).where(*past).order_by(Order.id)
    if since:
        query = query.where(Order.placed_at >= since)
    return list(current_session().scalars(query))


def _mode(livemode: InstrumentedAttribute[bool]) -> ColumnElement[bool]:
    """What belongs to the other mode's keys is not asked about: today's would be told that it does not exist."""
    return livemode.is_(current_app.config["SETTINGS"].livemode)
