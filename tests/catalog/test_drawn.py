"""Stand-ins for pictures: always there, always the same, harmless."""

import re
from xml.etree import ElementTree as ET

import pytest

from storefront.catalog.drawn import _form_of, drawn_picture

NAMES = [
    ("Ocean Blue Shirt", "shirt"),
    ("Classic Varsity Top", "top"),
    ("Red Sports Tee", "top"),
    ("Long Sleeve Cotton Top", "jumper"),
    ("Yellow Wool Jumper", "jumper"),
    ("Blue Silk Tuxedo", "jacket"),
    ("Striped Skirt and Top", "skirt"),
    ("Slim Jeans", "trousers"),
    ("LED High Tops", "shoes"),
    ("Black Leather Bag", "bag"),
    ("Straw Hat", "hat"),
    ("Espresso cups", "cup"),
    ("Olive oil", "bottle"),
    ("Pocket diary", "book"),
    ("Keepsake boxes", "box"),
    ("Silver ring", "ring"),
    ("Something else", "parcel"),
    ("Spring water", "parcel"),
]


@pytest.mark.parametrize(("title", "form"), NAMES)
def test_form_follows_the_words(title: str, form: str) -> None:
    assert _form_of(title.lower()) == form


@pytest.mark.parametrize(("title", "form"), NAMES)
def test_every_form_is_a_whole_picture(title: str, form: str) -> None:
    root = ET.fromstring(drawn_picture(form, title, ""))

    assert root.get("viewBox") == "0 0 800 1000"
    assert root.findtext("{*}title") == f"A drawing that stands in for a picture of {title}"


@pytest.mark.parametrize(("title", "form"), NAMES)
def test_every_reference_stays_inside_the_picture(title: str, form: str) -> None:
    svg = drawn_picture(form, title, "")

    ids = re.findall(r'\bid="([^"]+)"', svg)
    asked = {*re.findall(r"url\(#([^)]+)\)", svg), *re.findall(r'href="#([^"]+)"', svg)}
    assert len(ids) == len(set(ids))
    assert asked <= set(ids)
    assert not re.search(r'<script|<style|style=|\son\w+=|href="[^#]|\$', svg)


def test_same_thing_looks_the_same_and_another_does_not() -> None:
    assert drawn_picture("scarf", "Scarf", "") == drawn_picture("scarf", "Scarf", "")
    assert drawn_picture("scarf", "Scarf", "") != drawn_picture("shawl", "Scarf", "")


def test_kind_helps_where_the_title_says_nothing() -> None:
    assert drawn_picture("dawn", "Dawn", "Shoes") != drawn_picture("dawn", "Dawn", "")


@pytest.mark.parametrize(
    ("title", "mark"), [("Red tee", "#b5402f"), ("Floral tee", "#c4576a"), ("Checked tee", "M0 24h48M24 0v48")]
)
def test_colour_and_print_follow_the_words(title: str, mark: str) -> None:
    assert mark in drawn_picture("tee", title, "")
    assert mark not in drawn_picture("tee", "Tee", "")


def test_a_title_cannot_bring_markup_along() -> None:
    svg = drawn_picture("evil", "<script>alert(1)</script> & $base", "")

    assert "<script" not in svg
    assert ET.fromstring(svg).findtext("{*}title", "").endswith("<script>alert(1)</script> & $base")
