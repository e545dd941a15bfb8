"""The mutation check's own tests."""
