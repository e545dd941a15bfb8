"""PaymentIntents: what is to be paid, and whether it was."""

from typing import Any, Final

import stripe
from stripe import StripeClient

from storefront.payments.news.facts import Facts
from storefront.payments.stripe_gateway.changing import change
from storefront.payments.stripe_gateway.errors import OutcomeUnknownError, RefusedByStripeError
from storefront.payments.stripe_gateway.line import ask, given, plain, refusal

# What a payment is told by besides its intent: which card, and what was charged.
INTENT_PARTS: Final = ["latest_charge", "payment_method"]


def pay(operation: str, request: Facts, key: str) -> Facts:
    """Send an attempt: create the intent, or confirm it with another card. A decline comes back as the intent it left."""
    try:
        return change(lambda client: plain(_send_payment(client, operation, request, key)))
    except stripe.CardError as declined:
        intent = declined.error.payment_intent if declined.error else None
        if intent is None:
            raise refusal(declined) from declined
        return plain(intent)


def _send_payment(client: StripeClient, operation: str, request: Facts, key: str) -> stripe.PaymentIntent:
    if operation == "create":
        return client.v1.payment_intents.create(params=request["params"], options={"idempotency_key": key})
    return client.v1.payment_intents.confirm(
        request["intent"], params=request["params"], options={"idempotency_key": key}
    )


def fetch_intent(intent: str) -> Facts:
    """The PaymentIntent as it is now, with its latest charge; holds its client_secret, which is never stored.

    A look that is refused tells nothing of the intent: OutcomeUnknownError.
    """
    try:
        return ask(
            lambda client: plain(client.v1.payment_intents.retrieve(given(intent), params={"expand": INTENT_PARTS}))
        )
    except RefusedByStripeError as refused:
        raise OutcomeUnknownError from refused


def find_intent(intent: str) -> Facts | None:
    """As `fetch_intent`; None where Stripe says that there is none."""
    try:
        return ask(lambda client: plain(client.v1.payment_intents.retrieve(given(intent))))
    except RefusedByStripeError as refused:
        if refused.code == "resource_missing":
            return None
        raise OutcomeUnknownError from refused


def cancel_intent(intent: str) -> Facts:
    """Cancel it, or learn by RefusedByStripeError that it can no longer be."""
    return change(
        lambda client: plain(client.v1.payment_intents.cancel(given(intent), params={"expand": INTENT_PARTS}))
    )


def intents_since(customer: str | None, since: int) -> list[Facts]:
    """Intents created since a Unix time, of one customer or of all; paged through."""
    params: Any = {"created": {"gte": since}, "limit": 100, "expand": [f"data.{part}" for part in INTENT_PARTS]}
    if customer:
        params["customer"] = customer
    return ask(
        lambda client: [plain(intent) for intent in client.v1.payment_intents.list(params=params).auto_paging_iter()]
    )
