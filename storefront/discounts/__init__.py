"""Discount codes: what they take off, why one does not count, and how often they are used."""
