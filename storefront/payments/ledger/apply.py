"""News of a PaymentIntent: it succeeded, was canceled, or speaks of the attempt it answers.

What became of asking for money, and what an attempt may become.

News of a hosted Session, which is an attempt.

News of money on its way back, ours or made in Stripe's dashboard.

News of a dispute: a flag, with no order of states."""

from sqlalchemy import or_, select

from storefront.cards import apply
from storefront.core.database import current_session
from storefront.core.installation import this_shop
from storefront.orders.models import Order, OrderStatus
from storefront.payments.ledger import effects
from storefront.payments.ledger.books import (
    ForeignObjectError,
    MismatchError,
    changed_since,
    check_amounts,
    lock_order,
    snapshot,
    write_changes,
    write_history,
)
from storefront.payments.ledger.models import (
    AttemptKind,
    AttemptState,
    Dispute,
    IntentState,
    Payment,
    PaymentAttempt,
    PaymentStatus,
    Refund,
    RefundKind,
    RefundState,
    Source,
)
from storefront.payments.ledger.states import ATTEMPT_RANK, REFUND_RANK, order_status
from storefront.stripe import statuses
from storefront.stripe.objects import (
    AttemptAbandoned,
    AttemptUpdate,
    CheckoutSessionUpdate,
    DisputeUpdate,
    PaymentIntentUpdate,
    RefundAttemptUpdate,
    RefundUpdate,
)


def apply_payment_intent(told: PaymentIntentUpdate) -> None:
    """How the intent stands, and what that says of the attempt it answers."""
    payment = lock_order(_order_of_intent(told))
    check_amounts(told, told.intent, payment)
    before = snapshot(payment)
    payment.stripe_payment_intent_id = payment.stripe_payment_intent_id or told.intent
    _note_card(told, payment)
    if told.status == statuses.SUCCEEDED:
        _succeed(told, payment)
    elif told.status == statuses.CANCELED and payment.intent_state is IntentState.open:
        payment.intent_state = IntentState.canceled
        close_live(payment, AttemptState.superseded)
    else:
        _move_attempt(told, payment)
    write_changes(payment, before, told.source, told.event)
    if told.status == statuses.SUCCEEDED and told.keeps_card and told.card:
        apply.save_paid_card(payment, told.card)


def _order_of_intent(told: PaymentIntentUpdate) -> int:
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
        raise ForeignObjectError
    if not found:
        raise MismatchError(f"intent {told.intent} is ours, but its order {told.order} is not here")
    order_id: int = found[0].order_id
    return order_id


def _note_card(told: PaymentIntentUpdate, payment: Payment) -> None:
    """An attempt with a new card learns which card it was: from its own answer, or from the charge."""
    attempt = _note_answer(told, payment)
    if attempt:
        method = told.method or (told.card.payment_method if told.card else None)
        attempt.stripe_payment_method_id = attempt.stripe_payment_method_id or method
    for one in payment.attempts:
        if told.card and one.stripe_payment_method_id == told.card.payment_method:
            one.card_brand, one.card_last4 = told.card.brand, told.card.last4


def _succeed(told: PaymentIntentUpdate, payment: Payment) -> None:
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
    close_live(payment, AttemptState.superseded)


def _winner(payment: Payment) -> PaymentAttempt:
    """The attempt that was charged: the last with the card that paid, else the last whose card we never learnt, else the last."""
    for method in (payment.paid_with, None):
        made_with_it = [one for one in payment.attempts if one.stripe_payment_method_id == method]
        if made_with_it:
            return made_with_it[-1]
    return payment.attempts[-1]


def _move_attempt(told: PaymentIntentUpdate, payment: Payment) -> None:
    """An intent speaks of an attempt only where it answers it, or was asked while that attempt waited for the bank.

    An attempt that the end of its intent closed may still learn that it was declined, but nothing else. On a hosted
    page a declined card is followed by the next one: there only the Session says how the attempt stands.
    """
    attempt = _note_answer(told, payment) or _note_challenge(told, payment)
    if attempt is None or attempt.kind is AttemptKind.session:
        return
    state = {
        statuses.REQUIRES_ACTION: AttemptState.requires_action,
        statuses.PROCESSING: AttemptState.processing,
        statuses.REQUIRES_PAYMENT_METHOD: AttemptState.declined,
    }.get(told.status)
    if state is None or not is_forward(attempt, state):
        return
    attempt.state = state
    if told.decline and state is AttemptState.declined:
        attempt.decline_code, attempt.decline_words = told.decline.code, told.decline.words
        note_decline(payment)


