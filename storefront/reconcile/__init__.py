"""Comparing our rows with Stripe's objects, one attempt or whole lists, and mending what differs."""
