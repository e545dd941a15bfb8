"""What is due: everything open that was not asked about for its time, and what is past its hold.

What is open, of the mode of today's keys; `since`: only what began after."""

import datetime as dt
import logging
from collections.abc import Callable
from functools import partial

from flask import current_app
from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from storefront.cards.guests import reconcile_guest_customer
from storefront.cards.models import StripeCustomer
from storefront.cards.setup_intents import ask_about_setup, setups_due
from storefront.core.clock import now
from storefront.core.database import current_session, end_read
from storefront.core.errors import BusyError
from storefront.orders.models import OPEN_STATUSES, Order
from storefront.payments.ledger.models import (
    LIVE_STATES,
    AttemptKind,
    AttemptState,
    Payment,
    PaymentAttempt,
    Refund,
    RefundState,
)
from storefront.payments.refunds import ask_about_refund
from storefront.reconcile.attempt import STILL_SENDING, reconcile_attempt, release_order
from storefront.stripe.errors import OutcomeUnknownError, StripeRefusedError

log = logging.getLogger(__name__)
ATTEMPT_INTERVAL = dt.timedelta(seconds=60)
# A page of Stripe's tells by itself when it is paid or expires.
SESSION_INTERVAL = dt.timedelta(minutes=5)
# A refund that succeeded can fail days later, and the webhook that says so can be lost.
SUCCEEDED_REFUND_INTERVAL = dt.timedelta(days=1)
REFUND_MAY_FAIL_FOR = dt.timedelta(days=30)
PROCESSING_INTERVAL = dt.timedelta(hours=1)


def reconcile_due() -> None:
    """Everything open that was not asked about for its time, and orders past their hold. Each failure waits for the next minute."""
    for ask in _due():
        try:
            ask()
        except (OutcomeUnknownError, StripeRefusedError, BusyError):
            continue
        except Exception:
            # One row that cannot be asked about must not keep the others waiting.
            end_read()
            log.exception("could not ask")


def _due() -> list[Callable[[], object]]:
    at, session = now(), current_session()
    due: list[Callable[[], object]] = [partial(reconcile_attempt, one) for one in session.scalars(_attempts_due(at))]
    due += [partial(ask_about_refund, one) for one in session.scalars(_refunds_due(at))]
    due += [partial(release_order, one) for one in past_hold(None)]
    due += [partial(ask_about_setup, one) for one in setups_due()]
    due += [partial(reconcile_guest_customer, one) for one in unmade_customers(created_before=at - ATTEMPT_INTERVAL)]
    end_read()
    return due


def _attempts_due(at: dt.datetime) -> Select[int]:
    waiting = (AttemptState.requires_action, AttemptState.processing)
    # A page of Stripe's stays open while its customer looks for the card; it is told of when it is paid or expires.
    is_page = PaymentAttempt.kind == AttemptKind.session
    return select(PaymentAttempt.id).where(
        or_(
            PaymentAttempt.state == AttemptState.unknown,
            (PaymentAttempt.state == AttemptState.sending) & (PaymentAttempt.asked_at <= at - STILL_SENDING),
            (PaymentAttempt.state == AttemptState.requires_action)
            & ~is_page
            & (PaymentAttempt.asked_at <= at - ATTEMPT_INTERVAL),
            # A bank may take days, and tells by itself.
            (PaymentAttempt.state == AttemptState.processing)
            & ~is_page
            & (PaymentAttempt.asked_at <= at - PROCESSING_INTERVAL),
            PaymentAttempt.state.in_(waiting) & is_page & (PaymentAttempt.asked_at <= at - SESSION_INTERVAL),
        )
    )


def _refunds_due(at: dt.datetime) -> Select[str]:
    settling = (RefundState.pending, RefundState.requires_action)
    refunds = select(Refund.public_id).where(
        or_(
            Refund.state.in_([RefundState.sending, RefundState.unknown])
            & (func.coalesce(Refund.asked_at, Refund.created_at) <= at - ATTEMPT_INTERVAL),
            Refund.state.in_(settling) & (Refund.asked_at <= at - PROCESSING_INTERVAL),
            (Refund.state == RefundState.succeeded)
            & (func.coalesce(Refund.asked_at, Refund.created_at) <= at - SUCCEEDED_REFUND_INTERVAL)
            & (Refund.created_at > at - REFUND_MAY_FAIL_FOR),
        )
    )
    return refunds.join(Payment).where(of_this_mode(Payment.livemode))


OPEN_REFUNDS = (RefundState.sending, RefundState.unknown, RefundState.pending, RefundState.requires_action)


def unmade_customers(created_before: dt.datetime | None = None) -> list[int]:
    """Customers that Stripe has not made yet."""
    unmade = (StripeCustomer.stripe_id.is_(None), StripeCustomer.deleted_at.is_(None))
    query = select(StripeCustomer.id).where(*unmade, of_this_mode(StripeCustomer.livemode)).order_by(StripeCustomer.id)
    if created_before:
        query = query.where(StripeCustomer.created_at <= created_before)
    return list(current_session().scalars(query))


def open_attempts(since: dt.datetime | None) -> list[int]:
    """Attempts that may still be charged."""
    ours = select(PaymentAttempt.id).join(Payment).where(of_this_mode(Payment.livemode))
    query = ours.where(PaymentAttempt.state.in_(LIVE_STATES)).order_by(PaymentAttempt.id)
    if since:
        query = query.where(PaymentAttempt.created_at >= since)
    return list(current_session().scalars(query))


def open_refunds(since: dt.datetime | None) -> list[str]:
    """Refunds that are still on their way."""
    ours = select(Refund.public_id).join(Payment).where(of_this_mode(Payment.livemode))
    query = ours.where(Refund.state.in_(OPEN_REFUNDS)).order_by(Refund.id)
    if since:
        query = query.where(Refund.created_at >= since)
    return list(current_session().scalars(query))


def past_hold(since: dt.datetime | None) -> list[int]:
    """Unpaid orders whose time is over; not those that a bank is processing: nobody can cancel them, and they end by themselves."""
    is_processed = (
        exists()
        .where(Payment.order_id == Order.id, PaymentAttempt.payment_id == Payment.id)
        .where(PaymentAttempt.state == AttemptState.processing, PaymentAttempt.kind == AttemptKind.intent)
    )
    past = (Order.status.in_(OPEN_STATUSES), Order.hold_until <= now(), of_this_mode(Order.livemode), ~is_processed)
    query = select(Order.id).where(*past).order_by(Order.id)
    if since:
        query = query.where(Order.placed_at >= since)
    return list(current_session().scalars(query))


def of_this_mode(livemode: InstrumentedAttribute[bool]) -> ColumnElement[bool]:
    """What belongs to the other mode's keys is not asked about: today's would be told that it does not exist."""
    return livemode.is_(current_app.config["SETTINGS"].livemode)
