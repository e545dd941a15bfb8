"""Hosted Sessions: asking Stripe about one, closing it, and the way back to its page."""

from contextlib import suppress

from sqlalchemy import select

from storefront.database import current_session, leave
from storefront.payments.attempts import record_or_note
from storefront.payments.models import AttemptKind, Payment, Source
from storefront.payments.news.facts import Facts
from storefront.payments.news.intents import intent_news
from storefront.payments.news.sessions import session_news
from storefront.payments.news.setups import setup_news
from storefront.payments.record import record
from storefront.payments.stripe_gateway.cards import fetch_setup
from storefront.payments.stripe_gateway.changing import seat
from storefront.payments.stripe_gateway.errors import OutcomeUnknownError, RefusedByStripeError
from storefront.payments.stripe_gateway.sessions import expire_session, fetch_session


def waiting_session(payment: Payment) -> str | None:
    """The Session that this payment's open attempt is, if it is one and Stripe has it."""
    last = payment.last_attempt
    is_page = last is not None and last.kind is AttemptKind.session and last.is_live
    return last.stripe_session_id if last and is_page else None


def look_at_session(session: str, source: Source) -> Facts:
    """Fetch it and record what it and its intent are like; the facts hold its address, which is never stored."""
    facts = fetch_session(session)
    if facts["mode"] == "setup":
        record(setup_news(fetch_setup(facts["setup_intent"]), source))
        return facts
    record_or_note(session_news(facts, source))
    if facts["payment_intent"]:
        record_or_note(intent_news(facts["payment_intent"], source))
    return facts


def close_session(session: str, source: Source) -> None:
    """Let it expire, and let the answer count. What cannot expire is complete, and so may be paid: then that counts."""
    try:
        facts = expire_session(session)
    except RefusedByStripeError:
        look_at_session(session, source)
    else:
        record_or_note(session_news(facts, source))


def page_to_pay(order_id: int) -> str | None:
    """The address of Stripe's page for an order that waits there; None where it does not, or Stripe does not answer."""
    payment = current_session().scalars(select(Payment).where(Payment.order_id == order_id)).one()
    session = waiting_session(payment)
    leave()
    if session is None:
        return None
    with seat(), suppress(OutcomeUnknownError, RefusedByStripeError):
        url: str | None = look_at_session(session, Source.api)["url"]
        return url
    return None
