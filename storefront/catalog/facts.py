"""What browsing pages know of the catalogue: frozen, so that drawing a page asks the database nothing more."""

import enum
from dataclasses import dataclass

from storefront.money import Money

# Up to so many it is said how many are left.
FEW = 3


class Availability(enum.StrEnum):
    """What is said of a product beside its note."""

    there = "there"
    last_one = "last one"
    sold_out = "sold out"


@dataclass(frozen=True)
class Shelf:
    """A collection, as the masthead and its own page name it."""

    handle: str
    title: str
    intro: str = ""


@dataclass(frozen=True)
class Picture:
    """`path` as in `ProductImage`."""

    path: str
    alt: str


@dataclass(frozen=True)
class ProductCard:
    """A product on a shelf."""

    handle: str
    title: str
    note: str
    price: Money
    price_varies: bool
    availability: Availability
    picture: Picture | None

    @property
    def line(self) -> str:
        """The quiet line under the name: Enamelled steel · last one."""
        told = "" if self.availability is Availability.there else self.availability.value
        line = " · ".join(word for word in (self.note, told) if word)
        return line[:1].upper() + line[1:]


@dataclass(frozen=True)
class CardPage:
    """One page of a shelf; `number` counts from 1."""

    cards: tuple[ProductCard, ...]
    number: int
    is_last: bool


@dataclass(frozen=True)
class VariantChoice:
    """One of the things a product page offers. `picture` is a place in `ProductPage.pictures`, or None."""

    id: int
    options: tuple[str, ...]
    price: Money
    stock: int | None
    swatch: tuple[str, ...]
    picture: int | None

    @property
    def words(self) -> str:
        """Harbour blue, large."""
        return ", ".join(self.options)

    def choice(self, words: str) -> "Choice":
        """This variant in a row of others."""
        return Choice(self.id, words, self.swatch, self.sold_out)

    @property
    def few_left(self) -> str:
        """The last one, 3 left; empty where there are more, or none."""
        if self.stock is None or not 0 < self.stock <= FEW:
            return ""
        return "the last one" if self.stock == 1 else f"{self.stock} left"

    @property
    def sold_out(self) -> bool:
        """Whether none can be bought now."""
        return self.stock == 0


@dataclass(frozen=True)
class Choice:
    """A variant as one of several to choose from, in the words that tell it from its neighbours."""

    id: int
    words: str
    swatch: tuple[str, ...]
    sold_out: bool


@dataclass(frozen=True)
class ProductPage:
    """All that the page of one product tells."""

    handle: str
    title: str
    note: str
    description: str
    vendor: str
    facts: tuple[tuple[str, str], ...]
    options: tuple[str, ...]
    pictures: tuple[Picture, ...]
    variants: tuple[VariantChoice, ...]

    def choose(self, variant_id: int | None) -> VariantChoice:
        """The variant asked for; else, or where it is no more, the first that can be bought."""
        asked = (variant for variant in self.variants if variant.id == variant_id)
        there = (variant for variant in self.variants if not variant.sold_out)
        return next(asked, None) or next(there, self.variants[0])

    def choices(self) -> list[tuple[str, list[Choice]]]:
        """The variants in rows, each with its heading: those of one colour together, where there are sizes too."""
        if len(self.options) < 2:
            return [(", ".join(self.options), [variant.choice(variant.words) for variant in self.variants])]
        rows: dict[str, list[Choice]] = {}
        for variant in self.variants:
            first, *others = variant.options
            rows.setdefault(first, []).append(variant.choice(", ".join(others)))
        return list(rows.items())
