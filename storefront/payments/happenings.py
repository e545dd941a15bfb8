"""What happened to an order's money after it was paid, read from its history: for the customer's page."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import and_, literal, select

from storefront.database import current_session
from storefront.money import Money
from storefront.payments.models import Payment, PaymentEvent
from storefront.payments.refund_models import FAILED_REFUNDS, Refund, RefundState

_ASKED = (RefundState.sending, RefundState.unknown)


@dataclass(frozen=True)
class MoneyBack:
    """Money that went back, or (`failed`) came back from there."""

    amount: Money
    at: dt.datetime
    failed: bool


def money_back(order_id: int) -> tuple[MoneyBack, ...]:
    """Each refund that Stripe took, when it took it, and when it failed after all; oldest first, in one statement."""
    of_refund = and_(
        Refund.payment_id == PaymentEvent.payment_id, PaymentEvent.what == literal("refund ") + Refund.public_id
    )
    told = (
        select(Refund.id, Refund.amount, Payment.currency, PaymentEvent.after, PaymentEvent.at)
        .select_from(PaymentEvent)
        .join(Payment, Payment.id == PaymentEvent.payment_id)
        .join(Refund, of_refund)
        .where(Payment.order_id == order_id, Refund.stripe_refund_id.is_not(None), PaymentEvent.after.not_in(_ASKED))
        .order_by(PaymentEvent.id)
    )
    steps: dict[tuple[int, bool], MoneyBack] = {}
    for refund_id, amount, currency, after, at in current_session().execute(told):
        steps.setdefault((refund_id, False), MoneyBack(Money(amount, currency), at, failed=False))
        if after in FAILED_REFUNDS:
            steps.setdefault((refund_id, True), MoneyBack(Money(amount, currency), at, failed=True))
    return tuple(steps.values())
