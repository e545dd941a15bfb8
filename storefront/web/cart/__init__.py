"""The door to the cart."""
