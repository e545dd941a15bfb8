"""One module per object of Stripe's; importing this package registers every endpoint.

Checkout Sessions have their place here too, as `checkout_sessions.py`, beside a hosted page in `browser/`.
"""

from storefront.sandbox.resources import (
    account,
    balance_transactions,
    charges,
    confirmation_tokens,
    customer_sessions,
    customers,
    disputes,
    event_log,
    payment_intents,
    payment_methods,
    refunds,
    setup_intents,
    webhook_endpoints,
)

__all__ = [
    "account", "balance_transactions", "charges", "confirmation_tokens", "customer_sessions", "customers", "disputes",
    "event_log", "payment_intents", "payment_methods", "refunds", "setup_intents", "webhook_endpoints",
]  # fmt: skip
