"""The demo shop's stock is whole: every handle, number and picture it names exists."""

import json
import re
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree as ET

import pytest

import storefront

PACKAGE = Path(storefront.__file__).parent
GOODS = cast("dict[str, Any]", json.loads((PACKAGE / "demo/goods/products.json").read_text(encoding="utf-8")))
PICTURES = sorted((PACKAGE / "static/demo").glob("*.svg"))
VARIANTS = [variant for product in GOODS["products"] for variant in product["variants"]]


def test_handles_and_numbers_are_unique() -> None:
    handles = [product["handle"] for product in GOODS["products"]]
    numbers = [variant["sku"] for variant in VARIANTS]

    assert len(handles) == len(set(handles)) >= 28
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("product", GOODS["products"], ids=lambda product: str(product["handle"]))
def test_product_is_whole(product: dict[str, Any]) -> None:
    files = {picture["file"] for picture in product["pictures"]}

    assert {*product["collection"]} <= {collection["handle"] for collection in GOODS["collections"]}
    assert all(picture["alt"] for picture in product["pictures"])
    assert len({tuple(variant["options"]) for variant in product["variants"]}) == len(product["variants"])
    assert all(len(variant["options"]) == len(product["options"]) for variant in product["variants"])
    assert {variant["picture"] for variant in product["variants"]} <= files | {None}


def test_every_picture_is_used_and_every_used_picture_is_there() -> None:
    named = {picture["file"] for product in GOODS["products"] for picture in product["pictures"]}

    assert named == {picture.name for picture in PICTURES}


def test_shelves_hold_every_case_a_shop_knows() -> None:
    stocks = {variant["stock"] for variant in VARIANTS}
    prices = [variant["price"] for variant in VARIANTS]

    assert {None, 0, 1} <= stocks
    assert (min(prices), max(prices)) == (350, 18900)
    assert {variant["requires_shipping"] for variant in VARIANTS} == {True, False}


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: str(picture.stem))
def test_picture_shows_under_a_strict_policy(picture: Path) -> None:
    svg = picture.read_text(encoding="utf-8")

    assert ET.fromstring(svg).get("viewBox") == "0 0 800 1000"
    assert len(svg) < 14_000
    assert not re.search(r"<script|<style|<text|<image|style=|\son\w+=|href=|url\([^#]", svg)
    assert {*re.findall(r"url\(#([^)]+)\)", svg)} <= {*re.findall(r'\bid="([^"]+)"', svg)}
