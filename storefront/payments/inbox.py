"""The inbox: what Stripe tells us by webhook, each event applied once, together with its effect."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from flask import current_app
from sqlalchemy import select

from storefront import audit
from storefront.clock import now
from storefront.database import current_session, leave, rehearsal, transaction, upsert
from storefront.jobs.queue import enqueue
from storefront.payments import consequences
from storefront.payments.inbox_models import EventState, StripeEvent
from storefront.payments.models import IntentState, Payment, PaymentAttempt, Source
from storefront.payments.news import statuses
from storefront.payments.news.cards import CardGoneNews, card_facts
from storefront.payments.news.customers import customer_news
from storefront.payments.news.facts import Facts
from storefront.payments.news.intents import IntentNews, intent_news
from storefront.payments.news.sessions import session_news
from storefront.payments.record import DoesNotFitError, NotOursError, settle
from storefront.payments.stripe_gateway.events import check_signature, fetch_event
from storefront.payments.stripe_gateway.line import API_VERSION

# What has happened once and for all is recorded from the verified payload. Everything else only rings.
FINAL = {
    "payment_intent.succeeded",
    "payment_intent.canceled",
    "payment_intent.payment_failed",
    "payment_method.detached",
    "customer.deleted",
    "checkout.session.expired",
}
SECRETS = {"client_secret"}


class BadDeliveryError(Exception):
    """Not from Stripe, not for this mode, or no event at all: answered 400."""

    def __init__(self, why: str, *, other_mode: bool = False) -> None:
        super().__init__(why)
        self.other_mode = other_mode


@dataclass(frozen=True)
class Delivery:
    """A verified event."""

    id: str
    type: str
    object: Facts
    previous: Facts
    api_version: str
    livemode: bool
    key: str | None
    payload: Facts
    fetched: bool = False


def open_delivery(body: bytes, signature: str) -> Delivery:
    """Verify and read a delivery; BadDeliveryError says what is wrong with it."""
    settings = current_app.config["SETTINGS"]
    try:
        text = body.decode("utf-8")
        if not check_signature(text, signature, settings.stripe_webhook_secrets):
            raise BadDeliveryError("signature")
        payload = json.loads(text)
        delivery = read(payload)
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise BadDeliveryError("no event") from wrong
    if delivery.livemode != settings.livemode:
        raise BadDeliveryError("mode", other_mode=True)
    return delivery


def read(payload: Facts) -> Delivery:
    """An event as Stripe tells it, by webhook or in its list."""
    request = payload.get("request")
    return Delivery(
        id=str(payload["id"]),
        type=str(payload["type"]),
        object=dict(payload["data"]["object"]),
        previous=dict(payload["data"].get("previous_attributes") or {}),
        api_version=payload.get("api_version") or "",
        livemode=bool(payload["livemode"]),
        key=request.get("idempotency_key") if isinstance(request, dict) else None,
        payload=_without_secrets(payload),
    )


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(inner) for key, inner in value.items() if key not in SECRETS}
    return [_without_secrets(inner) for inner in value] if isinstance(value, list) else value


def apply_once(delivery: Delivery, alongside: Callable[[], None] | None = None) -> EventState | None:
    """Claim the event and carry out its effect, in one transaction, and what is to be done `alongside`. A repetition does nothing: None.

    An effect that fails is rolled back whole, the event is kept as failed, and the error goes on: answered 500, Stripe sends again.
    """
    try:
        with transaction():
            if _claim(delivery, EventState.applied):
                became = _note(delivery, *_carry_out(delivery))
                if alongside:
                    alongside()
                return became
    except Exception as error:
        with transaction():
            _claim(delivery, EventState.failed, error=f"{type(error).__name__}: {error}")
        raise
    return None


def try_out(delivery: Delivery) -> EventState | None:
    """What `apply_once` would make of it; nothing of that stays."""
    became = None
    with rehearsal():
        if _claim(delivery, EventState.applied):
            became = _note(delivery, *_carry_out(delivery))
    return became


def _carry_out(delivery: Delivery) -> tuple[EventState, str]:
    # What does not fit raises before anything is changed, so there is nothing to take back.
    try:
        return (EventState.applied if _effect(delivery) else EventState.ignored), ""
    except NotOursError:
        return EventState.ignored, "not this shop's"
    except DoesNotFitError as why:
        about = delivery.object
        amount = about.get("amount", about.get("amount_total"))
        consequences.note_unmatched(about["id"], str(why), amount, about.get("currency") or "")
        return EventState.unmatched, str(why)


def _note(delivery: Delivery, state: EventState, error: str) -> EventState:
    if state is not EventState.applied:
        event = current_session().scalars(select(StripeEvent).where(StripeEvent.stripe_event_id == delivery.id)).one()
        event.state, event.error = state, error
    return state


def _claim(delivery: Delivery, state: EventState, error: str = "") -> bool:
    """Claim it, unless it was applied before; a failed one may be claimed again: Stripe's retry is no repetition."""
    session = current_session()
    row = upsert(StripeEvent).values(
        stripe_event_id=delivery.id, type=delivery.type, object_id=str(delivery.object.get("id") or ""), api_version=delivery.api_version,
        livemode=delivery.livemode, payload=delivery.payload, state=state, tries=1, error=error, received_at=now(),
        fetched=delivery.fetched,
    )  # fmt: skip
    claimed = row.on_conflict_do_update(
        index_elements=["stripe_event_id"],
        set_={"state": state, "error": error, "tries": StripeEvent.tries + 1},
        where=StripeEvent.state.in_([EventState.failed, EventState.unmatched]),
    )
    return session.scalar(claimed.returning(StripeEvent.id)) is not None


