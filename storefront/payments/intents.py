"""Looks at PaymentIntents."""

from storefront.payments import news, stripe_gateway
from storefront.payments.attempts import record_or_note
from storefront.payments.models import (
    Source,
)


def look_at_intent(intent: str, source: Source = Source.reconciliation, *, challenge: int | None = None) -> None:
    """Fetch one intent and record what it is like.

    `challenge`: the number of the attempt that waited for the customer's bank when this was asked.
    """
    record_or_note(news.intent_news(stripe_gateway.fetch_intent(intent), source, challenge=challenge))
