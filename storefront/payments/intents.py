"""PaymentIntents: asking Stripe about one, and closing it."""

from storefront.payments.attempts import record_or_note
from storefront.payments.models import Source
from storefront.payments.news.intents import intent_news
from storefront.payments.stripe_gateway.errors import RefusedByStripeError
from storefront.payments.stripe_gateway.intents import cancel_intent, fetch_intent


def look_at_intent(intent: str, source: Source = Source.reconciliation, *, challenge: int | None = None) -> None:
    """Fetch one intent and record what it is like.

    `challenge`: the number of the attempt that waited for the customer's bank when this was asked.
    """
    record_or_note(intent_news(fetch_intent(intent), source, challenge=challenge))


def cancel_at_stripe(intent: str, source: Source) -> None:
    """Cancel it, and let the answer count; what can no longer be canceled is looked at."""
    try:
        facts = cancel_intent(intent)
    except RefusedByStripeError:
        look_at_intent(intent, source)
    else:
        record_or_note(intent_news(facts, source))
