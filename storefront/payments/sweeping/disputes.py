"""Stripe's list of disputes beside ours."""

from sqlalchemy import select

from storefront.database import current_session, leave
from storefront.installation import this_shop
from storefront.payments.looking import ask_about_dispute
from storefront.payments.models import Payment, Source
from storefront.payments.news.facts import Facts, intent_of
from storefront.payments.refund_models import Dispute
from storefront.payments.sweeping.trying import Fate, Found


def compare_disputes(found: list[Facts], *, trial: bool) -> list[Found]:
    """Look at each of ours that is new, or stands differently."""
    states, intents, shop = _states(found), _known_intents(found), this_shop()
    leave()
    new = [one for one in found if states.get(one["id"]) != one["status"]]
    return [
        _look(one, trial=trial)
        for one in new
        if one["id"] in states or intent_of(one) in intents or _shop_of(one) == shop
    ]


def _states(found: list[Facts]) -> dict[str, str]:
    ids = [one["id"] for one in found]
    query = select(Dispute.stripe_dispute_id, Dispute.status).where(Dispute.stripe_dispute_id.in_(ids))
    return {dispute: status for dispute, status in current_session().execute(query)}  # noqa: C416  rows


def _known_intents(found: list[Facts]) -> set[str | None]:
    told = [intent for one in found if (intent := intent_of(one))]
    known = select(Payment.stripe_payment_intent_id).where(Payment.stripe_payment_intent_id.in_(told))
    return set(current_session().scalars(known))


def _shop_of(facts: Facts) -> str | None:
    """The mark on its intent, which was told with it."""
    intent = facts.get("payment_intent")
    marks = intent.get("metadata") if isinstance(intent, dict) else None
    return (marks or {}).get("shop")


def _look(facts: Facts, *, trial: bool) -> Found:
    if not trial:
        ask_about_dispute(facts["id"], Source.reconciliation)
    return Found(f"dispute {facts['id']}", Fate.recorded, facts["status"])
