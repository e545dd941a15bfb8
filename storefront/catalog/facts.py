"""What browsing pages know of the catalogue: frozen, so that drawing a page asks the database nothing more."""

import enum
from dataclasses import dataclass

from storefront.core.money import Money

# Up to so many it is said how many are left.
LOW_STOCK = 3


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
    requires_shipping: bool = True

    @property
    def words(self) -> str:
        """Harbour blue, large."""
        return ", ".join(self.options)

    @property
    def few_left(self) -> str:
        """The last one, 3 left; empty where there are more, or none."""
        if self.stock is None or not 0 < self.stock <= LOW_STOCK:
            return ""
        return "the last one" if self.stock == 1 else f"{self.stock} left"

    @property
    def sold_out(self) -> bool:
        """Whether none can be bought now."""
        return self.stock == 0


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
