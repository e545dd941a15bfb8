"""Finding products: by words, by what they are and cost, and counting what a further choice would leave.

One interface for both databases. A question takes the same few statements, however much there is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, false, func, literal, or_, select, union_all
from sqlalchemy.orm import aliased

from storefront.catalog.facts import CardPage
from storefront.catalog.fulltext import Place, matching
from storefront.catalog.index_models import OptionValue, SearchEntry, VariantValue
from storefront.catalog.models import Collection, CollectionProduct, Variant
from storefront.catalog.products import PAGE_SIZE, cards_by_id
from storefront.catalog.results import EMPTY_RESULT, Facet, FacetValue, Filters, SearchResult, Sort
from storefront.catalog.understanding import ParsedQuery, parse_query
from storefront.core.database import current_session

Condition = ColumnElement[bool]
# By the option whose own choice was left out, if any, and the value.
_Counts = dict[tuple[str, int], int]
_IN_STOCK: Final = 0  # no option's value has this id
_MOST_FACETS: Final = 6
_MOST_VALUES: Final = 24


def search(words: str, filters: Filters, sort: Sort, page: int, currency: str) -> SearchResult:
    """One page of what has all the words and passes all the filters, and what further filters would leave."""
    understood = parse_query(words)
    if understood.is_nowhere:
        return EMPTY_RESULT
    found = [SearchEntry.product_id.in_(ids) for ids in _product_ids(understood, filters)]
    if filters.asks_for_variants:
        found.append(SearchEntry.product_id.in_(_of_variants(filters)))
    total = current_session().scalar(select(func.count()).select_from(SearchEntry).where(*found)) or 0
    counts = _counts(understood, filters)
    return SearchResult(
        cards=_cards(_sorted(select(SearchEntry.product_id).where(*found), understood, filters, sort), page, currency),
        total=total,
        facets=_facets(counts, filters),
        in_stock=counts.get(("", _IN_STOCK), 0),
        meant=understood.meant,
    )


def all_cards(currency: str, page: int = 1) -> CardPage:
    """Everything that is published, in the shop's order."""
    return cards_of("", currency, page)


def cards_of(handle: str, currency: str, page: int = 1) -> CardPage:
    """What stands on one shelf, in its order."""
    shelf = Filters(handle)
    ids = select(SearchEntry.product_id).where(
        *(SearchEntry.product_id.in_(ids) for ids in _product_ids(ParsedQuery(), shelf))
    )
    return _cards(_sorted(ids, ParsedQuery(), shelf, Sort.best), page, currency)


# What is found


def _product_ids(understood: ParsedQuery, filters: Filters) -> Iterable[Select[int]]:
    if understood.terms:
        yield matching(understood.terms, Place.anywhere)
    if filters.collection:
        yield select(CollectionProduct.product_id).where(CollectionProduct.collection_id == _shelf(filters.collection))


def _shelf(handle: str) -> Any:
    return select(Collection.id).where(Collection.handle == handle).scalar_subquery()


def _of_variants(filters: Filters) -> Select[int]:
    return select(Variant.product_id).where(*_variant_passes(filters))


def _variant_passes(filters: Filters) -> list[Condition]:
    conditions: list[Condition] = []
    if filters.lowest is not None:
        conditions.append(Variant.price_minor >= filters.lowest)
    if filters.highest is not None:
        conditions.append(Variant.price_minor <= filters.highest)
    if filters.in_stock:
        conditions.append(or_(Variant.stock.is_(None), Variant.stock > 0))
    for name, values in filters.by_option.items():
        had = aliased(VariantValue)
        conditions.append(Variant.id.in_(select(had.variant_id).where(had.value_id.in_(_value_ids(name, values)))))
    return conditions


def _value_ids(name: str, values: Sequence[str]) -> Select[int]:
    return select(OptionValue.id).where(OptionValue.name_key == name, OptionValue.value_key.in_(values))


# In which order


def _sorted(query: Select[int], understood: ParsedQuery, filters: Filters, sort: Sort) -> Select[int]:
    entry = SearchEntry
    asked_for = {
        Sort.cheapest: (entry.lowest_minor, entry.product_id),
        Sort.dearest: (entry.highest_minor.desc(), entry.product_id.desc()),
        Sort.newest: (entry.created_at.desc(), entry.product_id.desc()),
        Sort.name: (entry.title_key, entry.product_id),
    }
    if sort in asked_for:
        return query.order_by(*asked_for[sort])
    if understood.terms:
        return query.order_by(*_best_first(understood), entry.position, entry.product_id)
    if filters.collection:
        return _as_on_the_shelf(query, filters.collection)
    return query.order_by(entry.position, entry.product_id)


