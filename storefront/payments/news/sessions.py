"""What a hosted Session is like."""

from dataclasses import dataclass

from storefront.payments.models import Source
from storefront.payments.news.declines import Decline, decline_of
from storefront.payments.news.facts import Facts, id_of
from storefront.payments.news.statuses import CANCELED, COMPLETE, REQUIRES_PAYMENT_METHOD


@dataclass(frozen=True)
class SessionNews:
    """What a hosted Session is like. `failed`: it is complete, but its payment came to nothing after all."""

    source: Source
    session: str
    status: str
    amount: int
    currency: str
    customer: str | None
    livemode: bool
    shop: str | None
    attempt: str | None
    intent: str | None
    failed: bool
    decline: Decline | None
    event: str = ""


def session_news(facts: Facts, source: Source, *, event: str = "") -> SessionNews:
    """Read a Checkout Session for paying; whether it failed only shows where its intent was told with it."""
    metadata = facts.get("metadata") or {}
    told = facts.get("payment_intent")
    intent = told if isinstance(told, dict) else {}
    failed = facts["status"] == COMPLETE and intent.get("status") in {REQUIRES_PAYMENT_METHOD, CANCELED}
    return SessionNews(
        source=source,
        session=facts["id"],
        status=facts["status"],
        amount=facts["amount_total"],
        currency=facts["currency"],
        customer=id_of(facts.get("customer")),
        livemode=facts["livemode"],
        shop=metadata.get("shop"),
        attempt=metadata.get("attempt_id"),
        intent=id_of(told),
        failed=failed,
        decline=decline_of(intent.get("last_payment_error") or {}) if failed else None,
        event=event,
    )
