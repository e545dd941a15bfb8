"""Giving money back: a row first, under the order's lock, so that it is never more than was paid."""

import datetime as dt
import secrets
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import select

from storefront import audit
from storefront.clock import now
from storefront.database import current_session, leave, transaction
from storefront.errors import NotYoursError, RefusedError
from storefront.jobs.queue import job
from storefront.money import Money
from storefront.orders.labels import label
from storefront.orders.models import Order
from storefront.payments import news
from storefront.payments.attempts import record_or_note
from storefront.payments.consequences import new_refund
from storefront.payments.models import GIVEN_BACK, IntentState, Payment, Refund, RefundKind, RefundState, Source
from storefront.payments.news import Facts
from storefront.payments.record import record
from storefront.payments.restocking import Restock, write_lines
from storefront.payments.standing import promised
from storefront.payments.stripe_gateway import refunds as stripe_refunds
from storefront.payments.stripe_gateway.errors import OutcomeUnknownError, RefusedByStripeError

# Stripe keeps keys for a day at least; well within that the same request is the same refund.
KEY_GOOD_FOR = dt.timedelta(hours=20)


@dataclass(frozen=True)
class RefundView:
    """What became of a refund."""

    public_id: str
    amount: Money
    state: RefundState
    failure_reason: str


def refund_order(  # noqa: PLR0913  what the form says
    order_id: int,
    *,
    amount: int | None,
    reason: str,
    requested_by: str,
    request_token: str,
    restock: Restock | None = None,
) -> RefundView:
    """Give `amount` (minor units; None: all that is left) back to the card that paid, and the goods to the shelf as `restock` says.

    The same `request_token` again is the same refund. Raises RefusedError when it is more than is left.
    """
    with transaction() as session:
        order = session.get(Order, order_id, with_for_update=True)
        if order is None:
            raise NotYoursError
        refund = session.scalar(select(Refund).where(Refund.request_token == request_token))
        if refund is None:
            payment = session.scalars(select(Payment).where(Payment.order_id == order_id)).one()
            refund = new_refund(
                payment, _allowed(payment, amount), kind=RefundKind.asked, requested_by=requested_by, reason=reason
            )
            refund.request_token = request_token
            if restock:
                write_lines(refund, order, _fitting(restock, amount))
            session.add(refund)
            what = {"amount": Money(refund.amount, payment.currency), "reason": reason, "refund": refund.public_id}
            audit.note("refunded", f"order {label(order.number)}", after=what)
        public_id = refund.public_id
    with suppress(OutcomeUnknownError):  # the queued job goes on asking
        ask_about_refund(public_id, Source.owner)
    return _view(public_id)


def _fitting(restock: Restock, amount: int | None) -> Restock:
    if amount is not None and not restock.quantities:
        raise RefusedError("With a part of the money, please say which goods come back, and how many.")
    return restock


def _allowed(payment: Payment, amount: int | None) -> int:
    left = Money(payment.amount_captured - promised(payment), payment.currency)
    if payment.intent_state is not IntentState.succeeded:
        raise RefusedError("This order is not paid: there is nothing to give back.")
    if left.minor <= 0:
        raise RefusedError("All of it has been given back already.")
    if amount is not None and not 0 < amount <= left.minor:
        raise RefusedError(
            f"Between {Money(1, left.currency)} and {left} can be given back, not {Money(amount, left.currency)}."
        )
    return left.minor if amount is None else amount


@job("ask_about_refund", gives_up=False)
def ask_about_refund(public_id: str, source: Source = Source.reconciliation) -> None:
    """Send a refund, or find out what became of it. Sending again is with its own key, so that it is one refund."""
    with transaction() as session:
        refund = session.scalars(select(Refund).where(Refund.public_id == public_id).with_for_update()).one()
        refund.asked_at = now()
        refund_id, order_id, stripe_id, state = (
            refund.id,
            refund.payment.order_id,
            refund.stripe_refund_id,
            refund.state,
        )
        request, key, intent = refund.request, refund.idempotency_key, refund.payment.stripe_payment_intent_id
        key_is_good = now() - refund.created_at < KEY_GOOD_FOR
    if state in GIVEN_BACK:
        return
    try:
        if stripe_id:
            facts = stripe_refunds.fetch_refund(stripe_id)
        elif key_is_good:
            facts = stripe_refunds.refund(request, key)
        else:
            facts = _found_at_stripe(public_id, intent or "")
    except OutcomeUnknownError:
        record(news.RefundAttemptNews(source, refund_id, order_id, RefundState.unknown))
        raise
    except RefusedByStripeError as refused:
        if stripe_id or refused.status in {401, 403}:
            raise
        record(news.RefundAttemptNews(source, refund_id, order_id, RefundState.failed, refused.code))
    else:
        record_or_note(news.refund_news(facts, source, answers=key))


def _found_at_stripe(public_id: str, intent: str) -> Facts:
    """A refund whose key Stripe may have forgotten is never sent again, only looked for."""
    for facts in stripe_refunds.refunds_of(intent):
        if (facts.get("metadata") or {}).get("refund_id") == public_id:
            return facts
    raise RefusedByStripeError("never_sent", "", 0)


def request_token() -> str:
    """A token for one refund form or command."""
    return secrets.token_hex(16)


def _view(public_id: str) -> RefundView:
    refund = current_session().scalars(select(Refund).where(Refund.public_id == public_id)).one()
    view = RefundView(public_id, Money(refund.amount, refund.payment.currency), refund.state, refund.failure_reason)
    leave()
    return view
