"""What the rows of one product say, in Shopify's words: checked, and turned into ours."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from storefront.catalog.spelling import folded
from storefront.catalog.spreadsheet import BadRowError, SheetRow
from storefront.catalog.words import clean
from storefront.core.money import decimals

# Stripe charges at most eight digits.
_DEAREST = 99_999_999
_MOST = 1_000_000_000
_TRUE = {"true", "yes", "1", "wahr", "ja"}
_FALSE = {"false", "no", "0", "falsch", "nein"}
_SLOTS = ("1", "2", "3")


@dataclass(frozen=True)
class ListedPicture:
    """A picture that the file names."""

    source: str
    alt: str


@dataclass(frozen=True)
class ListedVariant:
    """A variant that the file lists; `picture` is the source of its own picture, or empty."""

    line: int
    sku: str
    options: list[str]
    price_minor: int
    stock: int | None
    weight_grams: int
    requires_shipping: bool
    tax_category: str
    picture: str


@dataclass(frozen=True)
class ListedProduct:
    """A product as the file wants it."""

    line: int
    handle: str
    title: str
    note: str
    description: str
    vendor: str
    kind: str
    tags: list[str]
    published: bool
    options: list[str]
    pictures: list[ListedPicture]
    variants: list[ListedVariant]


def listed_product(rows: Sequence[SheetRow], currency: str) -> ListedProduct:
    """Understand the rows of one product; raises BadRowError for the first that makes no sense."""
    first = rows[0]
    titled = next((row for row in rows if row["Title"]), None)
    if titled is None:
        raise BadRowError(first.line, "the Title is missing")
    if _yes(titled, "Gift Card", unsaid=False):
        raise BadRowError(titled.line, "is a gift card, which this shop cannot sell yet")
    options = _options(rows)
    variants = [_variant(row, options, currency) for row in rows if _is_variant(row)]
    _refuse_twins(first, variants)
    tags = [tag.strip() for tag in titled["Tags"].split(",") if tag.strip()]
    return ListedProduct(
        line=first.line,
        handle=first["Handle"],
        title=titled["Title"],
        note=_note(options, variants, titled["Type"]),
        description=clean(titled["Body (HTML)"]),
        vendor=titled["Vendor"],
        kind=titled["Type"] or next(iter(tags), ""),
        tags=tags,
        published=_is_published(titled),
        options=options,
        pictures=_pictures(rows, titled["Title"]),
        variants=variants,
    )


def slug(text: str) -> str:
    """A text as part of an address: Lampen & Licht becomes lampen-licht."""
    return re.sub(r"[^\w]+", "-", folded(text)).strip("-_")


def _is_variant(row: SheetRow) -> bool:
    return any(row[name] for name in ("Variant Price", "Variant SKU", "Option1 Value"))


def _options(rows: Sequence[SheetRow]) -> list[str]:
    names = [next((row[f"Option{slot} Name"] for row in rows if row[f"Option{slot} Name"]), "") for slot in _SLOTS]
    # This is how a product without options is written.
    only_default = all(row["Option1 Value"] in {"Default Title", ""} for row in rows)
    return [] if names[0] == "Title" and only_default else [name for name in names if name]


def _variant(row: SheetRow, options: list[str], currency: str) -> ListedVariant:
    values = [row[f"Option{slot} Value"] for slot, _ in zip(_SLOTS, options, strict=False)]
    for name, value in zip(options, values, strict=True):
        if not value:
            raise BadRowError(row.line, f"the value of the option {name} is missing")
    return ListedVariant(
        line=row.line,
        sku=row["Variant SKU"].lstrip("'") or "-".join(filter(None, [row["Handle"], *map(slug, values)])),
        options=values,
        price_minor=_price(row, currency),
        stock=_stock(row),
        weight_grams=_whole(row, "Variant Grams"),
        requires_shipping=_yes(row, "Variant Requires Shipping", unsaid=True),
        tax_category=_tax_category(row),
        picture=row["Variant Image"],
    )


def _price(row: SheetRow, currency: str) -> int:
    told = row["Variant Price"]
    wrong = BadRowError(row.line, f"the Variant Price “{told}” is no amount; write it like 14.50")
    try:
        minor = Decimal(told).scaleb(decimals(currency))
    except InvalidOperation:
        raise wrong from None
    if not minor.is_finite() or minor < 0:
        raise wrong
    if minor != minor.to_integral_value():
        raise BadRowError(row.line, f"the Variant Price “{told}” is finer than {currency.upper()} can be paid")
    if minor > _DEAREST:
        raise BadRowError(row.line, f"the Variant Price “{told}” is more than can be charged")
    return int(minor)


def _stock(row: SheetRow) -> int | None:
    # Whoever sells on when nothing is left does not count either.
    if not row["Variant Inventory Tracker"] or row["Variant Inventory Policy"].lower() == "continue":
        return None
    return _whole(row, "Variant Inventory Qty")


def _whole(row: SheetRow, column: str) -> int:
    told = row[column] or "0"
    try:
        number = Decimal(told)
        whole = round(number)
    except (InvalidOperation, OverflowError, ValueError):
        raise BadRowError(row.line, f"the {column} “{told}” is no number") from None
    # Less than nothing was sold ahead elsewhere: here there is none.
    return min(max(whole, 0), _MOST)


def _yes(row: SheetRow, column: str, *, unsaid: bool) -> bool:
    told = row[column].lower()
    if told and told not in _TRUE | _FALSE:
        raise BadRowError(row.line, f"{column} says “{row[column]}”; write true or false")
    return told in _TRUE if told else unsaid


def _tax_category(row: SheetRow) -> str:
    if not _yes(row, "Variant Taxable", unsaid=True):
        return "zero"
    return row["Variant Tax Code"] or "standard"


def _is_published(row: SheetRow) -> bool:
    return _yes(row, "Published", unsaid=True) and row["Status"].lower() in {"", "active"}


def _refuse_twins(first: SheetRow, variants: Sequence[ListedVariant]) -> None:
    if not variants:
        raise BadRowError(first.line, "the Variant Price is missing")
    skus: set[str] = set()
    choices: set[tuple[str, ...]] = set()
    for variant in variants:
        if tuple(variant.options) in choices:
            raise BadRowError(variant.line, f"“{', '.join(variant.options) or 'the same variant'}” is there twice")
        if variant.sku in skus:
            raise BadRowError(variant.line, f"the SKU {variant.sku} is there twice")
        skus.add(variant.sku)
        choices.add(tuple(variant.options))


def _note(options: Sequence[str], variants: Sequence[ListedVariant], kind: str) -> str:
    if not options:
        return kind
    values = list(dict.fromkeys(variant.options[0] for variant in variants))
    return ", ".join(values) if len(values) < 4 else f"{len(values)} × {options[0].lower()}"


def _pictures(rows: Sequence[SheetRow], title: str) -> list[ListedPicture]:
    placed = sorted((row for row in rows if row["Image Src"]), key=lambda row: _whole(row, "Image Position"))
    named = [ListedPicture(row["Image Src"], row["Image Alt Text"] or title) for row in placed]
    named += [ListedPicture(row["Variant Image"], title) for row in rows if row["Variant Image"]]
    once: dict[str, ListedPicture] = {}
    for picture in named:
        once.setdefault(picture.source, picture)
    return list(once.values())
