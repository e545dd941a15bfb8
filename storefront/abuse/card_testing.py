"""Cards tried past the shop: who was told an intent's secret, for the bank's question, can go on confirming it with others."""

import datetime as dt
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, func, select

from storefront.core.database import current_session, end_read
from storefront.payments.cancel import cancel_if_stripe_answers
from storefront.payments.ledger.models import AttemptKind, IntentState, Payment, PaymentAttempt
from storefront.webhooks.models import StripeEvent

MOST: Final = 5
_DECLINED: Final = "payment_intent.payment_failed"


def declined_past_us(since: dt.datetime, until: dt.datetime) -> int:
    """How many cards were declined in this time that no attempt of ours explains. Stripe's own page is not counted."""
    session = current_session()
    within = (StripeEvent.received_at > since, StripeEvent.received_at <= until)
    told = (
        select(StripeEvent.object_id.label("intent"), func.count().label("many"))
        .where(StripeEvent.type == _DECLINED, *within)
        .group_by(StripeEvent.object_id)
        .subquery()
    )
    ours = _attempts().join(told, told.c.intent == Payment.stripe_payment_intent_id).group_by(told.c.many, Payment.id)
    more = ours.with_only_columns(told.c.many - func.count(PaymentAttempt.id)).having(_none_on_a_page())
    return sum(max(0, beside) for beside in session.scalars(more))


def end_if_tried_past_us(intent: str) -> None:
    """After a few of them the order is let go: whoever wants to try more cards has to begin anew, where it is counted."""
    told = select(func.count()).where(StripeEvent.object_id == intent, StripeEvent.type == _DECLINED).scalar_subquery()
    is_open = and_(Payment.stripe_payment_intent_id == intent, Payment.intent_state == IntentState.open)
    too_often = and_(_none_on_a_page(), told - func.count(PaymentAttempt.id) >= MOST)
    order_id = current_session().scalar(_attempts().where(is_open).group_by(Payment.order_id).having(too_often))
    end_read()
    if order_id is not None:
        cancel_if_stripe_answers(order_id)


def _attempts() -> Select[int]:
    return select(Payment.order_id).join(PaymentAttempt, PaymentAttempt.payment_id == Payment.id)


def _none_on_a_page() -> ColumnElement[bool]:
    """There a declined card is followed by the next one, and Stripe looks after it."""
    return func.count(PaymentAttempt.id).filter(PaymentAttempt.kind == AttemptKind.session) == 0
