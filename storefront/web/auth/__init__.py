"""The door where people sign in."""
