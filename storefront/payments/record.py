"""The one funnel: the only writer of payment, attempt, refund, dispute and order states.

News may come from an answer, a webhook or reconciliation, in any order and any number of times: the rows end the same.
"""

import functools

from sqlalchemy import insert, or_, select
from sqlalchemy.orm import joinedload

from storefront.clock import now
from storefront.database import current_session, transaction
from storefront.installation import this_shop
from storefront.orders.models import Order, OrderStatus
from storefront.payments import consequences, news, wallet
from storefront.payments.models import (
    AttemptKind,
    AttemptState,
    Dispute,
    IntentState,
    Payment,
    PaymentAttempt,
    PaymentEvent,
    PaymentStatus,
    Refund,
    RefundKind,
    RefundState,
    Source,
)
from storefront.payments.standing import ATTEMPT_RANK, REFUND_RANK, order_status, payment_status, refunded


class DoesNotFitError(Exception):
    """The news is not about what we know: another amount, currency, customer or mode, or an order we do not have."""


class NotOursError(Exception):
    """The news is about another shop on the same Stripe account."""


def record(told: news.News) -> None:
    """Settle one piece of news in a transaction of its own."""
    with transaction():
        settle(told)


@functools.singledispatch
def settle(told: object) -> None:
    """Settle one piece of news inside the running transaction; raises DoesNotFitError or NotOursError, having changed nothing."""
    raise TypeError(f"no news: {told!r}")


@settle.register
def _intent(told: news.IntentNews) -> None:
    payment = _lock(_order_of_intent(told))
    _check(told, told.intent, payment)
    before = _standing(payment)
    payment.stripe_payment_intent_id = payment.stripe_payment_intent_id or told.intent
    _learn_card(told, payment)
    if told.status == news.SUCCEEDED:
        _succeed(told, payment)
    elif told.status == news.CANCELED and payment.intent_state is IntentState.open:
        payment.intent_state = IntentState.canceled
        _close_live(payment, AttemptState.superseded)
    else:
        _move_attempt(told, payment)
    _finish(payment, before, told.source, told.event)
    if told.status == news.SUCCEEDED and told.keeps_card and told.card:
        wallet.keep_paid_with(payment, told.card)


@settle.register
def _session(told: news.SessionNews) -> None:
    attempt_id, order_id = _attempt_of_session(told)
    payment = _lock(order_id)
    attempt = next(one for one in payment.attempts if one.id == attempt_id)
    _check_session(told, attempt)
    before = _standing(payment)
    attempt.stripe_session_id = told.session
    payment.stripe_payment_intent_id = payment.stripe_payment_intent_id or told.intent
    if told.failed or told.status == news.EXPIRED:
        _end_road(told, attempt)
    else:
        # Complete is not yet paid: that is its intent's to say.
        state = AttemptState.processing if told.status == news.COMPLETE else AttemptState.requires_action
        attempt.state = state if _moves(attempt, state) else attempt.state
    _finish(payment, before, told.source, told.event)


def _end_road(told: news.SessionNews, attempt: PaymentAttempt) -> None:
    """Nobody can pay a Session that has expired or come to nothing, and its intent takes no other card: the order ends."""
    payment = attempt.payment
    if payment.intent_state is IntentState.succeeded:
        return
    payment.intent_state = IntentState.canceled
    if told.decline and _moves(attempt, AttemptState.declined):
        attempt.state = AttemptState.declined
        attempt.decline_code, attempt.decline_words = told.decline.code, told.decline.words
        _remember_decline(payment)
    _close_live(payment, AttemptState.superseded)


@settle.register
def _attempt(told: news.AttemptNews) -> None:
    payment = _lock(told.order_id)
    attempt = next(one for one in payment.attempts if one.id == told.attempt_id)
    before = _standing(payment)
    if _moves(attempt, AttemptState(told.state)):
        attempt.state = AttemptState(told.state)
        attempt.decline_code, attempt.decline_words = told.code, told.words
    _finish(payment, before, told.source)


@settle.register
def _given_up(told: news.GivenUpNews) -> None:
    payment = _lock(told.order_id)
    before = _standing(payment)
    still_chargeable = any(attempt.is_live for attempt in payment.attempts) or (
        payment.intent_state is IntentState.open and payment.stripe_payment_intent_id is not None
    )
    if not still_chargeable and payment.intent_state is not IntentState.succeeded:
        payment.order.status = OrderStatus.canceled
    _finish(payment, before, told.source)


