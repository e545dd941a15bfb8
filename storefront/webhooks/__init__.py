"""Webhook events: verified, stored once, applied once."""
