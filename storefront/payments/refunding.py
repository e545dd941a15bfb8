"""Giving money back: a row first, under the order's lock, so that it is never more than was paid."""

import datetime as dt
import secrets
from contextlib import suppress
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import select

from storefront import audit
from storefront.clock import now
from storefront.database import current_session, leave, transaction
from storefront.errors import NotYoursError, RefusedError
from storefront.jobs.queue import job
from storefront.money import Money
from storefront.orders.labels import label
from storefront.orders.models import Order
from storefront.payments.attempts import record_or_note
from storefront.payments.consequences import NEVER_SENT, new_refund
from storefront.payments.customers import wait_for_mode
from storefront.payments.models import IntentState, Payment, Source
from storefront.payments.news.facts import Facts
from storefront.payments.news.refunds import RefundAttemptNews, refund_news
from storefront.payments.record import record
from storefront.payments.refund_models import FAILED_REFUNDS, Refund, RefundKind, RefundState
from storefront.payments.restocking import Restock, write_lines
from storefront.payments.standing import promised
from storefront.payments.stripe_gateway import refunds as stripe_refunds
from storefront.payments.stripe_gateway.changing import refuse_other_account, refuse_to_change
from storefront.payments.stripe_gateway.errors import OutcomeUnknownError, RefusedByStripeError

# Whoever lost the answer to a command types it once more.
MAY_BE_A_REPETITION = dt.timedelta(minutes=10)
# Stripe keeps keys for a day at least; well within that the same request is the same refund.
KEY_GOOD_FOR = dt.timedelta(hours=20)


class RepeatedRefundError(RefusedError):
    """The same was asked for by the same a few minutes ago; `words` say what became of that."""


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
    may_repeat: bool = True,
) -> RefundView:
    """Give `amount` (minor units; None: all that is left) back to the card that paid, and the goods to the shelf as `restock` says.

    The same `request_token` again is the same refund. Raises RefusedError when it is more than is left, RepeatedRefundError when it
    is what was asked for a moment ago and may not be repeated, and BusyError where nothing may be changed at Stripe; then nothing
    is asked for.
    """
    refuse_to_change()
    with transaction() as session:
        order = session.get(Order, order_id, with_for_update=True)
        if order is None:
            raise NotYoursError
        refund = session.scalar(select(Refund).where(Refund.request_token == request_token))
        if refund is None:
            payment = session.scalars(select(Payment).where(Payment.order_id == order_id)).one()
            if not may_repeat:
                _refuse_repetition(payment, amount, requested_by)
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


def _refuse_repetition(payment: Payment, amount: int | None, requested_by: str) -> None:
    lately = now() - MAY_BE_A_REPETITION
    for refund in payment.refunds:
        is_same = (refund.amount, refund.requested_by) == (amount, requested_by)
        if is_same and refund.state not in FAILED_REFUNDS and refund.created_at > lately:
            given, state = Money(refund.amount, payment.currency), refund.state.replace("_", " ")
            raise RepeatedRefundError(f"{given} of it went on its way a moment ago ({state}).")


def _fitting(restock: Restock, amount: int | None) -> Restock:
    if amount is not None and not restock.quantities:
        raise RefusedError("With a part of the money, please say which goods come back, and how many.")
    return restock


def _allowed(payment: Payment, amount: int | None) -> int:
    left = Money(payment.amount_captured - promised(payment), payment.currency)
    if payment.livemode != current_app.config["SETTINGS"].livemode:
        raise RefusedError("This order was paid with the other mode's keys: with today's it cannot be given back.")
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
    asking = _begin_to_ask(public_id)
    if asking.state in FAILED_REFUNDS:
        return
    # Other keys would be told that there is no such payment, which says nothing of the refund.
    wait_for_mode(livemode=asking.livemode)
    refuse_other_account()
    try:
        facts = _asked_of_stripe(public_id, asking)
    except OutcomeUnknownError:
        record(RefundAttemptNews(source, asking.refund_id, asking.order_id, RefundState.unknown))
        raise
    except RefusedByStripeError as refused:
        if asking.stripe_id or refused.status in {401, 403} or refused.code == "idempotency_error":
            raise
        record(RefundAttemptNews(source, asking.refund_id, asking.order_id, RefundState.failed, refused.code))
    else:
        record_or_note(refund_news(facts, source, answers=asking.key))


@dataclass(frozen=True)
class _Asking:
    """A refund as it was when we began to ask."""

    refund_id: int
    order_id: int
    state: RefundState
    stripe_id: str | None
    intent: str | None
    request: Facts
    key: str
    key_is_good: bool
    livemode: bool


def _begin_to_ask(public_id: str) -> _Asking:
    with transaction() as session:
        refund = session.scalars(select(Refund).where(Refund.public_id == public_id).with_for_update()).one()
        refund.asked_at = now()
        payment = refund.payment
        return _Asking(
            refund.id, payment.order_id, refund.state, refund.stripe_refund_id, payment.stripe_payment_intent_id,
            refund.request, refund.idempotency_key, now() - refund.created_at < KEY_GOOD_FOR, payment.livemode,
        )  # fmt: skip


def _asked_of_stripe(public_id: str, asking: _Asking) -> Facts:
    if asking.stripe_id:
        return stripe_refunds.fetch_refund(asking.stripe_id)
    if asking.key_is_good:
        return stripe_refunds.refund(asking.request, asking.key)
    return _found_at_stripe(public_id, asking.intent or "")


def _found_at_stripe(public_id: str, intent: str) -> Facts:
    """A refund whose key Stripe may have forgotten is never sent again, only looked for."""
    try:
        refunds = stripe_refunds.refunds_of(intent)
    except RefusedByStripeError as refused:  # a look that is refused tells nothing
        raise OutcomeUnknownError from refused
    for facts in refunds:
        if (facts.get("metadata") or {}).get("refund_id") == public_id:
            return facts
    raise RefusedByStripeError(NEVER_SENT, "", 0)


def request_token() -> str:
    """A token for one refund form or command."""
    return secrets.token_hex(16)


def _view(public_id: str) -> RefundView:
    refund = current_session().scalars(select(Refund).where(Refund.public_id == public_id)).one()
    view = RefundView(public_id, Money(refund.amount, refund.payment.currency), refund.state, refund.failure_reason)
    leave()
    return view
