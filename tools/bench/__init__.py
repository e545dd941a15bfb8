"""`bin/bench`: what the shop's pages cost, beside bare programs that do the least possible. No test."""
