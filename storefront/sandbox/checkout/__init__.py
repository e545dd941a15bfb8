"""Checkout Sessions: opened by a shop, paid on a page of the sandbox's, ended by payment or by time."""

# The task that ends a session nobody paid.
EXPIRY = "expire_session"
