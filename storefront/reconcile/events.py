"""Stripe's list of events beside our inbox: what was never delivered here is applied as if it had been."""

import logging
from collections.abc import Iterator
from dataclasses import replace

from flask import current_app
from sqlalchemy import select

from storefront.cards.models import StripeCustomer
from storefront.core.database import current_session, end_read
from storefront.core.installation import this_shop
from storefront.payments.ledger.models import Payment
from storefront.reconcile.results import ComparedObject, Outcome
from storefront.stripe.objects import StripeObject
from storefront.webhooks import inbox
from storefront.webhooks.handlers import is_followed
from storefront.webhooks.models import EventState, StripeEvent
from storefront.webhooks.verify import read_event

log = logging.getLogger(__name__)


def compare_events(found: list[StripeObject], *, trial: bool) -> list[ComparedObject]:
    """Apply those that the inbox does not have, the oldest first. A later delivery of the same one is a repetition."""
    followed = [one for one in reversed(found) if is_followed(one["type"])]
    received = _received(followed)
    missing = [one for one in followed if one["id"] not in received]
    ours = _of_this_shop(missing)
    end_read()
    results = [_apply(one, trial=trial) for one in missing if one["id"] in ours]
    return [result for result in results if result]


def _received(found: list[StripeObject]) -> set[str]:
    """A failed one is not received: its retry does the work."""
    query = select(StripeEvent.stripe_event_id).where(
        StripeEvent.stripe_event_id.in_([one["id"] for one in found]), StripeEvent.state != EventState.failed
    )
    return set(current_session().scalars(query))


def _of_this_shop(found: list[StripeObject]) -> set[str]:
    """The ids of those that bear our mark, or are about an intent or a customer of ours."""
    told = {one["id"]: set(_ids_in(one)) for one in found}
    everything = {value for ids in told.values() for value in ids}
    session = current_session()
    known = {this_shop()}
    known |= set(session.scalars(select(StripeCustomer.stripe_id).where(StripeCustomer.stripe_id.in_(everything))))
    known |= set(
        session.scalars(
            select(Payment.stripe_payment_intent_id).where(Payment.stripe_payment_intent_id.in_(everything))
        )
    )
    return {event for event, ids in told.items() if ids & known}


def _ids_in(event: StripeObject) -> Iterator[str]:
    """Whose it may be: the shop in its marks, its customer, its intent, itself."""
    about = event["data"]["object"]
    previous = event["data"].get("previous_attributes") or {}
    values = (
        (about.get("metadata") or {}).get("shop"), about.get("id"), about.get("customer"), about.get("payment_intent"),
        previous.get("customer"),
    )  # fmt: skip
    for value in values:
        plain = value.get("id") if isinstance(value, dict) else value
        if plain:
            yield str(plain)


def _apply(event: StripeObject, *, trial: bool) -> ComparedObject | None:
    delivery = replace(read_event(event), fetched=True)
    if delivery.livemode != current_app.config["SETTINGS"].livemode:
        return None
    about = f"event {delivery.type} {delivery.id}"
    try:
        became = inbox.try_apply(delivery) if trial else inbox.apply_once(delivery)
    except Exception:
        # It is kept as failed, and comes round again. The others must not wait for it.
        end_read()
        log.exception("%s could not be applied", about)
        return None
    fate = Outcome.unmatched if became is EventState.unmatched else Outcome.recorded
    return ComparedObject(about, fate, object_id=str(delivery.object.get("id")))
