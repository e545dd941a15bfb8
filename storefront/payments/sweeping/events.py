"""Stripe's list of events beside our inbox: what was never delivered here is applied as if it had been."""

import logging
from collections.abc import Iterator
from dataclasses import replace

from flask import current_app
from sqlalchemy import select

from storefront.database import current_session, leave
from storefront.installation import this_shop
from storefront.payments import inbox
from storefront.payments.card_models import StripeCustomer
from storefront.payments.deliveries import read
from storefront.payments.inbox_models import EventState, StripeEvent
from storefront.payments.models import Payment
from storefront.payments.news.facts import Facts
from storefront.payments.ringing import is_followed
from storefront.payments.sweeping.trying import Fate, Found

log = logging.getLogger(__name__)


def compare_events(found: list[Facts], *, trial: bool) -> list[Found]:
    """Apply those that the inbox does not have, the oldest first. A later delivery of the same one is a repetition."""
    followed = [one for one in reversed(found) if is_followed(one["type"])]
    received = _received(followed)
    missing = [one for one in followed if one["id"] not in received]
    ours = _of_this_shop(missing)
    leave()
    results = [_apply(one, trial=trial) for one in missing if one["id"] in ours]
    return [result for result in results if result]


def _received(found: list[Facts]) -> set[str]:
    """A failed one is not received: its retry does the work."""
    query = select(StripeEvent.stripe_event_id).where(
        StripeEvent.stripe_event_id.in_([one["id"] for one in found]), StripeEvent.state != EventState.failed
    )
    return set(current_session().scalars(query))


def _of_this_shop(found: list[Facts]) -> set[str]:
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


def _ids_in(event: Facts) -> Iterator[str]:
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


def _apply(event: Facts, *, trial: bool) -> Found | None:
    delivery = replace(read(event), fetched=True)
    if delivery.livemode != current_app.config["SETTINGS"].livemode:
        return None
    about = f"event {delivery.type} {delivery.id}"
    try:
        became = inbox.try_out(delivery) if trial else inbox.apply_once(delivery)
    except Exception:
        # It is kept as failed, and comes round again. The others must not wait for it.
        leave()
        log.exception("%s could not be applied", about)
        return None
    fate = Fate.unmatched if became is EventState.unmatched else Fate.recorded
    return Found(about, fate, object_id=str(delivery.object.get("id")))
