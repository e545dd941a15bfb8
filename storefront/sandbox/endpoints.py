"""Everything that is answered under `/v1`: importing this registers it with `routing`."""

from storefront.sandbox.resources import (  # noqa: F401  importing registers
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
