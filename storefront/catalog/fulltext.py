"""The words of each product, in the form in which each database finds them fastest: FTS5 here, a tsvector there.

Both are given words that we have split and folded ourselves, so that both find the same.
"""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Select, String, cast, column, literal, select, table, text
from sqlalchemy.dialects.postgresql import TSQUERY

from storefront.core.database import current_session

_FTS5: Final = table("search_index", column("rowid"), column("search_index"))
_TSVECTOR: Final = table("search_index", column("product_id"), column("document"))
_PUT_FTS5: Final = text(
    "INSERT INTO search_index (rowid, title, named, described) VALUES (:product_id, :title, :named, :described)"
)
_PUT_TSVECTOR: Final = text(
    "INSERT INTO search_index (product_id, document) VALUES (:product_id, CAST(:document AS tsvector))"
)
# The positions only carry the weight.
_WEIGHTS: Final = (("title", "1A"), ("named", "2B"), ("described", "3C"))


class Place(enum.Enum):
    """Where words are looked for: in the name; there or among tags, kind, options and SKUs; or in the description too."""

    title = ("{title} : ", "A")
    named = ("{title named} : ", "AB")
    anywhere = ("", "")


@dataclass(frozen=True)
class Term:
    """Any of these words; with an open end also what begins like the first of them."""

    words: tuple[str, ...]
    open_end: bool = False


@dataclass(frozen=True)
class IndexedWords:
    """The words of one product by where they stand."""

    product_id: int
    title: Iterable[str]
    named: Iterable[str]
    described: Iterable[str]


def matching(terms: Sequence[Term], place: Place) -> Select[int]:
    """The ids of the products that have something of each term there."""
    fts5, weights = place.value
    if current_session().get_bind().dialect.name == "sqlite":
        wanted = fts5 + "(" + " AND ".join(_for_fts5(term) for term in terms) + ")"
        return select(_FTS5.c.rowid).where(_FTS5.c.search_index.op("MATCH")(wanted))
    wanted = " & ".join(_for_tsquery(term, weights) for term in terms)
    return select(_TSVECTOR.c.product_id).where(_TSVECTOR.c.document.op("@@")(cast(literal(wanted, String), TSQUERY)))


def _for_fts5(term: Term) -> str:
    first, *others = (f'"{word}"' for word in term.words)
    return "(" + " OR ".join([first + (" *" if term.open_end else ""), *others]) + ")"


def _for_tsquery(term: Term, weights: str) -> str:
    first, *others = (f"'{word}':" for word in term.words)
    ends = [first + ("*" if term.open_end else ""), *others]
    return "(" + " | ".join((one + weights).rstrip(":") for one in ends) + ")"


def put(connection: Connection, products: Iterable[IndexedWords]) -> None:
    """Have these products found by these words. They are not there yet: a search entry's going takes its words along."""
    if connection.dialect.name == "sqlite":
        rows = [_for_table(one) for one in products]
        statement = _PUT_FTS5
    else:
        rows = [{"product_id": one.product_id, "document": _document(one)} for one in products]
        statement = _PUT_TSVECTOR
    if rows:
        connection.execute(statement, rows)


def _for_table(one: IndexedWords) -> dict[str, Any]:
    return {
        "product_id": one.product_id,
        "title": " ".join(one.title),
        "named": " ".join(one.named),
        "described": " ".join(one.described),
    }


def _document(one: IndexedWords) -> str:
    places: dict[str, list[str]] = {}
    for name, place in _WEIGHTS:
        for word in getattr(one, name):
            places.setdefault(word, []).append(place)
    return " ".join(f"'{word}':{','.join(at)}" for word, at in places.items())
