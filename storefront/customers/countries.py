"""The countries a parcel can go to: ISO codes with their English names."""

from functools import cache
from typing import Final

from babel import Locale

# Babel also names unions, test regions and "unknown".
_NO_COUNTRY: Final = frozenset({"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"})
# https://en.wikipedia.org/wiki/List_of_postal_codes: the countries that have none.
WITHOUT_POSTCODES: Final = frozenset(
    {
        "AE", "AG", "AO", "AW", "BF", "BI", "BJ", "BO", "BS", "BW", "BZ", "CD", "CF", "CG", "CI", "CK", "CM",
        "DJ", "DM", "ER", "FJ", "GA", "GD", "GH", "GM", "GN", "GQ", "GY", "HK", "JM", "KI", "KM", "KN", "KP",
        "LC", "ML", "MO", "MR", "MW", "NA", "NR", "NU", "PA", "QA", "RW", "SB", "SC", "SL", "SO", "SR", "SS",
        "ST", "SY", "TD", "TF", "TG", "TK", "TL", "TO", "TT", "TV", "UG", "VU", "YE", "ZW",
    }
)  # fmt: skip


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
