"""The inbox: what Stripe tells us by webhook, each event applied once, together with its effect."""

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import and_, or_, select, update

from storefront.core import audit
from storefront.core.clock import now
from storefront.core.database import current_session, dry_run, end_read, transaction, upsert
from storefront.core.installation import this_shop
from storefront.core.jobs.queue import enqueue
from storefront.orders.models import Order
from storefront.payments.ledger import effects
from storefront.payments.ledger.models import Payment, PaymentAttempt, Source
from storefront.payments.ledger.record import ForeignObjectError, MismatchError, apply_update
from storefront.stripe import statuses
from storefront.stripe.api import fetch_event
from storefront.stripe.client import API_VERSION
from storefront.stripe.objects import (
    CardDetached,
    PaymentIntentUpdate,
    card_facts,
    checkout_session_update,
    customer_update,
    id_of,
    payment_intent_update,
)
from storefront.webhooks.handlers import FINAL, ask_for_look, ring
from storefront.webhooks.models import EventState, StripeEvent
from storefront.webhooks.verify import WebhookEvent, read_event


def apply_once(delivery: WebhookEvent, alongside: Callable[[], None] | None = None) -> EventState | None:
    """Claim the event and carry out its effect, in one transaction, and what is to be done `alongside`. A repetition does nothing: None.

    An effect that fails is rolled back whole, the event is kept as failed, and the error goes on: answered 500, Stripe sends again.
    """
    try:
        with transaction():
            if _claim(delivery, EventState.applied):
                became = _note(delivery, *_apply(delivery))
                if alongside:
                    alongside()
                return became
    except Exception as error:
        with transaction():
            _claim(delivery, EventState.failed, error=f"{type(error).__name__}: {error}")
        raise
    return None


def try_apply(delivery: WebhookEvent) -> EventState | None:
    """What `apply_once` would make of it; nothing of that stays."""
    became = None
    with dry_run():
        if _claim(delivery, EventState.applied):
            became = _note(delivery, *_apply(delivery))
    return became


def _apply(delivery: WebhookEvent) -> tuple[EventState, str]:
    # What does not fit raises before anything is changed, so there is nothing to take back.
    try:
        is_ours = _apply_effect(delivery)
    except ForeignObjectError:
        return EventState.ignored, "not this shop's"
    except MismatchError as why:
        about = delivery.object
        amount = about.get("amount", about.get("amount_total"))
        effects.record_unmatched(about["id"], str(why), amount, about.get("currency") or "")
        return EventState.unmatched, str(why)
    if not is_ours:
        return EventState.ignored, ""
    _note_last_event(delivery)
    return EventState.applied, ""


def _note_last_event(delivery: WebhookEvent) -> None:
    """Which event of Stripe's a payment heard of last, whatever it said: a decline, a challenge and a refund as well as a success."""
    about = delivery.object
    is_intent = delivery.type.startswith("payment_intent.")
    intent = about["id"] if is_intent else id_of(about.get("payment_intent"))
    if intent is None:
        return
    is_about = Payment.stripe_payment_intent_id == intent
    if is_intent and (about.get("metadata") or {}).get("shop") == this_shop():
        # The answer that would have told us the intent may be lost.
        order = select(Order.id).where(Order.public_id == about["metadata"].get("order_id")).scalar_subquery()
        is_about = or_(is_about, and_(Payment.order_id == order, Payment.stripe_payment_intent_id.is_(None)))
    heard = update(Payment).where(is_about).values(last_webhook_event=delivery.id, last_webhook_at=now())
    current_session().execute(heard, execution_options={"synchronize_session": False})


def _note(delivery: WebhookEvent, state: EventState, error: str) -> EventState:
    if state is not EventState.applied:
        event = current_session().scalars(select(StripeEvent).where(StripeEvent.stripe_event_id == delivery.id)).one()
        event.state, event.error = state, error
    return state


def _claim(delivery: WebhookEvent, state: EventState, error: str = "") -> bool:
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


def _apply_effect(delivery: WebhookEvent) -> bool:
    """Carry out what the event says; False when it is none of our business."""
    about = delivery.object
    ours = delivery.api_version == API_VERSION
    if delivery.type in FINAL and ours:
        return _apply_final(delivery)
    if delivery.type in FINAL:
        enqueue("look_again", {"event": delivery.id}, unique_key=f"event:{delivery.id}")
        return True
    return ring(delivery.type, about)


def _apply_final(delivery: WebhookEvent) -> bool:
    about, kind = delivery.object, delivery.type
    if kind == "payment_intent.payment_failed":
        return _apply_decline(delivery)
    if kind == "checkout.session.expired":
        return _apply_expired(delivery)
    if kind.startswith("payment_intent."):
        told = payment_intent_update(about, Source.webhook, answers=_own_key(delivery.key), event=delivery.id)
        apply_update(told)
        _learn_card(told)
    elif kind == "customer.deleted":
        apply_update(customer_update(about | {"deleted": True}, Source.webhook, livemode=delivery.livemode))
    else:
        facts = card_facts(about["id"], about.get("card") or {})
        whose = delivery.previous.get("customer")
        apply_update(CardDetached(Source.webhook, about["id"], delivery.livemode, whose, facts))
    return True


def _apply_expired(delivery: WebhookEvent) -> bool:
    """Of a Session for saving a card its set-up tells by itself that it is over."""
    if delivery.object["mode"] != "payment":
        return False
    apply_update(checkout_session_update(delivery.object, Source.webhook, event=delivery.id))
    return True


def _learn_card(told: PaymentIntentUpdate) -> None:
    """An event's intent names its card but does not describe it: a new card has to be looked up."""
    unknown = select(Payment.id).where(Payment.stripe_payment_intent_id == told.intent, Payment.card_last4 == "")
    if told.status == statuses.SUCCEEDED and current_session().scalar(unknown) is not None:
        ask_for_look("look_at_intent", "intent", told.intent)


def _apply_decline(delivery: WebhookEvent) -> bool:
    """A decline closes an attempt only where it answers that attempt's own request; without that it rings."""
    if _own_key(delivery.key):
        apply_update(payment_intent_update(delivery.object, Source.webhook, answers=delivery.key, event=delivery.id))
    return ring(delivery.type, delivery.object)


def _own_key(key: str | None) -> str | None:
    known = select(PaymentAttempt.idempotency_key).where(PaymentAttempt.idempotency_key == key)
    return current_session().scalar(known) if key else None


def replay(event_id: str) -> EventState:
    """Fetch an event from Stripe again and carry out its effect; what was applied stays applied."""
    facts = fetch_event(event_id)
    apply_once(
        replace(read_event(facts), fetched=True), alongside=lambda: audit.record("replayed", f"event {event_id}")
    )
    query = select(StripeEvent.state).where(StripeEvent.stripe_event_id == event_id)
    became = current_session().scalars(query).one()
    end_read()
    return became
