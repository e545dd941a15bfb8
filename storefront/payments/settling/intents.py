"""News of a PaymentIntent: it succeeded, was canceled, or speaks of the attempt it answers."""

from sqlalchemy import or_, select

from storefront.database import current_session
from storefront.installation import this_shop
from storefront.orders.models import Order
from storefront.payments import wallet
from storefront.payments.models import (
    AttemptKind,
    AttemptState,
    IntentState,
    Payment,
    PaymentAttempt,
)
from storefront.payments.news import statuses
from storefront.payments.news.intents import IntentNews
from storefront.payments.settling.attempts import close_live, moves, remember_decline
from storefront.payments.settling.books import DoesNotFitError, NotOursError, check, finish, lock, standing


def settle_intent(told: IntentNews) -> None:
    """How the intent stands, and what that says of the attempt it answers."""
    payment = lock(_order_of_intent(told))
    check(told, told.intent, payment)
    before = standing(payment)
    payment.stripe_payment_intent_id = payment.stripe_payment_intent_id or told.intent
    _learn_card(told, payment)
    if told.status == statuses.SUCCEEDED:
        _succeed(told, payment)
    elif told.status == statuses.CANCELED and payment.intent_state is IntentState.open:
        payment.intent_state = IntentState.canceled
        close_live(payment, AttemptState.superseded)
    else:
        _move_attempt(told, payment)
    finish(payment, before, told.source, told.event)
    if told.status == statuses.SUCCEEDED and told.keeps_card and told.card:
        wallet.keep_paid_with(payment, told.card)


def _order_of_intent(told: IntentNews) -> int:
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


def _learn_card(told: IntentNews, payment: Payment) -> None:
    """An attempt with a new card learns which card it was: from its own answer, or from the charge."""
    attempt = _answered(told, payment)
    if attempt:
        method = told.method or (told.card.payment_method if told.card else None)
        attempt.stripe_payment_method_id = attempt.stripe_payment_method_id or method
    for one in payment.attempts:
        if told.card and one.stripe_payment_method_id == told.card.payment_method:
            one.card_brand, one.card_last4 = told.card.brand, told.card.last4


def _succeed(told: IntentNews, payment: Payment) -> None:
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


def _move_attempt(told: IntentNews, payment: Payment) -> None:
    """An intent speaks of an attempt only where it answers it, or was asked while that attempt waited for the bank.

    An attempt that the end of its intent closed may still learn that it was declined, but nothing else. On a hosted
    page a declined card is followed by the next one: there only the Session says how the attempt stands.
    """
    attempt = _answered(told, payment) or _challenged(told, payment)
    if attempt is None or attempt.kind is AttemptKind.session:
        return
    state = {
        statuses.REQUIRES_ACTION: AttemptState.requires_action,
        statuses.PROCESSING: AttemptState.processing,
        statuses.REQUIRES_PAYMENT_METHOD: AttemptState.declined,
    }.get(told.status)
    if state is None or not moves(attempt, state):
        return
    attempt.state = state
    if told.decline and state is AttemptState.declined:
        attempt.decline_code, attempt.decline_words = told.decline.code, told.decline.words
        remember_decline(payment)


def _answered(told: IntentNews, payment: Payment) -> PaymentAttempt | None:
    return next((one for one in payment.attempts if told.answers and one.idempotency_key == told.answers), None)


def _challenged(told: IntentNews, payment: Payment) -> PaymentAttempt | None:
    waited = (AttemptState.requires_action, AttemptState.processing)
    return next(
        (one for one in payment.attempts if one.number == told.looked_at_challenge and one.state in waited), None
    )
