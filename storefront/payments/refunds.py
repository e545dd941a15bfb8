"""Giving money back: a row first, under the order's lock, so that it is never more than was paid."""

import datetime as dt
import secrets
from contextlib import suppress
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import select

from storefront.cards.customers import wait_for_mode
from storefront.core import audit
from storefront.core.clock import now
from storefront.core.database import current_session, end_read, transaction
from storefront.core.errors import InvalidRequestError, NotFoundError
from storefront.core.jobs.queue import job
from storefront.core.money import Money
from storefront.orders.labels import label
from storefront.orders.models import Order
from storefront.payments.ledger.effects import NEVER_SENT, new_refund
from storefront.payments.ledger.models import (
    FAILED_REFUNDS,
    IntentState,
    Payment,
    Refund,
    RefundKind,
    RefundState,
    Source,
)
from storefront.payments.ledger.record import record, record_or_note
from storefront.payments.ledger.restock import Restock, write_lines
from storefront.payments.ledger.states import promised
from storefront.stripe import api as stripe_refunds
from storefront.stripe.errors import OutcomeUnknownError, StripeRefusedError
from storefront.stripe.guard import check_account, check_may_write
from storefront.stripe.objects import RefundAttemptUpdate, StripeObject, refund_update

# Whoever lost the answer to a command types it once more.
MAY_BE_A_REPETITION = dt.timedelta(minutes=10)
# Stripe keeps keys for a day at least; well within that the same request is the same refund.
KEY_GOOD_FOR = dt.timedelta(hours=20)


class RepeatedRefundError(InvalidRequestError):
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

    The same `request_token` again is the same refund. Raises InvalidRequestError when it is more than is left, RepeatedRefundError when it
    is what was asked for a moment ago and may not be repeated, and BusyError where nothing may be changed at Stripe; then nothing
    is asked for.
    """
    check_may_write()
    with transaction() as session:
        order = session.get(Order, order_id, with_for_update=True)
        if order is None:
            raise NotFoundError
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
            audit.record("refunded", f"order {label(order.number)}", after=what)
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
        raise InvalidRequestError("With a part of the money, please say which goods come back, and how many.")
    return restock


def _allowed(payment: Payment, amount: int | None) -> int:
    left = Money(payment.amount_captured - promised(payment), payment.currency)
    if payment.livemode != current_app.config["SETTINGS"].livemode:
        raise InvalidRequestError(
            "This order was paid with the other mode's keys: with today's it cannot be given back."
        )
    if payment.intent_state is not IntentState.succeeded:
        raise InvalidRequestError("This order is not paid: there is nothing to give back.")
    if left.minor <= 0:
        raise InvalidRequestError("All of it has been given back already.")
    if amount is not None and not 0 < amount <= left.minor:
        raise InvalidRequestError(
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
    check_account()
    try:
        facts = _asked_of_stripe(public_id, asking)
    except OutcomeUnknownError:
        record(RefundAttemptUpdate(source, asking.refund_id, asking.order_id, RefundState.unknown))
        raise
    except StripeRefusedError as refused:
        if asking.stripe_id or refused.status in {401, 403} or refused.code == "idempotency_error":
            raise
        record(RefundAttemptUpdate(source, asking.refund_id, asking.order_id, RefundState.failed, refused.code))
    else:
        record_or_note(refund_update(facts, source, answers=asking.key))


@dataclass(frozen=True)
class _Asking:
    """A refund as it was when we began to ask."""

    refund_id: int
    order_id: int
    state: RefundState
    stripe_id: str | None
    intent: str | None
    request: StripeObject
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


def _asked_of_stripe(public_id: str, asking: _Asking) -> StripeObject:
    if asking.stripe_id:
        return stripe_refunds.fetch_refund(asking.stripe_id)
    if asking.key_is_good:
        return stripe_refunds.create_refund(asking.request, asking.key)
    return _found_at_stripe(public_id, asking.intent or "")


def _found_at_stripe(public_id: str, intent: str) -> StripeObject:
    """A refund whose key Stripe may have forgotten is never sent again, only looked for."""
    try:
        refunds = stripe_refunds.refunds_of(intent)
    except StripeRefusedError as refused:  # a look that is refused tells nothing
        raise OutcomeUnknownError from refused
    for facts in refunds:
        if (facts.get("metadata") or {}).get("refund_id") == public_id:
            return facts
    raise StripeRefusedError(NEVER_SENT, "", 0)


def request_token() -> str:
    """A token for one refund form or command."""
    return secrets.token_hex(16)


def _view(public_id: str) -> RefundView:
    refund = current_session().scalars(select(Refund).where(Refund.public_id == public_id)).one()
    view = RefundView(public_id, Money(refund.amount, refund.payment.currency), refund.state, refund.failure_reason)
    end_read()
    return view
