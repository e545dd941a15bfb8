"""The catalogue's named questions. Each takes the same few statements, however much there is."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, func, select

from storefront.catalog.facts import (
    Availability,
    Picture,
    ProductCard,
    ProductPage,
    Shelf,
    VariantChoice,
)
from storefront.catalog.models import Collection, Product, ProductImage, Variant
from storefront.core.database import current_session
from storefront.core.money import Money

# The first thing on a shelf takes four places on a wide page, two on a small one: 24 fill whole rows of either.
PAGE_SIZE = 24
FRONT_PAGE = "frontpage"
AnyRow = Row[*tuple[Any, ...]]
AnySelect = Select[*tuple[Any, ...]]


def collections() -> tuple[Shelf, ...]:
    """The shelves in the masthead, in their order."""
    rows = current_session().execute(
        select(Collection.handle, Collection.title, Collection.intro)
        .where(Collection.handle != FRONT_PAGE)
        .order_by(Collection.position, Collection.id)
    )
    return tuple(Shelf(*row) for row in rows)


def collection(handle: str) -> Shelf | None:
    """One shelf's name and introduction."""
    row = current_session().execute(
        select(Collection.handle, Collection.title, Collection.intro).where(Collection.handle == handle)
    )
    return next((Shelf(*told) for told in row), None)


def front_page() -> Shelf | None:
    """What the first page says: a collection called `frontpage`, when the shop has one."""
    return collection(FRONT_PAGE)


def cards_by_id(product_ids: Sequence[int], currency: str) -> tuple[ProductCard, ...]:
    """The cards of these products, in this order."""
    rows = {row.id: row for row in current_session().execute(_told_on_cards().where(Product.id.in_(product_ids)))}
    pictures = _first_pictures(product_ids)
    return tuple(_card(rows[one], pictures.get(one), currency) for one in product_ids if one in rows)


def _told_on_cards() -> AnySelect:
    return (
        select(
            Product.id,
            Product.handle,
            Product.title,
            Product.note,
            func.min(Variant.price_minor).label("lowest"),
            func.max(Variant.price_minor).label("highest"),
            func.sum(Variant.stock).label("stock"),
            func.count(Variant.id).label("variants"),
            func.count(Variant.stock).label("counted"),
        )
        .join(Variant, Variant.product_id == Product.id)
        .where(Product.published)
        .group_by(Product.id)
    )


def _card(row: AnyRow, picture: Picture | None, currency: str) -> ProductCard:
    return ProductCard(
        handle=row.handle,
        title=row.title,
        note=row.note,
        price=Money(row.lowest, currency),
        price_varies=row.lowest != row.highest,
        availability=_availability(row),
        picture=picture,
    )


def _availability(row: AnyRow) -> Availability:
    if row.counted < row.variants or row.stock > 1:
        return Availability.there
    return Availability.last_one if row.stock else Availability.sold_out


def _first_pictures(product_ids: Sequence[int]) -> dict[int, Picture]:
    rows = current_session().execute(
        select(ProductImage.product_id, ProductImage.path, ProductImage.alt)
        .where(ProductImage.product_id.in_(product_ids))
        .order_by(ProductImage.position.desc(), ProductImage.id.desc())
    )
    return {row.product_id: Picture(row.path, row.alt) for row in rows}


def product_page(handle: str, currency: str) -> ProductPage | None:
    """One published product with its pictures and variants."""
    found = current_session().execute(
        select(
            Product.id, Product.handle, Product.title, Product.note, Product.description, Product.vendor, Product.facts,
            Product.options,
        ).where(Product.handle == handle, Product.published)
    )  # fmt: skip
    product = found.one_or_none()
    if product is None:
        return None
    images = _images_of(product.id)
    variants = _variants_of(product.id, [image.id for image in images], currency)
    if not variants:
        return None
    return ProductPage(
        handle=product.handle,
        title=product.title,
        note=product.note,
        description=product.description,
        vendor=product.vendor,
        facts=tuple((name, value) for name, value in product.facts),
        options=tuple(product.options),
        pictures=tuple(Picture(image.path, image.alt) for image in images),
        variants=variants,
    )


def _images_of(product_id: int) -> Sequence[AnyRow]:
    return (
        current_session()
        .execute(
            select(ProductImage.id, ProductImage.path, ProductImage.alt)
            .where(ProductImage.product_id == product_id)
            .order_by(ProductImage.position, ProductImage.id)
        )
        .all()
    )


def _variants_of(product_id: int, image_ids: Sequence[int], currency: str) -> tuple[VariantChoice, ...]:
    rows = current_session().execute(
        select(
            Variant.id, Variant.option_values, Variant.price_minor, Variant.stock, Variant.swatch, Variant.picture_id,
            Variant.requires_shipping,
        )
        .where(Variant.product_id == product_id)
        .order_by(Variant.position, Variant.id)
    )  # fmt: skip
    return tuple(
        VariantChoice(
            id=row.id,
            options=tuple(row.option_values),
            price=Money(row.price_minor, currency),
            stock=row.stock,
            swatch=tuple(row.swatch),
            picture=image_ids.index(row.picture_id) if row.picture_id in image_ids else None,
            requires_shipping=row.requires_shipping,
        )
        for row in rows
    )


def handles() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """All published products' and all shelves' places in the URL, for those who map the shop."""
    products = current_session().scalars(select(Product.handle).where(Product.published).order_by(Product.position))
    shelves = tuple(shelf.handle for shelf in collections())
    return tuple(products), shelves
