"""The door to what was bought as files or links."""