@settle.register
def _refund(told: news.RefundNews) -> None:
    payment = _lock(_order_of_refund(told))
    if told.currency != payment.currency:
        raise DoesNotFitError(f"refund in {told.currency}, paid in {payment.currency}")
    before = _standing(payment)
    refund = _find_refund(told, payment) or _refund_from_dashboard(told, payment)
    refund.stripe_refund_id = refund.stripe_refund_id or told.stripe_refund
    state = _refund_state(told.status)
    if REFUND_RANK[state] > REFUND_RANK[refund.state]:
        refund.state = state
        refund.failure_reason = told.failure_reason
    _finish(payment, before, told.source, told.event)


@settle.register
def _refund_attempt(told: news.RefundAttemptNews) -> None:
    payment = _lock(told.order_id)
    before = _standing(payment)
    refund = next(one for one in payment.refunds if one.id == told.refund_id)
    state = RefundState(told.state)
    # A refund that Stripe has taken is not undone by what became of asking again.
    if refund.stripe_refund_id is None and REFUND_RANK[state] > REFUND_RANK[refund.state]:
        refund.state = state
        refund.failure_reason = told.words
    _finish(payment, before, told.source)


@settle.register
def _dispute(told: news.DisputeNews) -> None:
    session = current_session()
    found = (
        session.scalar(select(Payment).where(Payment.stripe_payment_intent_id == told.intent)) if told.intent else None
    )
    payment = _lock(found.order_id) if found else None
    dispute = session.scalar(select(Dispute).where(Dispute.stripe_dispute_id == told.dispute).with_for_update())
    if dispute is None:
        dispute = Dispute(stripe_dispute_id=told.dispute, status="", looks_asked=told.number, looks_seen=-1)
        session.add(dispute)
    if told.number < dispute.looks_seen:
        return
    before = dispute.status
    dispute.looks_seen = told.number
    dispute.payment_id = payment.id if payment else None
    dispute.status, dispute.reason, dispute.amount, dispute.currency = (
        told.status,
        told.reason,
        told.amount,
        told.currency,
    )
    dispute.evidence_due_by = told.due_by
    if before != told.status:
        consequences.dispute_changed(dispute, payment)
        if payment:
            _history(payment, told.source, [("dispute", before, told.status)])
    if payment is None:
        consequences.note_unmatched(
            told.dispute, f"dispute {told.dispute} is about no payment of ours", told.amount, told.currency
        )


@settle.register
def _card(told: news.CardNews) -> None:
    wallet.settle_card(told)


@settle.register
def _card_gone(told: news.CardGoneNews) -> None:
    wallet.settle_gone(told)


@settle.register
def _customer(told: news.CustomerNews) -> None:
    wallet.settle_customer(told)


@settle.register
def _setup(told: news.SetupNews) -> None:
    wallet.settle_setup(told)


def start_attempt(payment: Payment) -> None:
    """Make room for the next attempt, inside its transaction, the order locked: one that waits for the bank is superseded."""
    before = _standing(payment)
    _close_live(payment, AttemptState.superseded)
    payment.status = PaymentStatus.pending
    payment.order.status = order_status(payment, payment.order.status)
    changed = _changed(payment, before)
    _history(payment, Source.api, [(what, before.get(what, ""), state) for what, state in changed.items()])


def _lock(order_id: int) -> Payment:
    """The order's row is the lock for all that belongs to it: take it first, read the rest after."""
    session = current_session()
    order = session.get_one(Order, order_id, with_for_update=True)
    payment = (
        session.scalars(
            select(Payment)
            .where(Payment.order_id == order_id)
            .options(joinedload(Payment.attempts), joinedload(Payment.refunds))
            .execution_options(populate_existing=True)
        )
        .unique()
        .one()
    )
    assert payment.order is order
    return payment


def _order_of_intent(told: news.IntentNews) -> int:
    if told.asked_for is not None:
        return told.asked_for
    is_known = Payment.stripe_payment_intent_id == told.intent
    either = or_(is_known, Order.public_id == told.order) if told.order else is_known
    payments = select(Payment.order_id, Payment.stripe_payment_intent_id).join(Payment.order).where(either)
    found = current_session().execute(payments).all()
    known = next((order_id for order_id, intent in found if intent == told.intent), None)
    if known is not None:
        return known
    if told.shop != this_shop():
        raise NotOursError
    if not found:
        raise DoesNotFitError(f"intent {told.intent} is ours, but its order {told.order} is not here")
    order_id: int = found[0].order_id
    return order_id