def _note_answer(told: PaymentIntentUpdate, payment: Payment) -> PaymentAttempt | None:
    return next((one for one in payment.attempts if told.answers and one.idempotency_key == told.answers), None)


def _note_challenge(told: PaymentIntentUpdate, payment: Payment) -> PaymentAttempt | None:
    waited = (AttemptState.requires_action, AttemptState.processing)
    return next(
        (one for one in payment.attempts if one.number == told.looked_at_challenge and one.state in waited), None
    )


def apply_attempt(told: AttemptUpdate) -> None:
    """Asking got no answer, was refused, or certainly never arrived."""
    payment = lock_order(told.order_id)
    attempt = next(one for one in payment.attempts if one.id == told.attempt_id)
    before = snapshot(payment)
    if is_forward(attempt, AttemptState(told.state)):
        attempt.state = AttemptState(told.state)
        attempt.decline_code, attempt.decline_words = told.code, told.words
    write_changes(payment, before, told.source)


def apply_abandoned(told: AttemptAbandoned) -> None:
    """Nobody wants the order any more: it ends, unless Stripe may still charge for it."""
    payment = lock_order(told.order_id)
    before = snapshot(payment)
    still_chargeable = any(attempt.is_live for attempt in payment.attempts) or (
        payment.intent_state is IntentState.open and payment.stripe_payment_intent_id is not None
    )
    if not still_chargeable and payment.intent_state is not IntentState.succeeded:
        payment.order.status = OrderStatus.canceled
    write_changes(payment, before, told.source)


def start_attempt(payment: Payment) -> None:
    """Make room for the next attempt, inside its transaction, the order locked: one that waits for the bank is superseded."""
    before = snapshot(payment)
    close_live(payment, AttemptState.superseded)
    payment.status = PaymentStatus.pending
    payment.order.status = order_status(payment, payment.order.status)
    changed = changed_since(payment, before)
    write_history(payment, Source.api, [(what, before.get(what, ""), state) for what, state in changed.items()])


def close_live(payment: Payment, state: AttemptState) -> None:
    """No open attempt is left."""
    for attempt in payment.attempts:
        if attempt.is_live:
            attempt.state = state


def note_decline(payment: Payment) -> None:
    """What the payment says of its decline is the last one's, whichever we heard of last; a paid one says nothing."""
    if payment.intent_state is not IntentState.succeeded:
        last = [one for one in payment.attempts if one.state is AttemptState.declined][-1]
        payment.decline_code, payment.last_error = last.decline_code, last.decline_words


def is_forward(attempt: PaymentAttempt, state: AttemptState) -> bool:
    """Whether that state is further on than the one it has."""
    return ATTEMPT_RANK[state] > ATTEMPT_RANK[attempt.state]


def apply_checkout_session(told: CheckoutSessionUpdate) -> None:
    """A Session waits, is complete (its intent says whether it is paid), or has come to nothing."""
    attempt_id, order_id = _attempt_of_session(told)
    payment = lock_order(order_id)
    attempt = next(one for one in payment.attempts if one.id == attempt_id)
    _check_session(told, attempt)
    before = snapshot(payment)
    attempt.stripe_session_id = told.session
    payment.stripe_payment_intent_id = payment.stripe_payment_intent_id or told.intent
    if told.failed or told.status == statuses.EXPIRED:
        _close_session_attempt(told, attempt)
    else:
        # Complete is not yet paid: that is its intent's to say.
        state = AttemptState.processing if told.status == statuses.COMPLETE else AttemptState.requires_action
        attempt.state = state if is_forward(attempt, state) else attempt.state
    write_changes(payment, before, told.source, told.event)


