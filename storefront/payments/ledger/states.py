"""How a payment and its order stand: computed from attempts, intent and refunds each time, so that it can also go back."""

from storefront.orders.models import OrderStatus
from storefront.payments.ledger.models import (
    FAILED_REFUNDS,
    AttemptState,
    IntentState,
    Payment,
    PaymentStatus,
    RefundState,
)

# A state only ever gives way to one of a higher rank. Attempts compare by number first.
ATTEMPT_RANK = {
    AttemptState.sending: 0,
    AttemptState.unknown: 1,
    AttemptState.requires_action: 2,
    AttemptState.processing: 3,
    AttemptState.superseded: 4,
    AttemptState.never_sent: 4,
    # Its own answer says more of a try than what we had to conclude, also when it comes after the intent was closed.
    AttemptState.declined: 5,
    AttemptState.refused: 5,
    AttemptState.succeeded: 6,
}
REFUND_RANK = {
    RefundState.sending: 0,
    RefundState.unknown: 1,
    RefundState.pending: 2,
    RefundState.requires_action: 3,
    RefundState.succeeded: 4,
    RefundState.failed: 5,
    RefundState.canceled: 5,
}
_STATUS_OF_ATTEMPT = {
    AttemptState.requires_action: PaymentStatus.requires_action,
    AttemptState.processing: PaymentStatus.processing,
    AttemptState.declined: PaymentStatus.failed,
    AttemptState.refused: PaymentStatus.failed,
}
_ORDER_STATUS = {
    PaymentStatus.succeeded: OrderStatus.paid,
    PaymentStatus.partially_refunded: OrderStatus.partially_refunded,
    PaymentStatus.refunded: OrderStatus.refunded,
    PaymentStatus.failed: OrderStatus.failed,
    PaymentStatus.canceled: OrderStatus.canceled,
}


def refunded(payment: Payment) -> int:
    """How much is with the customer or on its way there, in minor units: what Stripe took, and has not failed."""
    not_there = (*FAILED_REFUNDS, RefundState.sending, RefundState.unknown)
    return sum(refund.amount for refund in payment.refunds if refund.state not in not_there)


def promised(payment: Payment) -> int:
    """How much is refunded or asked to be, in minor units; this and a new refund may not pass what was captured."""
    return sum(refund.amount for refund in payment.refunds if refund.state not in FAILED_REFUNDS)


def payment_status(payment: Payment) -> PaymentStatus:
    """The payment's status as its rows say."""
    if payment.intent_state is IntentState.succeeded:
        if payment.amount_refunded == 0:
            return PaymentStatus.succeeded
        whole = payment.amount_refunded >= payment.amount_captured
        return PaymentStatus.refunded if whole else PaymentStatus.partially_refunded
    if payment.intent_state is IntentState.canceled:
        return PaymentStatus.canceled
    last = payment.last_attempt
    return _STATUS_OF_ATTEMPT.get(last.state, PaymentStatus.pending) if last else PaymentStatus.pending


def order_status(payment: Payment, today: OrderStatus) -> OrderStatus:
    """The order's status as its payment says. Canceled is for good."""
    if today is OrderStatus.canceled:
        return today
    return _ORDER_STATUS.get(payment.status, OrderStatus.pending)