def _attempt_of_session(told: news.SessionNews) -> tuple[int, int]:
    """The attempt that this Session is, and its order."""
    is_known = PaymentAttempt.stripe_session_id == told.session
    either = or_(is_known, PaymentAttempt.public_id == told.attempt) if told.attempt else is_known
    attempts = select(PaymentAttempt.id, Payment.order_id).join(Payment).where(either)
    found = current_session().execute(attempts.order_by(is_known.desc())).first()
    if found is None and told.shop != this_shop():
        raise NotOursError
    if found is None:
        raise DoesNotFitError(f"Session {told.session} is ours, but its attempt {told.attempt} is not here")
    return found.id, found.order_id


def _check_session(told: news.SessionNews, attempt: PaymentAttempt) -> None:
    if attempt.stripe_session_id not in {None, told.session}:
        raise DoesNotFitError(f"{told.session} is for an attempt that has {attempt.stripe_session_id}")
    _check(told, told.session, attempt.payment)


def _check(told: news.IntentNews | news.SessionNews, about: str, payment: Payment) -> None:
    intent = payment.stripe_payment_intent_id
    for what, theirs, ours in (
        # A Session that was read before it was paid has none yet.
        ("intent", told.intent or intent, intent or told.intent),
        ("amount", told.amount, payment.amount),
        ("currency", told.currency, payment.currency),
        ("customer", told.customer, payment.stripe_customer_id),
        ("mode", told.livemode, payment.livemode),
    ):
        if theirs != ours:
            raise DoesNotFitError(f"{about} has {what} {theirs}, order {payment.order.number} has {ours}")


def _learn_card(told: news.IntentNews, payment: Payment) -> None:
    """An attempt with a new card learns which card it was: from its own answer, or from the charge."""
    attempt = _answered(told, payment)
    if attempt:
        method = told.method or (told.card.payment_method if told.card else None)
        attempt.stripe_payment_method_id = attempt.stripe_payment_method_id or method
    for one in payment.attempts:
        if told.card and one.stripe_payment_method_id == told.card.payment_method:
            one.card_brand, one.card_last4 = told.card.brand, told.card.last4


def _succeed(told: news.IntentNews, payment: Payment) -> None:
    payment.intent_state = IntentState.succeeded
    payment.amount_captured = max(payment.amount_captured, told.received)
    payment.stripe_charge_id = told.charge or payment.stripe_charge_id
    payment.paid_with = told.method or payment.paid_with
    if told.card:
        payment.card_brand, payment.card_last4 = told.card.brand, told.card.last4
    payment.last_error = payment.decline_code = ""
    winner = _winner(payment)
    winner.state = AttemptState.succeeded
    winner.decline_code = winner.decline_words = ""
    winner.stripe_charge_id = payment.stripe_charge_id
    payment.card_brand = payment.card_brand or winner.card_brand
    payment.card_last4 = payment.card_last4 or winner.card_last4
    _close_live(payment, AttemptState.superseded)


def _winner(payment: Payment) -> PaymentAttempt:
    """The attempt that was charged: the last with the card that paid, else the last whose card we never learnt, else the last."""
    for method in (payment.paid_with, None):
        made_with_it = [one for one in payment.attempts if one.stripe_payment_method_id == method]
        if made_with_it:
            return made_with_it[-1]
    return payment.attempts[-1]


def _close_live(payment: Payment, state: AttemptState) -> None:
    for attempt in payment.attempts:
        if attempt.is_live:
            attempt.state = state


def _move_attempt(told: news.IntentNews, payment: Payment) -> None:
    """An intent speaks of an attempt only where it answers it, or was asked while that attempt waited for the bank.

    An attempt that the end of its intent closed may still learn that it was declined, but nothing else. On a hosted
    page a declined card is followed by the next one: there only the Session says how the attempt stands.
    """
    attempt = _answered(told, payment) or _challenged(told, payment)
    if attempt is None or attempt.kind is AttemptKind.session:
        return
    state = {
        news.REQUIRES_ACTION: AttemptState.requires_action,
        news.PROCESSING: AttemptState.processing,
        news.REQUIRES_PAYMENT_METHOD: AttemptState.declined,
    }.get(told.status)
    if state is None or not _moves(attempt, state):
        return
    attempt.state = state
    if told.decline and state is AttemptState.declined:
        attempt.decline_code, attempt.decline_words = told.decline.code, told.decline.words
        _remember_decline(payment)