def _effect(delivery: Delivery) -> bool:
    """Carry out what the event says; False when it is none of our business."""
    about = delivery.object
    ours = delivery.api_version == API_VERSION
    if delivery.type in FINAL and ours:
        return _settle_final(delivery)
    if delivery.type in FINAL:
        enqueue("look_again", {"event": delivery.id}, unique_key=f"event:{delivery.id}")
        return True
    return ring(delivery.type, about)


def _settle_final(delivery: Delivery) -> bool:
    about, kind = delivery.object, delivery.type
    if kind == "payment_intent.payment_failed":
        return _settle_decline(delivery)
    if kind == "checkout.session.expired":
        return _settle_expired(delivery)
    if kind.startswith("payment_intent."):
        told = intent_news(about, Source.webhook, answers=_own_key(delivery.key), event=delivery.id)
        settle(told)
        _learn_card(told)
    elif kind == "customer.deleted":
        settle(customer_news(about | {"deleted": True}, Source.webhook, livemode=delivery.livemode))
    else:
        facts = card_facts(about["id"], about.get("card") or {})
        whose = delivery.previous.get("customer")
        settle(CardGoneNews(Source.webhook, about["id"], delivery.livemode, whose, facts))
    return True


def _settle_expired(delivery: Delivery) -> bool:
    """Of a Session for saving a card its set-up tells by itself that it is over."""
    if delivery.object["mode"] != "payment":
        return False
    settle(session_news(delivery.object, Source.webhook, event=delivery.id))
    return True


def _learn_card(told: IntentNews) -> None:
    """An event's intent names its card but does not describe it: a new card has to be looked up."""
    unknown = select(Payment.id).where(Payment.stripe_payment_intent_id == told.intent, Payment.card_last4 == "")
    if told.status == statuses.SUCCEEDED and current_session().scalar(unknown) is not None:
        _ask("look_at_intent", "intent", told.intent)


def _settle_decline(delivery: Delivery) -> bool:
    """A decline closes an attempt only where it answers that attempt's own request; without that it rings."""
    if _own_key(delivery.key):
        settle(intent_news(delivery.object, Source.webhook, answers=delivery.key, event=delivery.id))
    return ring(delivery.type, delivery.object)


def _own_key(key: str | None) -> str | None:
    known = select(PaymentAttempt.idempotency_key).where(PaymentAttempt.idempotency_key == key)
    return current_session().scalar(known) if key else None


def is_followed(kind: str) -> bool:
    """Whether events of this type tell us anything."""
    return kind in FINAL or kind in _BY_INTENT or kind.rpartition(".")[0] in _BY_OBJECT


def ring(kind: str, about: Facts) -> bool:
    """Ask for a look at what the event is about, one per object; False for a type or object we do not follow."""
    if kind in _BY_INTENT:
        return _ring_by_intent(kind, about.get("payment_intent"))
    family = kind.rpartition(".")[0]
    if family not in _BY_OBJECT:
        return False
    return _ask(*_BY_OBJECT[family], about["id"])


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


def _ring_by_intent(kind: str, intent: str | None) -> bool:
    # A charge that is captured later knows its fee then. That only tells us something while the payment is open here.
    if intent is None or (kind == "charge.updated" and not _is_open(intent)):
        return False
    return _ask(_BY_INTENT[kind], "intent", intent)


def _is_open(intent: str) -> bool:
    is_open = select(Payment.id).where(
        Payment.stripe_payment_intent_id == intent, Payment.intent_state == IntentState.open
    )
    return current_session().scalar(is_open) is not None


def _ask(job: str, argument: str, object_id: str) -> bool:
    enqueue(job, {argument: object_id}, unique_key=f"{job}:{object_id}")
    return True


def replay(event_id: str) -> EventState:
    """Fetch an event from Stripe again and carry out its effect; what was applied stays applied."""
    facts = fetch_event(event_id)
    apply_once(replace(read(facts), fetched=True), alongside=lambda: audit.note("replayed", f"event {event_id}"))
    query = select(StripeEvent.state).where(StripeEvent.stripe_event_id == event_id)
    became = current_session().scalars(query).one()
    leave()
    return became
