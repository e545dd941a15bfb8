"""What is open, of the mode of today's keys; `since`: only what began after."""

import datetime as dt

from flask import current_app
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute

from storefront.clock import now
from storefront.database import current_session
from storefront.orders.models import OPEN_STATUSES, Order
from storefront.payments.card_models import StripeCustomer
from storefront.payments.models import LIVE_STATES, Payment, PaymentAttempt
from storefront.payments.refund_models import Refund, RefundState

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
    """Unpaid orders whose time is over."""
    past = (Order.status.in_(OPEN_STATUSES), Order.hold_until <= now(), of_this_mode(Order.livemode))
    query = select(Order.id).where(*past).order_by(Order.id)
    if since:
        query = query.where(Order.placed_at >= since)
    return list(current_session().scalars(query))


def of_this_mode(livemode: InstrumentedAttribute[bool]) -> ColumnElement[bool]:
    """What belongs to the other mode's keys is not asked about: today's would be told that it does not exist."""
    return livemode.is_(current_app.config["SETTINGS"].livemode)
