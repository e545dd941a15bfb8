"""What a customer's browser gets from the sandbox: Stripe.js, the card frame, the bank's page."""
