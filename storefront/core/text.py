"""What people type, as it is kept: one line of visible text, or nothing."""

import re
import unicodedata
from typing import Any, Final

# Between two letters these two are spelling (Persian, Hindi) or one emoji made of several; elsewhere they only hide.
_JOINERS: Final = {"\u200c", "\u200d"}
# Letters and signs by their category, and nothing to be seen: Braille's blank, the fillers of Hangul, Khmer's inherent vowels.
_BLANK: Final = {"\u2800", "\u3164", "\uffa0", "\u115f", "\u1160", "\u17b4", "\u17b5"}
_BREAKS: Final = {"\t", "\n", "\v", "\f", "\r", "\x1c", "\x1d", "\x1e", "\x85"}


def one_line(typed: Any) -> Any:
    """Text as one line: normalised (NFC), without what cannot be seen, line breaks as spaces, and one space at a time.

    Zero-width characters, controls, marks that turn the direction of writing (which can make one name read as another), halves of
    surrogate pairs and unassigned code points go. Empty where nothing visible is left: a name of two zero-width spaces is
    no name. Anything but text is handed back as it is, as filters of WTForms must.
    """
    if not isinstance(typed, str):
        return typed
    kept = "".join(_kept(letter) for letter in unicodedata.normalize("NFC", typed))
    kept = re.sub(r"(?<!\S)[\u200c\u200d]+|[\u200c\u200d]+(?!\S)", "", kept)
    line = " ".join(kept.split())
    return line if any(_is_visible(letter) for letter in line) else ""


def _kept(letter: str) -> str:
    if letter in _BREAKS or letter in _BLANK or unicodedata.category(letter) in {"Zs", "Zl", "Zp"}:
        return " "
    return letter if letter in _JOINERS or unicodedata.category(letter)[0] != "C" else ""


def _is_visible(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LNPS"
