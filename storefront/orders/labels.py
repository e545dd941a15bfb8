"""What an order is called: the shop's letter and the order's number."""

import re
from typing import Final

from flask import current_app

from config import Settings

# Any letter is read: a shop that takes a new name still finds the orders it wrote about under the old one.
_WRITTEN: Final = re.compile(r"#?(?:[^\W\d_]\s?[-–]?\s?)?([0-9]{1,9})")


def label(number: int) -> str:
    """K-1043, as customers read it."""
    return f"{_letter()}-{number}"


def number_of(text: str) -> int | None:
    """The number in K-1043, k1043, #1043 or 1043; none where there is no such thing."""
    found = _WRITTEN.fullmatch(text.strip())
    return int(found[1]) if found else None


def _letter() -> str:
    settings: Settings = current_app.config["SETTINGS"]
    # "ß" alone becomes two letters when it is made upper-case.
    return next((letter.upper()[0] for letter in settings.shop_name if letter.isalpha()), "N")
