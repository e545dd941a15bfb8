"""Stripe's list of Checkout Sessions beside our attempts."""

from sqlalchemy import or_, select

from storefront.database import current_session, leave
from storefront.payments.models import LIVE_STATES, AttemptState, PaymentAttempt, Source
from storefront.payments.news import statuses
from storefront.payments.news.facts import Facts
from storefront.payments.news.intents import intent_news
from storefront.payments.news.sessions import session_news
from storefront.payments.sessions import close_session
from storefront.payments.sweeping.trying import Fate, Found, settle_found


def compare_sessions(found: list[Facts], *, trial: bool) -> list[Found]:
    """Record how those stand that are open here; one that is open there alone is closed.

    What was paid on one is its intent's to say, and that is in a list of its own.
    """
    ours = _attempts(found)
    leave()
    results = [_compare(one, ours[one["id"]], trial=trial) for one in found if one["id"] in ours]
    return [result for result in results if result]


def _attempts(found: list[Facts]) -> dict[str, AttemptState]:
    """Our attempts' states by the ids of these Sessions."""
    marked = {marks["attempt_id"]: one["id"] for one in found if "attempt_id" in (marks := one.get("metadata") or {})}
    ids = [one["id"] for one in found]
    attempts = select(PaymentAttempt.stripe_session_id, PaymentAttempt.public_id, PaymentAttempt.state).where(
        or_(PaymentAttempt.stripe_session_id.in_(ids), PaymentAttempt.public_id.in_(marked))
    )
    rows = current_session().execute(attempts)
    return {session or marked[public_id]: state for session, public_id, state in rows}


def _compare(facts: Facts, state: AttemptState, *, trial: bool) -> Found | None:
    about = f"Session {facts['id']}"
    if facts["mode"] != "payment":
        return None
    if state in LIVE_STATES:
        return _settle(about, facts, trial=trial)
    if facts["status"] != statuses.OPEN:
        return None
    if not trial:
        close_session(facts["id"], Source.reconciliation)
    return Found(about, Fate.recorded, "its attempt is over: closed at Stripe")


def _settle(about: str, facts: Facts, *, trial: bool) -> Found | None:
    found = settle_found(about, session_news(facts, Source.reconciliation), trial=trial)
    if isinstance(facts.get("payment_intent"), dict):
        paid = settle_found(about, intent_news(facts["payment_intent"], Source.reconciliation), trial=trial)
        return paid or found
    return found
