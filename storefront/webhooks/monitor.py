"""Webhooks that stopped coming: money moves, and Stripe tells nothing of it. The owner hears of each silence once, and of its end."""

import datetime as dt
from typing import Final

from flask import current_app
from sqlalchemy import func, select

from storefront.core.alerts import alert_owner
from storefront.core.clock import now
from storefront.core.database import current_session, end_read, transaction
from storefront.core.jobs.queue import job
from storefront.core.mail.models import OutboundMail
from storefront.orders.models import Order
from storefront.payments.ledger.models import IntentState, Payment
from storefront.stripe.api import fetch_current_account
from storefront.stripe.client import MAX_SKEW_SECONDS, current_connection
from storefront.stripe.errors import OutcomeUnknownError, StripeRefusedError
from storefront.webhooks.models import StripeEvent

# Stripe brings an event within seconds, and again within the hour where we did not answer.
PATIENCE: Final = dt.timedelta(hours=1)
# What was paid before is not looked through again and again.
_LOOKED_BACK: Final = dt.timedelta(days=30)
_TOLD: Final = "alarm:webhooks_silent:"


def silent_since() -> dt.datetime | None:
    """When the first payment was made that no webhook told of, nor any other since; none while all is well."""
    livemode = current_app.config["SETTINGS"].livemode
    brought = (StripeEvent.livemode.is_(livemode), StripeEvent.fetched.is_(False))
    last = select(func.max(StripeEvent.received_at)).where(*brought).scalar_subquery()
    told = select(StripeEvent.id).where(StripeEvent.object_id == Payment.stripe_payment_intent_id, *brought)
    untold = (
        select(func.min(Order.paid_at))
        .join(Payment, Payment.order_id == Order.id)
        .where(Payment.intent_state == IntentState.succeeded, Payment.stripe_payment_intent_id.is_not(None))
        .where(Payment.livemode.is_(livemode), Order.paid_at > now() - _LOOKED_BACK)
        .where(Order.paid_at > func.coalesce(last, dt.datetime(1970, 1, 1, tzinfo=dt.UTC)), ~told.exists())
    )
    first: dt.datetime | None = current_session().scalar(untold)
    return first if first is not None and now() - first > PATIENCE else None


@job("notice_silent_webhooks", every_seconds=10 * 60)
def notice_silent_webhooks() -> None:
    """Tell the owner that webhooks have stopped, once; and that they are back."""
    since = silent_since()
    with transaction():
        if since is not None:
            _tell_silence(since)
        elif told := _last_told():
            _tell_end(told)


def _tell_silence(since: dt.datetime) -> None:
    alert_owner(
        # One silence has one last webhook before it.
        f"webhooks_silent:{_newest_brought()}",
        "Stripe’s webhooks have stopped coming",
        f"A payment of {since:%d %B %H:%M} UTC was made, and no webhook has told of it, nor of anything since. Orders are paid "
        "all the same: the shop asks Stripe by itself. But refunds and disputes made at Stripe are heard of late.",
        f"In Stripe’s dashboard, see why deliveries to {current_app.config['SETTINGS'].base_url}/webhooks/stripe fail, "
        "and whether STRIPE_WEBHOOK_SECRET is that endpoint’s.",
    )


def _tell_end(before: str) -> None:
    if str(_newest_brought()) != before:
        alert_owner(
            f"webhooks_back:{before}",
            "Stripe’s webhooks are coming again",
            "They had stopped, and you were written to about it.",
            "Nothing has to be done.",
        )


def _newest_brought() -> int:
    """The number of the last webhook that came."""
    return current_session().scalar(select(func.max(StripeEvent.id)).where(StripeEvent.fetched.is_(False))) or 0


def _last_told() -> str | None:
    """After which webhook the last silence began that the owner was written to about."""
    key = select(OutboundMail.dedupe_key).where(OutboundMail.dedupe_key.startswith(_TOLD, autoescape=True))
    found = current_session().scalar(key.order_by(OutboundMail.id.desc()).limit(1))
    return found.removeprefix(_TOLD) if found else None


def clock_skew() -> float:
    """By how many seconds this machine's clock was ahead of Stripe's when this process last had an answer; 0 before."""
    return current_connection().skew_seconds


def ask_stripe() -> str:
    """Ask Stripe for the account, and say what is wrong with that: no answer, the key, or the clock; "" where all is well."""
    end_read()
    try:
        fetch_current_account()
    except OutcomeUnknownError:
        return "Stripe does not answer from here. Check the network, and STRIPE_API_BASE if you have set it."
    except StripeRefusedError as refused:
        if refused.status == 401:
            return "Stripe does not know STRIPE_SECRET_KEY: it was rolled, deleted or mistyped."
    off = clock_skew()
    if abs(off) > MAX_SKEW_SECONDS:
        side = "ahead of" if off > 0 else "behind"
        return f"this machine's clock is {abs(off):.0f} seconds {side} Stripe's. Run timedatectl set-ntp true."
    return ""
