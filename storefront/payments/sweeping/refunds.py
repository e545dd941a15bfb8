"""Stripe's list of refunds beside ours."""

from sqlalchemy import or_, select

from storefront.database import current_session, leave
from storefront.installation import this_shop
from storefront.payments.models import Payment, Source
from storefront.payments.news.facts import Facts, intent_of
from storefront.payments.news.refunds import refund_news
from storefront.payments.refund_models import Refund
from storefront.payments.sweeping.trying import Found, note_found, settle_found


def compare_refunds(found: list[Facts], *, trial: bool) -> list[Found]:
    """Record those that we do not know, and those that stand differently."""
    shop, states, intents = this_shop(), _states(found), _our_intents(found)
    leave()
    results = []
    for facts in found:
        marks = facts.get("metadata") or {}
        state = states.get(facts["id"]) or states.get(marks.get("refund_id", ""))
        if states.get(facts["id"], "?") == facts["status"]:
            continue
        about = f"refund {facts['id']}"
        if state or intent_of(facts) in intents:
            results.append(settle_found(about, refund_news(facts, Source.reconciliation), trial=trial))
        elif marks.get("shop") == shop:
            why = f"refund {facts['id']} is ours, but the payment it belongs to is not here"
            results.append(note_found(about, why, facts["amount"], facts["currency"], trial=trial))
    return [result for result in results if result]


def _states(found: list[Facts]) -> dict[str, str]:
    """How our own stand: by their ids at Stripe, where we know them, and by ours."""
    ours = [marks["refund_id"] for one in found if "refund_id" in (marks := one.get("metadata") or {})]
    refunds = select(Refund.stripe_refund_id, Refund.public_id, Refund.state).where(
        or_(Refund.stripe_refund_id.in_([one["id"] for one in found]), Refund.public_id.in_(ours))
    )
    rows = current_session().execute(refunds).all()
    return {row.stripe_refund_id or row.public_id: row.state for row in rows} | {
        row.public_id: row.state for row in rows
    }


def _our_intents(found: list[Facts]) -> set[str | None]:
    told = [intent for one in found if (intent := intent_of(one))]
    known = select(Payment.stripe_payment_intent_id).where(Payment.stripe_payment_intent_id.in_(told))
    return set(current_session().scalars(known))
