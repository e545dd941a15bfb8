"""Calculations of Stripe Tax."""

from storefront.payments.news.facts import Facts
from storefront.payments.stripe_gateway.changing import change
from storefront.payments.stripe_gateway.line import gateway_here, plain


def calculate_tax(request: Facts, key: str) -> Facts:
    """What the tax is. Somebody waits for it, so Stripe has a few seconds."""
    brief = gateway_here().brief_client.v1.tax.calculations
    return change(lambda _: plain(brief.create(params=request["params"], options={"idempotency_key": key})))
