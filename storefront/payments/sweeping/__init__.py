"""Going through Stripe's own lists, and comparing them with our rows: for what no webhook and no answer told us."""
