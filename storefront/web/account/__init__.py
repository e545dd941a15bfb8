"""The door to the customer's own: orders, cards, addresses, profile."""
