"""The crash walk: a process of the shop is killed at each step of what it does with money, one step after another."""
