"""The countries a card's owner may live in."""

from functools import cache

from babel import Locale

# Regions that Unicode names and nobody lives in: groups of countries, and codes for trials.
_NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})


@cache
def countries() -> tuple[tuple[str, str], ...]:
    """Code and English name, by name."""
    named = ((code, name) for code, name in Locale("en").territories.items() if code.isalpha() and len(code) == 2)
    return tuple(sorted((one for one in named if one[0] not in _NO_COUNTRIES), key=lambda one: one[1].casefold()))