def _best_first(understood: ParsedQuery) -> list[ColumnElement[Any]]:
    """All words in the name, then among tags and the like, then in the description; names that begin so go first."""
    places = [
        SearchEntry.product_id.in_(matching(understood.terms, place)).desc() for place in (Place.title, Place.named)
    ]
    begins = SearchEntry.title_key.startswith(understood.terms[0].words[0], autoescape=True).desc()
    return [*places, begins]


def _as_on_the_shelf(query: Select[int], handle: str) -> Select[int]:
    place = CollectionProduct
    return query.join(
        place, (place.product_id == SearchEntry.product_id) & (place.collection_id == _shelf(handle))
    ).order_by(place.position, place.product_id)


def _cards(query: Select[int], page: int, currency: str) -> CardPage:
    ids = current_session().scalars(query.limit(PAGE_SIZE + 1).offset((page - 1) * PAGE_SIZE)).all()
    return CardPage(cards_by_id(ids[:PAGE_SIZE], currency), page, is_last=len(ids) <= PAGE_SIZE)


# What further choices would leave


def _counts(understood: ParsedQuery, filters: Filters) -> _Counts:
    """How many products each value leads to. What else of the same option is chosen does not count against it."""
    parts = [_count("", understood, filters), _count_in_stock(understood, filters)]
    parts += [_count(name, understood, filters.without(name)) for name in filters.by_option]
    return {(name, value_id): number for name, value_id, number in current_session().execute(union_all(*parts))}


def _count(leaving_out: str, understood: ParsedQuery, filters: Filters) -> Select[str, int, int]:
    had, passes = VariantValue, _variant_passes(filters)
    pairs = select(had.value_id, had.product_id).distinct()
    # One condition and no join: with two, SQLite tries every product with every value.
    if passes:
        of_products = [Variant.product_id.in_(ids) for ids in _product_ids(understood, filters)]
        pairs = pairs.where(had.variant_id.in_(select(Variant.id).where(*of_products, *passes)))
    else:
        pairs = pairs.where(*(had.product_id.in_(ids) for ids in _product_ids(understood, filters)))
    each = pairs.subquery()
    return select(literal(leaving_out), each.c.value_id, func.count()).group_by(each.c.value_id)


def _count_in_stock(understood: ParsedQuery, filters: Filters) -> Select[str, int, int]:
    there = replace(filters, in_stock=True)
    found = [SearchEntry.product_id.in_(ids) for ids in (*_product_ids(understood, filters), _of_variants(there))]
    return select(literal(""), literal(_IN_STOCK), func.count()).select_from(SearchEntry).where(*found)


def _facets(counts: _Counts, filters: Filters) -> tuple[Facet, ...]:
    rows = current_session().execute(
        select(OptionValue.id, OptionValue.name_key, OptionValue.name, OptionValue.value_key, OptionValue.value)
        .where(or_(OptionValue.id.in_(_most(counts)), *_chosen(filters)))
        .order_by(OptionValue.id)
    )
    values: dict[str, list[FacetValue]] = {}
    names: dict[str, str] = {}
    for row in rows:
        leaving_out = row.name_key if row.name_key in filters.by_option else ""
        number = counts.get((leaving_out, row.id), 0)
        is_chosen = (row.name_key, row.value_key) in filters.options
        if number or is_chosen:
            names.setdefault(row.name_key, row.name)
            values.setdefault(row.name_key, []).append(FacetValue(row.value_key, row.value, number, is_chosen))
    facets = [Facet(key, names[key], tuple(some)) for key, some in values.items()]
    return tuple(facet for facet in facets if len(facet.values) > 1 or facet.values[0].is_chosen)[:_MOST_FACETS]


def _most(counts: _Counts) -> list[int]:
    numbers: dict[int, int] = {}
    for (_, value_id), number in counts.items():
        numbers[value_id] = max(number, numbers.get(value_id, 0))
    numbers.pop(_IN_STOCK, None)
    return sorted(numbers, key=lambda value_id: -numbers[value_id])[: _MOST_FACETS * _MOST_VALUES]


def _chosen(filters: Filters) -> Iterable[Condition]:
    for name, values in filters.by_option.items():
        yield (OptionValue.name_key == name) & OptionValue.value_key.in_(values)
    yield false()
