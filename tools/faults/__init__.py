"""The fault machine: the real shop, with everything going wrong at once, and its books compared with Stripe's."""
