"""One module per object of Stripe's: its endpoints, and what becomes of it."""
