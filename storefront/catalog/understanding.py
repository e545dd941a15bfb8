"""What a customer's words mean in this shop: themselves, or, where they lead nowhere, the words they nearly are."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, literal, select, union_all

from storefront.catalog.fulltext import Place, Term, matching
from storefront.catalog.index_models import WordKey
from storefront.catalog.spelling import is_one_letter_off, keys_of, likeliest, words_of
from storefront.core.database import current_session

_MAX_WORDS = 8
# One letter is the beginning of half of all words.
_SHORTEST_BEGINNING = 2


@dataclass(frozen=True)
class ParsedQuery:
    """What to look for; nothing to look for is not the same as nothing found."""

    terms: tuple[Term, ...] = ()
    meant: str = ""
    is_nowhere: bool = False


def parse_query(typed: str) -> ParsedQuery:
    """Read the words: as they are, then with the unknown ones mended, then with any of them mended."""
    words = words_of(typed)[:_MAX_WORDS]
    if not words:
        return ParsedQuery(is_nowhere=bool(typed.strip()))
    as_typed = tuple(_term((word,), is_last=number == len(words)) for number, word in enumerate(words, start=1))
    if _lead_somewhere(as_typed):
        return ParsedQuery(as_typed)
    near = _near(as_typed)
    for spare_known in (True, False):
        mended = tuple(_mended(term, near, spare_known=spare_known) for term in as_typed)
        if mended != as_typed and _lead_somewhere(mended):
            return ParsedQuery(mended, meant=_meant(words, mended, near))
    return ParsedQuery(is_nowhere=True)


def _term(words: tuple[str, ...], *, is_last: bool) -> Term:
    return Term(words, open_end=is_last and len(words[0]) >= _SHORTEST_BEGINNING)


def _lead_somewhere(terms: Sequence[Term]) -> bool:
    return bool(current_session().scalar(select(exists(matching(terms, Place.anywhere)))))


@dataclass(frozen=True)
class _Near:
    """Of the typed words those that products have, and for each the words that it may have been meant for."""

    known: frozenset[str]
    others: dict[str, tuple[str, ...]]


def _near(terms: Sequence[Term]) -> _Near:
    typed = {term.words[0]: term for term in terms}
    keys = {key for word in typed for key in keys_of(word)}
    shared = current_session().scalars(select(WordKey.word).where(WordKey.key.in_(keys)).distinct()).all()
    others = {word: [other for other in shared if is_one_letter_off(word, other)] for word in typed}
    asked = {other: Term((other,)) for some in others.values() for other in some} | typed
    there = _that_are_there(asked)
    return _Near(
        frozenset(there & typed.keys()),
        {word: tuple(likeliest(word, there.intersection(some))) for word, some in others.items()},
    )


def _that_are_there(terms: dict[str, Term]) -> frozenset[str]:
    asks = [
        select(literal(word)).where(exists(matching((term,), Place.anywhere))) for word, term in sorted(terms.items())
    ]
    return frozenset(current_session().scalars(union_all(*asks)))


def _mended(term: Term, near: _Near, *, spare_known: bool) -> Term:
    (word,) = term.words
    if word in near.known:
        return term if spare_known else Term((word, *near.others[word]), term.open_end)
    return Term(near.others[word]) if near.others[word] else term


def _meant(typed: Sequence[str], mended: Sequence[Term], near: _Near) -> str:
    return " ".join(
        term.words[0] if word not in near.known or len(term.words) == 1 else term.words[1]
        for word, term in zip(typed, mended, strict=True)
    )