def _remember_decline(payment: Payment) -> None:
    """What the payment says of its decline is the last one's, whichever we heard of last; a paid one says nothing."""
    if payment.intent_state is not IntentState.succeeded:
        last = [one for one in payment.attempts if one.state is AttemptState.declined][-1]
        payment.decline_code, payment.last_error = last.decline_code, last.decline_words


def _answered(told: news.IntentNews, payment: Payment) -> PaymentAttempt | None:
    return next((one for one in payment.attempts if told.answers and one.idempotency_key == told.answers), None)


def _challenged(told: news.IntentNews, payment: Payment) -> PaymentAttempt | None:
    waited = (AttemptState.requires_action, AttemptState.processing)
    return next(
        (one for one in payment.attempts if one.number == told.looked_at_challenge and one.state in waited), None
    )


def _moves(attempt: PaymentAttempt, state: AttemptState) -> bool:
    return ATTEMPT_RANK[state] > ATTEMPT_RANK[attempt.state]


def _order_of_refund(told: news.RefundNews) -> int:
    session = current_session()
    ways = (
        select(Payment.order_id).join(Refund).where(Refund.public_id == told.refund) if told.refund else None,
        select(Payment.order_id).join(Refund).where(Refund.stripe_refund_id == told.stripe_refund),
        select(Payment.order_id).where(Payment.stripe_payment_intent_id == told.intent) if told.intent else None,
    )
    for way in ways:
        order_id = session.scalar(way) if way is not None else None
        if order_id is not None:
            return order_id
    raise NotOursError


def _find_refund(told: news.RefundNews, payment: Payment) -> Refund | None:
    for refund in payment.refunds:
        if told.refund and refund.public_id == told.refund:
            return refund
    return next((one for one in payment.refunds if one.stripe_refund_id == told.stripe_refund), None)


def _refund_from_dashboard(told: news.RefundNews, payment: Payment) -> Refund:
    refund = Refund(
        public_id=told.stripe_refund, payment=payment, kind=RefundKind.dashboard, amount=told.amount, state=RefundState.sending,
        idempotency_key=told.stripe_refund, request={}, requested_by="Stripe dashboard",
    )  # fmt: skip
    current_session().add(refund)
    return refund


def _refund_state(status: str | None) -> RefundState:
    try:
        return RefundState(status or "pending")
    except ValueError:
        return RefundState.pending


def _standing(payment: Payment) -> dict[str, str]:
    """What is worth a line of history when it changes."""
    return {
        "payment": payment.status,
        "order": payment.order.status,
        **{f"attempt {one.number}": one.state for one in payment.attempts},
        **{f"refund {one.public_id}": one.state for one in payment.refunds},
    }


def _finish(payment: Payment, before: dict[str, str], source: Source, event: str = "") -> None:
    """Compute what follows, write down what changed, and queue what it leads to."""
    consequences.keep_or_return_money(payment)
    payment.amount_refunded = refunded(payment)
    payment.status = payment_status(payment)
    payment.order.status = order_status(payment, payment.order.status)
    changed = _changed(payment, before)
    if changed:
        if event:
            payment.last_webhook_event, payment.last_webhook_at = event, now()
        consequences.follow(payment, changed)
    # Last, because it flushes: what follows from it all is written in one UPDATE a row.
    _history(payment, source, [(what, before.get(what, ""), state) for what, state in changed.items()], event)


def _changed(payment: Payment, before: dict[str, str]) -> dict[str, str]:
    return {what: state for what, state in _standing(payment).items() if before.get(what) != state}


def _history(payment: Payment, source: Source, steps: list[tuple[str, str, str]], event: str = "") -> None:
    told = {"payment_id": payment.id, "source": source, "event_id": event}
    rows = [told | {"what": what, "before": before, "after": after} for what, before, after in steps]
    if rows:
        current_session().execute(insert(PaymentEvent), rows)
