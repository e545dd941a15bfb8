"""What a visitor looks for, as the address tells it: what cannot be read there is left out, never refused."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from flask import request, url_for

from storefront.catalog.results import FacetValue, Filters, Sort
from storefront.catalog.spelling import folded
from storefront.core.money import decimals

# What the radios of a product's page say: the variant, or of each option a value.
OPTION_FIELDS: Final = ("option-1", "option-2", "option-3")
CHOICE: Final = ("variant_id", *OPTION_FIELDS)
FILTERS: Final = ("sort", "option", "price_from", "price_to", "in_stock")
_LAST_PAGE: Final = 10_000
_LONGEST_SEARCH: Final = 100
_MOST_OPTIONS: Final = 20
_DEAREST: Final = 2**31 - 1


@dataclass(frozen=True)
class BrowseQuery:
    """The words, the filters, the order and the page that were asked for."""

    words: str
    filters: Filters
    sort: Sort
    page: int
    price_from: str
    price_to: str

    @property
    def is_filtered(self) -> bool:
        """Whether there is anything to take off again."""
        return self.filters.asks_for_variants

    @property
    def is_plain(self) -> bool:
        """Whether this is the page that search engines know."""
        return not self.is_filtered and self.sort is Sort.best

    @property
    def chosen(self) -> int:
        """How many filters are on."""
        filters = self.filters
        prices = filters.lowest is not None or filters.highest is not None
        return len(filters.options) + int(prices) + int(filters.in_stock)

    def address(self, *, page: int = 1, words: str | None = None) -> str:
        """This wish on another page of the results, or in other words."""
        return _address(self, self.words if words is None else words, page=page if page > 1 else None)

    def unfiltered(self) -> str:
        """The same words without filters."""
        return url_for(request.endpoint or "", **(request.view_args or {}), q=self.words or None)


def browse_query(collection: str, currency: str) -> BrowseQuery:
    """Read the wish off the address."""
    price_from, price_to = (request.args.get(name, "").strip()[:12] for name in ("price_from", "price_to"))
    lowest, highest = _minor(price_from, currency), _minor(price_to, currency)
    filters = Filters(
        collection,
        tuple(_options(request.args.getlist("option"))),
        lowest,
        highest,
        in_stock=bool(request.args.get("in_stock")),
    )
    return BrowseQuery(
        words=request.args.get("q", "").strip()[:_LONGEST_SEARCH],
        filters=filters,
        sort=_sort(request.args.get("sort", "")),
        page=min(max(request.args.get("page", 1, type=int), 1), _LAST_PAGE),
        price_from=price_from if lowest is not None else "",
        price_to=price_to if highest is not None else "",
    )


def picked(told: Mapping[str, str]) -> dict[int, str]:
    """What an address or a form says of each option, counted from 0."""
    return {axis: told[field] for axis, field in enumerate(OPTION_FIELDS) if told.get(field)}


def option(name: str, value: FacetValue) -> str:
    """How an address tells a choice: colour:blue."""
    return f"{name}:{value.key}"


def _options(told: Iterable[str]) -> Iterable[tuple[str, str]]:
    pairs = (folded(one).partition(":") for one in list(told)[:_MOST_OPTIONS])
    return dict.fromkeys((name.strip(), value.strip()) for name, _, value in pairs if value.strip())


def _minor(written: str, currency: str) -> int | None:
    try:
        amount = Decimal(written.replace(",", ".")).scaleb(decimals(currency))
    except InvalidOperation:
        return None
    return int(amount) if amount.is_finite() and 0 <= amount <= _DEAREST else None


def _sort(told: str) -> Sort:
    return Sort(told) if told in list(Sort) else Sort.best


def _address(wish: BrowseQuery, words: str, **more: Any) -> str:
    filters = wish.filters
    return url_for(
        request.endpoint or "",
        **(request.view_args or {}),
        q=words or None,
        sort=None if wish.sort is Sort.best else wish.sort.value,
        option=[f"{name}:{value}" for name, value in filters.options],
        price_from=wish.price_from or None,
        price_to=wish.price_to or None,
        in_stock=1 if filters.in_stock else None,
        **more,
    )
