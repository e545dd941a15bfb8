"""Words as they are searched: without capitals and accents, and known again with one letter wrong."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
_LONGEST: Final = 40
# Below this a wrong letter leaves nothing to know a word by.
_SHORTEST_FORGIVEN: Final = 3


def folded(text: str) -> str:
    """Without capitals and accents, so that "grun" finds "Grün"; no database of ours does this for us."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).casefold()


def words_of(text: str) -> list[str]:
    """The words of a text in their order."""
    return [word[:_LONGEST] for word in _WORD.findall(folded(text))]


def words_and_compounds(texts: Iterable[str]) -> set[str]:
    """The words of names and numbers, and "tshirt" for "T-shirt" too: some write it so."""
    found: set[str] = set()
    for part in " ".join(texts).split():
        words = words_of(part)
        found.update(words, ["".join(words)[:_LONGEST]] if words else ())
    return found


def may_be_misspelt(word: str) -> bool:
    """Whether this word is forgiven a wrong letter. A number is not: the next one is another thing."""
    return len(word) >= _SHORTEST_FORGIVEN and not any(letter.isdigit() for letter in word)


def keys_of(word: str) -> set[str]:
    """The word, and what is left of it without one of its letters."""
    return {word} | {word[:place] + word[place + 1 :] for place in range(len(word))}


def is_one_letter_off(one: str, other: str) -> bool:
    """Whether one letter is missing, too many, another, or two neighbours have changed places."""
    short, long = sorted((one, other), key=len)
    if one == other:
        return False
    start = next((place for place, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) < len(long):
        return short[start:] == long[start + 1 :]
    swapped = short[start : start + 2] == long[start : start + 2][::-1]
    return short[start + 1 :] == long[start + 1 :] or (swapped and short[start + 2 :] == long[start + 2 :])


def likeliest(typed: str, words: Iterable[str]) -> list[str]:
    """The words in the order in which they may have been meant: people rarely miss the first letter."""
    return sorted(words, key=lambda word: (word[:1] != typed[:1], len(word) < len(typed), word))
