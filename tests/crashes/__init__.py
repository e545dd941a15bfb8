"""A short crash walk, as part of the suite."""
