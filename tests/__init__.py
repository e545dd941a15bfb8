"""The shop's tests: tight ones for one module, journeys for a customer's story."""
