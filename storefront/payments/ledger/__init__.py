"""The only writers of payment, attempt, refund and order states: verify an update from Stripe, apply it, log it."""
