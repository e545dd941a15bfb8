"""News of money on its way back, ours or made in Stripe's dashboard."""

from sqlalchemy import select

from storefront.database import current_session
from storefront.payments.models import Payment
from storefront.payments.news.refunds import RefundAttemptNews, RefundNews
from storefront.payments.refund_models import Refund, RefundKind, RefundState
from storefront.payments.settling.books import DoesNotFitError, NotOursError, finish, lock, standing
from storefront.payments.standing import REFUND_RANK


def settle_refund(told: RefundNews) -> None:
    """How a refund stands at Stripe; one made there gets its row here, once."""
    payment = lock(_order_of_refund(told))
    if told.currency != payment.currency:
        raise DoesNotFitError(f"refund in {told.currency}, paid in {payment.currency}")
    before = standing(payment)
    refund = _find_refund(told, payment) or _refund_from_dashboard(told, payment)
    # What we concluded of one that we had not heard of gives way to whatever Stripe says of it.
    is_first = refund.stripe_refund_id is None
    refund.stripe_refund_id = refund.stripe_refund_id or told.stripe_refund
    state = _refund_state(told.status)
    if is_first or REFUND_RANK[state] > REFUND_RANK[refund.state]:
        refund.state = state
        refund.failure_reason = told.failure_reason
    finish(payment, before, told.source, told.event)


def _order_of_refund(told: RefundNews) -> int:
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


def _find_refund(told: RefundNews, payment: Payment) -> Refund | None:
    for refund in payment.refunds:
        if told.refund and refund.public_id == told.refund:
            return refund
    return next((one for one in payment.refunds if one.stripe_refund_id == told.stripe_refund), None)


def _refund_from_dashboard(told: RefundNews, payment: Payment) -> Refund:
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


def settle_refund_attempt(told: RefundAttemptNews) -> None:
    """Asking for a refund got no answer, or was refused."""
    payment = lock(told.order_id)
    before = standing(payment)
    refund = next(one for one in payment.refunds if one.id == told.refund_id)
    state = RefundState(told.state)
    # A refund that Stripe has taken is not undone by what became of asking again.
    if refund.stripe_refund_id is None and REFUND_RANK[state] > REFUND_RANK[refund.state]:
        refund.state = state
        refund.failure_reason = told.words
    finish(payment, before, told.source)
