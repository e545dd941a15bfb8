"""Against card testing: limits of attempts, the circuit breaker for new cards, and client secrets used past the shop."""
