"""Switching off each rule of money, one at a time: whether the suite would notice. `bin/rules` runs it."""
