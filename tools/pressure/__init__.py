"""Many at once: customers who want the same thing, webhooks by the thousand, a Stripe that takes its time."""
