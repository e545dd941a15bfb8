"""Checkout Sessions: pages of Stripe's for paying, or for saving a card."""

from typing import Any, Final

from storefront.payments.news.facts import Facts
from storefront.payments.stripe_gateway.changing import change
from storefront.payments.stripe_gateway.intents import INTENT_PARTS
from storefront.payments.stripe_gateway.line import ask, given, plain

SESSION_PARTS: Final = [f"payment_intent.{part}" for part in INTENT_PARTS]


def open_session(request: Facts, key: str) -> Facts:
    """Open a page of Stripe's for paying or for saving a card. Its `url` is handed on, and never stored."""
    return change(
        lambda client: plain(
            client.v1.checkout.sessions.create(params=request["params"], options={"idempotency_key": key})
        )
    )


def fetch_session(session: str) -> Facts:
    """The Session as it is now, with its intent once there is one."""
    return ask(
        lambda client: plain(
            client.v1.checkout.sessions.retrieve(given(session), params={"expand": list(SESSION_PARTS)})
        )
    )


def expire_session(session: str) -> Facts:
    """Nobody can pay it any more; RefusedByStripeError where it is complete, which means that it was paid."""
    return change(lambda client: plain(client.v1.checkout.sessions.expire(given(session))))


def sessions_since(customer: str | None, since: int) -> list[Facts]:
    """Sessions opened since a Unix time, for one customer or for all; paged through."""
    params: Any = {"created": {"gte": since}, "limit": 100} | ({"customer": customer} if customer else {})
    return ask(
        lambda client: [plain(one) for one in client.v1.checkout.sessions.list(params=params).auto_paging_iter()]
    )
