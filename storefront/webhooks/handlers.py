"""Ringing: an event that tells nothing final makes us ask for a look at what it is about."""

from sqlalchemy import select

from storefront.core.database import current_session
from storefront.core.jobs.queue import enqueue
from storefront.payments.ledger.models import IntentState, Payment
from storefront.stripe.objects import StripeObject

# What has happened once and for all is recorded from the verified payload. Everything else only rings.
FINAL = {
    "payment_intent.succeeded",
    "payment_intent.canceled",
    "payment_intent.payment_failed",
    "payment_method.detached",
    "customer.deleted",
    "checkout.session.expired",
}

# What an endpoint in Stripe's dashboard should be subscribed to: docs/going-live.md lists the same.
WANTED_EVENTS = (
    "payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.processing", "payment_intent.requires_action",
    "payment_intent.canceled", "charge.updated", "charge.refunded", "refund.created", "refund.updated", "refund.failed",
    "charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed", "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated", "setup_intent.succeeded", "setup_intent.setup_failed", "setup_intent.canceled",
    "payment_method.attached", "payment_method.detached", "payment_method.updated", "payment_method.automatically_updated",
    "customer.updated", "customer.deleted", "checkout.session.completed", "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed", "checkout.session.expired",
)  # fmt: skip

# What a look at an object is called, by the family of event types that tells of it.
_BY_OBJECT = {
    "payment_intent": ("look_at_intent", "intent"),
    "checkout.session": ("look_at_session", "session"),
    "charge.dispute": ("look_at_dispute", "dispute"),
    "charge.refund": ("look_at_refund", "refund"),
    "refund": ("look_at_refund", "refund"),
    "payment_method": ("look_at_card", "payment_method"),
    "customer": ("look_at_customer", "customer"),
    "setup_intent": ("look_at_setup", "setup"),
}
_BY_INTENT = {"charge.refunded": "look_at_refunds_of", "charge.updated": "look_at_intent"}


def is_followed(kind: str) -> bool:
    """Whether events of this type tell us anything."""
    return kind in FINAL or kind in _BY_INTENT or kind.rpartition(".")[0] in _BY_OBJECT


def ring(kind: str, about: StripeObject) -> bool:
    """Ask for a look at what the event is about, one per object; False for a type or object we do not follow."""
    if kind in _BY_INTENT:
        return _ring_by_intent(kind, about.get("payment_intent"))
    family = kind.rpartition(".")[0]
    if family not in _BY_OBJECT:
        return False
    return ask_for_look(*_BY_OBJECT[family], about["id"])


def ask_for_look(job: str, argument: str, object_id: str) -> bool:
    """Ask for it, unless it is asked for already."""
    enqueue(job, {argument: object_id}, unique_key=f"{job}:{object_id}")
    return True


def _ring_by_intent(kind: str, intent: str | None) -> bool:
    # A charge that is captured later knows its fee then. That only tells us something while the payment is open here.
    if intent is None or (kind == "charge.updated" and not _is_open(intent)):
        return False
    return ask_for_look(_BY_INTENT[kind], "intent", intent)


def _is_open(intent: str) -> bool:
    is_open = select(Payment.id).where(
        Payment.stripe_payment_intent_id == intent, Payment.intent_state == IntentState.open
    )
    return current_session().scalar(is_open) is not None
