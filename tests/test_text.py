"""One line of visible text, or nothing."""

import pytest

from storefront.core.text import one_line


@pytest.mark.parametrize(
    "typed",
    ["", " ", "\u200b\u200b", "\u200d", "\ufeff", "\u2060\u2063", "\u3164", "\u2800\u2800", "\u00ad", "\u202e", "\x00\x07", "\ud800",
     "\n\r\t", "\u2028\u2029", "\u0301", "\U000e0041", "\u115f", "\ufff9", "\u180e"],
)  # fmt: skip
def test_what_shows_nothing_is_nothing(typed: str) -> None:
    assert one_line(typed) == ""


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ada   Lovelace ", "Ada Lovelace"),
        ("Ada\nLovelace", "Ada Lovelace"),
        ("Ada\r\n\tLove\u2028lace", "Ada Love lace"),
        ("Ada\u00a0Lovelace", "Ada Lovelace"),
        ("A\u200bd\u2060a", "Ada"),
        ("\u202eadA", "adA"),
        ("Jose\u0301", "Jos\u00e9"),
        ("mi\u200cravam", "mi\u200cravam"),  # Persian spelling needs it
        ("\u200cAda\u200d", "Ada"),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
        ("O\u2019Brien-Sm\u00eeth 2nd", "O\u2019Brien-Sm\u00eeth 2nd"),
        ("\u674e\u5c0f\u9f8d", "\u674e\u5c0f\u9f8d"),
        ("half \ud83d", "half"),
    ],
)
def test_what_shows_is_kept_on_one_line(typed: str, kept: str) -> None:
    assert one_line(typed) == kept
    assert one_line(kept) == kept


def test_what_is_no_text_is_handed_back() -> None:
    assert one_line(None) is None
