"""Carts: what is in them, how a guest's is merged at login, and how a bought one is closed."""
