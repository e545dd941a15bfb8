"""A stocked shop to try: one command brings up the shop, its worker and the sandbox, and keeps them up."""
