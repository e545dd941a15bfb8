"""The door to paying: the checkout, one click, and the panel that shows what became of it."""
