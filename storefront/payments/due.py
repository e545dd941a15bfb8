"""What is due: everything open that was not asked about for its time, and what is past its hold."""

import datetime as dt
import logging
from collections.abc import Callable
from functools import partial

from sqlalchemy import Select, func, or_, select

from storefront.clock import now
from storefront.database import current_session, leave
from storefront.errors import BusyError
from storefront.payments.asking import STILL_SENDING, ask_about_attempt, release
from storefront.payments.guests import ask_about_customer
from storefront.payments.models import AttemptKind, AttemptState, Payment, PaymentAttempt
from storefront.payments.open_work import of_this_mode, past_hold, unmade_customers
from storefront.payments.refund_models import Refund, RefundState
from storefront.payments.refunding import ask_about_refund
from storefront.payments.setups import ask_about_setup, setups_due
from storefront.payments.stripe_gateway.errors import OutcomeUnknownError, RefusedByStripeError

log = logging.getLogger(__name__)
ASK_EVERY = dt.timedelta(seconds=60)
# A page of Stripe's tells by itself when it is paid or expires.
ASK_PAGE_EVERY = dt.timedelta(minutes=5)
# A refund that succeeded can fail days later, and the webhook that says so can be lost.
ASK_SUCCEEDED_EVERY = dt.timedelta(days=1)
MAY_STILL_FAIL = dt.timedelta(days=30)
ASK_SETTLING_EVERY = dt.timedelta(hours=1)


def ask_about_what_is_due() -> None:
    """Everything open that was not asked about for its time, and orders past their hold. Each failure waits for the next minute."""
    for ask in _due():
        try:
            ask()
        except (OutcomeUnknownError, RefusedByStripeError, BusyError):
            continue
        except Exception:
            # One row that cannot be asked about must not keep the others waiting.
            leave()
            log.exception("could not ask")


def _due() -> list[Callable[[], object]]:
    at, session = now(), current_session()
    due: list[Callable[[], object]] = [partial(ask_about_attempt, one) for one in session.scalars(_attempts_due(at))]
    due += [partial(ask_about_refund, one) for one in session.scalars(_refunds_due(at))]
    due += [partial(release, one) for one in past_hold(None)]
    due += [partial(ask_about_setup, one) for one in setups_due()]
    due += [partial(ask_about_customer, one) for one in unmade_customers(created_before=at - ASK_EVERY)]
    leave()
    return due


def _attempts_due(at: dt.datetime) -> Select[int]:
    waiting = (AttemptState.requires_action, AttemptState.processing)
    # A page of Stripe's stays open while its customer looks for the card; it is told of when it is paid or expires.
    is_page = PaymentAttempt.kind == AttemptKind.session
    return select(PaymentAttempt.id).where(
        or_(
            PaymentAttempt.state == AttemptState.unknown,
            (PaymentAttempt.state == AttemptState.sending) & (PaymentAttempt.asked_at <= at - STILL_SENDING),
            PaymentAttempt.state.in_(waiting) & ~is_page & (PaymentAttempt.asked_at <= at - ASK_EVERY),
            PaymentAttempt.state.in_(waiting) & is_page & (PaymentAttempt.asked_at <= at - ASK_PAGE_EVERY),
        )
    )


def _refunds_due(at: dt.datetime) -> Select[str]:
    settling = (RefundState.pending, RefundState.requires_action)
    refunds = select(Refund.public_id).where(
        or_(
            Refund.state.in_([RefundState.sending, RefundState.unknown])
            & (func.coalesce(Refund.asked_at, Refund.created_at) <= at - ASK_EVERY),
            Refund.state.in_(settling) & (Refund.asked_at <= at - ASK_SETTLING_EVERY),
            (Refund.state == RefundState.succeeded)
            & (func.coalesce(Refund.asked_at, Refund.created_at) <= at - ASK_SUCCEEDED_EVERY)
            & (Refund.created_at > at - MAY_STILL_FAIL),
        )
    )
    return refunds.join(Payment).where(of_this_mode(Payment.livemode))
