"""The countries a parcel can go to: ISO codes with their English names."""

from functools import cache
from typing import Final

from babel import Locale

# Babel also names unions, test regions and "unknown".
_NO_COUNTRY: Final = frozenset({"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"})


@cache
def countries() -> tuple[tuple[str, str], ...]:
    """Every country as (code, name), by name."""
    names = Locale("en").territories
    found = (
        (code, name) for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY
    )
    return tuple(sorted(found, key=lambda country: country[1]))


def country_name(code: str) -> str:
    """Germany; a code we do not know stays as it is."""
    return dict(countries()).get(code, code)
