"""One module per object of Stripe's; importing this package registers every endpoint."""

from storefront.sandbox.resources import (
    account,
    balance_transactions,
    charges,
    checkout_sessions,
    confirmation_tokens,
    coupons,
    customer_sessions,
    customers,
    disputes,
    event_log,
    payment_intents,
    payment_methods,
    prices,
    products,
    refunds,
    setup_intents,
    shipping_rates,
    tax,
    webhook_endpoints,
)

__all__ = [
    "account", "balance_transactions", "charges", "checkout_sessions", "confirmation_tokens", "coupons",
    "customer_sessions", "customers", "disputes", "event_log", "payment_intents", "payment_methods", "prices",
    "products", "refunds", "setup_intents", "shipping_rates", "tax",
    "webhook_endpoints",
]  # fmt: skip
