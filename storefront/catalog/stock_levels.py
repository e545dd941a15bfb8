"""Filling the shelves from a list of goods of our own, such as the demo's."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session, selectinload

from storefront.catalog.models import Collection, CollectionProduct, Product, ProductImage, Variant
from storefront.catalog.products import FRONT_PAGE
from storefront.catalog.version import bump_version
from storefront.catalog.words import clean
from storefront.core.database import transaction

_PICTURES = "demo/"


def stock_from(json_path: Path) -> int:
    """Put the goods of the list on the shelves, all or none; returns how many products there are.

    Again is safe: what is there already keeps its ids and its stock.
    """
    goods = json.loads(json_path.read_text(encoding="utf-8"))
    with transaction() as session:
        products = _put_products(session, goods["products"])
        shelves = _put_shelves(session, goods)
        session.flush()
        _arrange(session, goods["products"], products, shelves)
        bump_version()
    return len(products)


def _put_products(session: Session, goods: list[dict[str, Any]]) -> dict[str, Product]:
    found = session.scalars(
        select(Product)
        .where(Product.handle.in_([told["handle"] for told in goods]))
        .options(selectinload(Product.variants), selectinload(Product.pictures))
    )
    there = {product.handle: product for product in found}
    for position, told in enumerate(goods):
        product = there.setdefault(told["handle"], Product(handle=told["handle"], pictures=[], variants=[]))
        product.position = position
        _describe(product, told)
        _offer(product, told["variants"], _show(product, told["pictures"]))
    session.add_all(there.values())
    return there


def _describe(product: Product, told: dict[str, Any]) -> None:
    product.title, product.note = told["title"], told.get("note", "")
    product.description = clean(told.get("description", ""))
    product.kind, product.tags = told.get("kind", ""), told.get("tags", [])
    product.facts, product.options = told.get("facts", []), told.get("options", [])


def _show(product: Product, told: list[dict[str, str]]) -> dict[str, ProductImage]:
    there = {picture.path: picture for picture in product.pictures}
    shown = {}
    for position, one in enumerate(told):
        path = _PICTURES + one["file"]
        picture = there.get(path) or ProductImage(path=path)
        picture.alt, picture.position = one["alt"], position
        shown[one["file"]] = picture
    product.pictures[:] = list(shown.values())
    return shown


def _offer(product: Product, told: list[dict[str, Any]], pictures: dict[str, ProductImage]) -> None:
    there = {variant.sku: variant for variant in product.variants}
    offered = []
    for position, one in enumerate(told):
        variant = there.get(one["sku"]) or Variant(sku=one["sku"], stock=one["stock"])
        variant.option_values, variant.price_minor, variant.position = one["options"], one["price"], position
        variant.weight_grams, variant.requires_shipping = one.get("weight", 0), one.get("requires_shipping", True)
        variant.tax_category = one.get("tax", "standard")
        variant.swatch = one.get("swatch") or []
        variant.picture = pictures.get(one.get("picture") or "")
        offered.append(variant)
    product.variants[:] = offered


def _put_shelves(session: Session, goods: dict[str, Any]) -> dict[str, Collection]:
    there = {shelf.handle: shelf for shelf in session.scalars(select(Collection))}
    front = goods.get("shop", {})
    first = [{"handle": FRONT_PAGE, "title": front["line"], "intro": front.get("intro", "")}] if "line" in front else []
    for position, one in enumerate([*first, *goods["collections"]]):
        shelf = there.setdefault(one["handle"], Collection(handle=one["handle"]))
        shelf.title, shelf.intro, shelf.position = one["title"], one.get("intro", ""), position
    session.add_all(there.values())
    return there


def _arrange(
    session: Session, goods: list[dict[str, Any]], products: dict[str, Product], shelves: dict[str, Collection]
) -> None:
    ids = [product.id for product in products.values()]
    session.execute(
        delete(CollectionProduct)
        .where(CollectionProduct.product_id.in_(ids))
        .execution_options(synchronize_session=False)
    )
    places = [
        {"collection_id": shelves[handle].id, "product_id": products[told["handle"]].id, "position": position}
        for position, told in enumerate(goods)
        for handle in told["collection"]
    ]
    if places:
        session.execute(insert(CollectionProduct), places)
