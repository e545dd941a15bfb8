"""A customer's data: exported, and erased when they leave."""
