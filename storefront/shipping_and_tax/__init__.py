"""Shipping zones and rates, tax rates, and Stripe Tax's answers."""
