"""What a PaymentIntent is like."""

from dataclasses import dataclass

from storefront.payments.models import Source
from storefront.payments.news.cards import CardFacts, card_facts, described
from storefront.payments.news.declines import Decline, decline_of
from storefront.payments.news.facts import Facts, id_of
from storefront.payments.news.statuses import REQUIRES_PAYMENT_METHOD, SUCCEEDED


@dataclass(frozen=True)
class IntentNews:
    """What a PaymentIntent is like.

    `answers` is the idempotency key of the request this is the answer to, if any. `looked_at_challenge` is the
    number of the attempt that waited for the customer's bank when we asked, if one did. `asked_for` is the order that
    we asked for ourselves.
    """

    source: Source
    intent: str
    status: str
    amount: int
    currency: str
    customer: str | None
    livemode: bool
    order: str | None
    shop: str | None
    attempt: str | None
    received: int
    charge: str | None
    method: str | None
    card: CardFacts | None
    keeps_card: bool
    decline: Decline | None
    answers: str | None = None
    looked_at_challenge: int | None = None
    asked_for: int | None = None
    event: str = ""


def intent_news(
    facts: Facts, source: Source, *, answers: str | None = None, challenge: int | None = None, event: str = ""
) -> IntentNews:
    """Read a PaymentIntent, as the API or an event tells it."""
    metadata = facts.get("metadata") or {}
    charge = facts.get("latest_charge")
    failed = facts.get("last_payment_error")
    return IntentNews(
        source=source,
        intent=facts["id"],
        status=facts["status"],
        amount=facts["amount"],
        currency=facts["currency"],
        customer=id_of(facts.get("customer")),
        livemode=facts["livemode"],
        order=metadata.get("order_id"),
        shop=metadata.get("shop"),
        attempt=metadata.get("attempt_id"),
        received=facts.get("amount_received") or 0,
        charge=id_of(charge),
        method=id_of(facts.get("payment_method")),
        card=_card_paid_with(charge, facts) or described(facts.get("payment_method")) or _card_that_failed(failed),
        keeps_card=facts.get("setup_future_usage") == "off_session",
        decline=decline_of(failed) if failed and facts["status"] == REQUIRES_PAYMENT_METHOD else None,
        answers=answers,
        looked_at_challenge=challenge,
        event=event,
    )


def _card_paid_with(charge: object, facts: Facts) -> CardFacts | None:
    if not isinstance(charge, dict) or facts["status"] != SUCCEEDED:
        return None
    card = (charge.get("payment_method_details") or {}).get("card")
    method = charge.get("payment_method") or id_of(facts.get("payment_method"))
    return card_facts(method, card) if card and method else None


def _card_that_failed(failed: Facts | None) -> CardFacts | None:
    return described((failed or {}).get("payment_method"))
