"""What finding is asked and answers: frozen, like the other facts of the catalogue."""

import enum
from dataclasses import dataclass, replace
from typing import Final

from storefront.catalog.facts import CardPage


class Sort(enum.StrEnum):
    """The orders that customers choose from. The first is the words' best match, or the shop's own order."""

    best = "best"
    cheapest = "price"
    dearest = "-price"
    newest = "newest"
    name = "name"


@dataclass(frozen=True)
class Filters:
    """What a product must have, all of it in one variant. Of several values of one option any will do.

    `options` are pairs of folded words: ("colour", "blue"). Prices are in the smallest unit.
    """

    collection: str = ""
    options: tuple[tuple[str, str], ...] = ()
    lowest: int | None = None
    highest: int | None = None
    in_stock: bool = False

    @property
    def by_option(self) -> dict[str, list[str]]:
        """The chosen values of each option."""
        chosen: dict[str, list[str]] = {}
        for name, value in self.options:
            chosen.setdefault(name, []).append(value)
        return chosen

    @property
    def asks_for_variants(self) -> bool:
        """Whether anything but the shelf is chosen."""
        return self != Filters(collection=self.collection)

    def without(self, name: str) -> "Filters":
        """The same, whatever the value of this option."""
        return replace(self, options=tuple(pair for pair in self.options if pair[0] != name))


@dataclass(frozen=True)
class FacetValue:
    """One value of an option, such as Blue: how many products it leads to beside what else was chosen."""

    key: str
    value: str
    count: int
    is_chosen: bool


@dataclass(frozen=True)
class Facet:
    """An option that products can be chosen by, such as Colour."""

    key: str
    name: str
    values: tuple[FacetValue, ...]


@dataclass(frozen=True)
class SearchResult:
    """What was found. `meant`: the words it was found by, where they are others than those that were typed."""

    cards: CardPage
    total: int
    facets: tuple[Facet, ...]
    in_stock: int
    meant: str = ""


EMPTY_RESULT: Final = SearchResult(CardPage((), 1, is_last=True), 0, (), 0)
