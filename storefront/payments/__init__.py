"""Moving money at Stripe, and keeping what it says. The ten rules of money live here."""
