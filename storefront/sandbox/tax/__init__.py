"""Stripe Tax, as far as the sandbox goes: calculations, the transactions they become, and what refunds take back."""