def _attempt_of_session(told: CheckoutSessionUpdate) -> tuple[int, int]:
    """The attempt that this Session is, and its order."""
    is_known = PaymentAttempt.stripe_session_id == told.session
    either = or_(is_known, PaymentAttempt.public_id == told.attempt) if told.attempt else is_known
    attempts = select(PaymentAttempt.id, Payment.order_id).join(Payment).where(either)
    found = current_session().execute(attempts.order_by(is_known.desc())).first()
    if found is None and told.shop != this_shop():
        raise ForeignObjectError
    if found is None:
        raise MismatchError(f"Session {told.session} is ours, but its attempt {told.attempt} is not here")
    return found.id, found.order_id


def _check_session(told: CheckoutSessionUpdate, attempt: PaymentAttempt) -> None:
    if attempt.stripe_session_id not in {None, told.session}:
        raise MismatchError(f"{told.session} is for an attempt that has {attempt.stripe_session_id}")
    check_amounts(told, told.session, attempt.payment)


def _close_session_attempt(told: CheckoutSessionUpdate, attempt: PaymentAttempt) -> None:
    """Nobody can pay a Session that has expired or come to nothing, and its intent takes no other card: the order ends."""
    payment = attempt.payment
    if payment.intent_state is IntentState.succeeded:
        return
    payment.intent_state = IntentState.canceled
    if told.decline and is_forward(attempt, AttemptState.declined):
        attempt.state = AttemptState.declined
        attempt.decline_code, attempt.decline_words = told.decline.code, told.decline.words
        note_decline(payment)
    close_live(payment, AttemptState.superseded)


def apply_refund(told: RefundUpdate) -> None:
    """How a refund stands at Stripe; one made there gets its row here, once."""
    payment = lock_order(_order_of_refund(told))
    if told.currency != payment.currency:
        raise MismatchError(f"refund in {told.currency}, paid in {payment.currency}")
    before = snapshot(payment)
    refund = _find_refund(told, payment) or _refund_from_dashboard(told, payment)
    # What we concluded of one that we had not heard of gives way to whatever Stripe says of it.
    is_first = refund.stripe_refund_id is None
    refund.stripe_refund_id = refund.stripe_refund_id or told.stripe_refund
    state = _refund_state(told.status)
    if is_first or REFUND_RANK[state] > REFUND_RANK[refund.state]:
        refund.state = state
        refund.failure_reason = told.failure_reason
    write_changes(payment, before, told.source, told.event)


def _order_of_refund(told: RefundUpdate) -> int:
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
    raise ForeignObjectError


def _find_refund(told: RefundUpdate, payment: Payment) -> Refund | None:
    for refund in payment.refunds:
        if told.refund and refund.public_id == told.refund:
            return refund
    return next((one for one in payment.refunds if one.stripe_refund_id == told.stripe_refund), None)


def _refund_from_dashboard(told: RefundUpdate, payment: Payment) -> Refund:
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


def apply_refund_attempt(told: RefundAttemptUpdate) -> None:
    """Asking for a refund got no answer, or was refused."""
    payment = lock_order(told.order_id)
    before = snapshot(payment)
    refund = next(one for one in payment.refunds if one.id == told.refund_id)
    state = RefundState(told.state)
    # A refund that Stripe has taken is not undone by what became of asking again.
    if refund.stripe_refund_id is None and REFUND_RANK[state] > REFUND_RANK[refund.state]:
        refund.state = state
        refund.failure_reason = told.words
    write_changes(payment, before, told.source)


def apply_dispute(told: DisputeUpdate) -> None:
    """How a dispute stands; answers to older looks are dropped."""
    session = current_session()
    found = (
        session.scalar(select(Payment).where(Payment.stripe_payment_intent_id == told.intent)) if told.intent else None
    )
    payment = lock_order(found.order_id) if found else None
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
        effects.dispute_changed(dispute, payment)
        if payment:
            write_history(payment, told.source, [("dispute", before, told.status)])
    if payment is None:
        effects.record_unmatched(
            told.dispute, f"dispute {told.dispute} is about no payment of ours", told.amount, told.currency
        )
