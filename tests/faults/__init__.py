"""The fault machine's own tests."""
