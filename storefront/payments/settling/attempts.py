"""What became of asking for money, and what an attempt may become."""

from storefront.orders.models import OrderStatus
from storefront.payments.models import (
    AttemptState,
    IntentState,
    Payment,
    PaymentAttempt,
    PaymentStatus,
    Source,
)
from storefront.payments.news.attempts import AttemptNews, GivenUpNews
from storefront.payments.settling.books import changed_since, finish, lock, standing, write_history
from storefront.payments.standing import ATTEMPT_RANK, order_status


def settle_attempt(told: AttemptNews) -> None:
    """Asking got no answer, was refused, or certainly never arrived."""
    payment = lock(told.order_id)
    attempt = next(one for one in payment.attempts if one.id == told.attempt_id)
    before = standing(payment)
    if moves(attempt, AttemptState(told.state)):
        attempt.state = AttemptState(told.state)
        attempt.decline_code, attempt.decline_words = told.code, told.words
    finish(payment, before, told.source)


def settle_given_up(told: GivenUpNews) -> None:
    """Nobody wants the order any more: it ends, unless Stripe may still charge for it."""
    payment = lock(told.order_id)
    before = standing(payment)
    still_chargeable = any(attempt.is_live for attempt in payment.attempts) or (
        payment.intent_state is IntentState.open and payment.stripe_payment_intent_id is not None
    )
    if not still_chargeable and payment.intent_state is not IntentState.succeeded:
        payment.order.status = OrderStatus.canceled
    finish(payment, before, told.source)


def start_attempt(payment: Payment) -> None:
    """Make room for the next attempt, inside its transaction, the order locked: one that waits for the bank is superseded."""
    before = standing(payment)
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


def remember_decline(payment: Payment) -> None:
    """What the payment says of its decline is the last one's, whichever we heard of last; a paid one says nothing."""
    if payment.intent_state is not IntentState.succeeded:
        last = [one for one in payment.attempts if one.state is AttemptState.declined][-1]
        payment.decline_code, payment.last_error = last.decline_code, last.decline_words


def moves(attempt: PaymentAttempt, state: AttemptState) -> bool:
    """Whether that state is further on than the one it has."""
    return ATTEMPT_RANK[state] > ATTEMPT_RANK[attempt.state]
