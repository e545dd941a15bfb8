import json
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

import storefront
from storefront.catalog.models import CollectionProduct, Product, ProductImage, Variant
from storefront.catalog.products import collections, front_page, product_page
from storefront.catalog.search import all_cards
from storefront.catalog.stock_levels import stock_from
from storefront.catalog.version import catalogue_version
from storefront.core.database import current_session, end_read, transaction
from tests.catalog.goods import counted_statements

HOUSE = Path(storefront.__file__).parent
DEMO = HOUSE / "demo" / "goods" / "products.json"


def test_the_demo_is_stocked_whole(shop: None) -> None:
    goods = json.loads(DEMO.read_text(encoding="utf-8"))

    count = stock_from(DEMO)

    front = front_page()
    assert count == len(goods["products"]) >= 24
    assert [shelf.handle for shelf in collections()] == [told["handle"] for told in goods["collections"]]
    assert front is not None
    assert front.title == goods["shop"]["line"]
    for told in goods["products"]:
        page = product_page(told["handle"], "eur")
        assert page is not None
        assert [one.price.minor for one in page.variants] == [one["price"] for one in told["variants"]]
        assert all((HOUSE / "static" / picture.path).is_file() for picture in page.pictures)


def test_stocking_again_keeps_ids_and_what_was_sold(shop: None) -> None:
    stock_from(DEMO)
    before = _rows()
    with transaction() as session:
        variant = session.scalars(select(Variant).where(Variant.stock > 5)).first()
        assert variant is not None
        variant.stock = 1
        variant_id = variant.id
    version = catalogue_version()

    stock_from(DEMO)

    end_read()
    assert _rows() == before
    assert current_session().scalar(select(Variant.stock).where(Variant.id == variant_id)) == 1
    assert catalogue_version() == version + 1


def test_a_shorter_list_takes_variants_away_and_changes_the_rest(shop: None, tmp_path: Path) -> None:
    path = tmp_path / "goods.json"
    _write(path, prices={"A": 100, "B": 200})
    stock_from(path)

    _write(path, prices={"B": 300})
    stock_from(path)

    page = product_page("tea", "eur")
    assert page is not None
    assert [(one.words, one.price.minor) for one in page.variants] == [("B", 300)]
    assert page.description == "<p>Fine &amp; green.</p>"


def test_stocking_takes_few_statements(shop: None) -> None:
    with counted_statements() as first:
        stock_from(DEMO)
    with counted_statements() as again:
        stock_from(DEMO)

    assert len([statement for statement in first if "INTO products " in statement or "INTO variants" in statement]) <= 4
    assert len(again) <= 8
    assert len(all_cards("eur").cards) == 24


def _rows() -> list[Any]:
    end_read()
    ids = [
        list(current_session().scalars(select(table.id).order_by(table.id)))
        for table in (Product, Variant, ProductImage)
    ]
    return [*ids, current_session().scalar(select(func.count()).select_from(CollectionProduct))]


def _write(path: Path, prices: dict[str, int]) -> None:
    variants = [{"sku": f"T-{name}", "options": [name], "price": price, "stock": 2} for name, price in prices.items()]
    product = {
        "handle": "tea",
        "title": "Tea",
        "description": "Fine & green.",
        "collection": ["drinks"],
        "options": ["Kind"],
        "pictures": [],
        "variants": variants,
    }
    path.write_text(json.dumps({"collections": [{"handle": "drinks", "title": "Drinks"}], "products": [product]}))
