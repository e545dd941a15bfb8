"""Carts and orders: filling, pricing, placing, fulfilling. Knows nothing of payments."""
