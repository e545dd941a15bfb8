"""The Blueprints, one package each, and what they share."""
