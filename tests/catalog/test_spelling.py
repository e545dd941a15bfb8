import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.catalog.spelling import (
    is_one_letter_off,
    keys_of,
    likeliest,
    may_be_misspelt,
    words_and_compounds,
    words_of,
)

WORDS = st.text("abcdeé", min_size=3, max_size=8)


def typos(word: str) -> list[str]:
    """Everything that one slip of a finger makes of a word."""
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    others = [left + letter + right[skip:] for left, right in cuts for letter in "axé" for skip in (0, 1)]
    missing = [left + right[1:] for left, right in cuts if right]
    swapped = [left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1]
    return sorted({*others, *missing, *swapped} - {word})


@given(WORDS)
def test_whatever_one_wrong_letter_makes_shares_a_key_with_the_word(word: str) -> None:
    unknown = [typo for typo in typos(word) if not (is_one_letter_off(typo, word) and keys_of(typo) & keys_of(word))]

    assert unknown == []


@given(WORDS, WORDS)
def test_only_one_wrong_letter_is_forgiven(one: str, other: str) -> None:
    known = is_one_letter_off(one, other)

    assert known == is_one_letter_off(other, one)
    assert known == (other in {*_all_typos(one)})


def _all_typos(word: str) -> list[str]:
    letters = "abcdeé"
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    made = {left + letter + right[skip:] for left, right in cuts for letter in letters for skip in (0, 1)}
    made |= {left + right[1:] for left, right in cuts if right}
    made |= {left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1}
    return sorted(made - {word})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Größe GRÖSSE", ["grosse", "grosse"]),
        ("T-Shirt, No. 3_b", ["t", "shirt", "no", "3", "b"]),
        ("“Crème” & % ' \" * \\ :", ["creme"]),
        ("x" * 50, ["x" * 40]),
        ("", []),
    ],
)
def test_words_are_what_is_between_signs(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_names_are_found_written_together_too() -> None:
    assert words_and_compounds(["T-shirt blue", "TP-3"]) == {"t", "shirt", "tshirt", "blue", "tp", "3", "tp3"}


def test_numbers_and_the_shortest_words_have_to_be_right() -> None:
    assert [word for word in ("mug", "cm", "tp3", "1043") if may_be_misspelt(word)] == ["mug"]


def test_the_first_letter_is_rarely_wrong() -> None:
    assert likeliest("bleu", ["glue", "blu", "blue"]) == ["blue", "blu", "glue"]
