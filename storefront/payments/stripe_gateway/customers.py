"""Customers at Stripe: whom cards are kept for."""

from typing import Any

from storefront.payments.news.facts import Facts
from storefront.payments.stripe_gateway.changing import change
from storefront.payments.stripe_gateway.line import ask, given, plain


def create_customer(request: Facts, key: str) -> Facts:
    """Make a customer."""
    return change(
        lambda client: plain(client.v1.customers.create(params=request["params"], options={"idempotency_key": key}))
    )


def update_customer(customer: str, params: Facts) -> Facts:
    """Push what the shop knows of a customer."""
    return change(lambda client: plain(client.v1.customers.update(given(customer), params=params)))  # type: ignore[arg-type]


def delete_customer(customer: str) -> Facts:
    """Delete it for good, and detach its cards."""
    return change(lambda client: plain(client.v1.customers.delete(given(customer))))


def fetch_customer(customer: str) -> Facts:
    """The customer as it is now; a deleted one says `deleted`."""
    return ask(lambda client: plain(client.v1.customers.retrieve(given(customer))))


def customers_since(since: int, email: str) -> list[Facts]:
    """Customers made since a Unix time with this e-mail."""
    params: Any = {"created": {"gte": since}, "email": email, "limit": 100}
    return ask(lambda client: [plain(one) for one in client.v1.customers.list(params=params).auto_paging_iter()])
