"""Short runs of the programs under pressure."""
