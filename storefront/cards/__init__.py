"""Saved cards and the Stripe customers they belong to."""
