"""Cards that Stripe keeps, and SetupIntents, by which one is saved without paying."""

from typing import Any

from storefront.payments.news.facts import Facts
from storefront.payments.stripe_gateway.changing import change
from storefront.payments.stripe_gateway.line import ask, given, plain


def cards_of(customer: str) -> list[Facts]:
    """All cards that are attached to a customer; paged through."""
    params: Any = {"type": "card", "limit": 100}
    return ask(
        lambda client: [
            plain(one)
            for one in client.v1.customers.payment_methods.list(given(customer), params=params).auto_paging_iter()
        ]
    )


def fetch_card(payment_method: str) -> Facts:
    """The payment method as it is now; `customer` is null once detached."""
    return ask(lambda client: plain(client.v1.payment_methods.retrieve(given(payment_method))))


def detach_card(payment_method: str) -> Facts:
    """Detach it for good."""
    return change(lambda client: plain(client.v1.payment_methods.detach(given(payment_method))))


def allow_redisplay(payment_method: str) -> Facts:
    """Say that the customer agreed to be shown this card again."""
    return change(
        lambda client: plain(
            client.v1.payment_methods.update(given(payment_method), params={"allow_redisplay": "always"})
        )
    )


def create_setup(request: Facts, key: str) -> Facts:
    """Begin to save a card; the answer holds a client_secret, which goes to the browser and is never stored."""
    return change(
        lambda client: plain(client.v1.setup_intents.create(params=request["params"], options={"idempotency_key": key}))
    )


def cancel_setup(setup: str) -> Facts:
    """Nobody finishes it any more; RefusedByStripeError where it can no longer be canceled."""
    return change(
        lambda client: plain(client.v1.setup_intents.cancel(given(setup), params={"expand": ["payment_method"]}))
    )


def fetch_setup(setup: str) -> Facts:
    """The SetupIntent as it is now, with its card."""
    return ask(
        lambda client: plain(client.v1.setup_intents.retrieve(given(setup), params={"expand": ["payment_method"]}))
    )
