"""Invoices and credit notes: numbered without gaps, never changed, drawn as PDF. Knows orders; payments tell it what happened."""
