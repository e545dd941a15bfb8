"""News of a hosted Session, which is an attempt."""

from sqlalchemy import or_, select

from storefront.database import current_session
from storefront.installation import this_shop
from storefront.payments.models import (
    AttemptState,
    IntentState,
    Payment,
    PaymentAttempt,
)
from storefront.payments.news import statuses
from storefront.payments.news.sessions import SessionNews
from storefront.payments.settling.attempts import close_live, moves, remember_decline
from storefront.payments.settling.books import DoesNotFitError, NotOursError, check, finish, lock, standing


def settle_session(told: SessionNews) -> None:
    """A Session waits, is complete (its intent says whether it is paid), or has come to nothing."""
    attempt_id, order_id = _attempt_of_session(told)
    payment = lock(order_id)
    attempt = next(one for one in payment.attempts if one.id == attempt_id)
    _check_session(told, attempt)
    before = standing(payment)
    attempt.stripe_session_id = told.session
    payment.stripe_payment_intent_id = payment.stripe_payment_intent_id or told.intent
    if told.failed or told.status == statuses.EXPIRED:
        _end_road(told, attempt)
    else:
        # Complete is not yet paid: that is its intent's to say.
        state = AttemptState.processing if told.status == statuses.COMPLETE else AttemptState.requires_action
        attempt.state = state if moves(attempt, state) else attempt.state
    finish(payment, before, told.source, told.event)


def _attempt_of_session(told: SessionNews) -> tuple[int, int]:
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


def _check_session(told: SessionNews, attempt: PaymentAttempt) -> None:
    if attempt.stripe_session_id not in {None, told.session}:
        raise DoesNotFitError(f"{told.session} is for an attempt that has {attempt.stripe_session_id}")
    check(told, told.session, attempt.payment)


def _end_road(told: SessionNews, attempt: PaymentAttempt) -> None:
    """Nobody can pay a Session that has expired or come to nothing, and its intent takes no other card: the order ends."""
    payment = attempt.payment
    if payment.intent_state is IntentState.succeeded:
        return
    payment.intent_state = IntentState.canceled
    if told.decline and moves(attempt, AttemptState.declined):
        attempt.state = AttemptState.declined
        attempt.decline_code, attempt.decline_words = told.decline.code, told.decline.words
        remember_decline(payment)
    close_live(payment, AttemptState.superseded)
