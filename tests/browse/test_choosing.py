"""Choosing a colour and a size on a product's page, with htmx and without; nobody buys what they have not chosen."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.carts.models import CartLine
from storefront.catalog.models import Product, Variant
from storefront.catalog.version import bump_version
from storefront.core.database import transaction
from tests.doors import HTMX
from tests.reading import read

SHIRT = {("Blue", "S"): (2400, 5), ("Blue", "M"): (2400, 0), ("Sand", "S"): (2600, 5)}


@pytest.fixture
def shirt(app: Flask) -> dict[tuple[str, ...], int]:
    """In two colours and two sizes, not all of which there are; the variants' ids."""
    with app.app_context(), transaction() as session:
        product = Product(handle="shirt", title="Shirt", options=["Colour", "Size"])
        for place, (options, (price, stock)) in enumerate(SHIRT.items()):
            sku = "-".join(options)
            variant = Variant(sku=sku, option_values=list(options), price_minor=price, stock=stock, position=place)
            product.variants.append(variant)
        session.add(product)
        session.flush()
        bump_version()
        return {tuple(one.option_values): one.id for one in product.variants}


def carts(app: Flask) -> list[int]:
    with app.app_context(), transaction() as session:
        return [line.variant_id for line in session.query(CartLine).order_by(CartLine.id)]


def test_nothing_is_chosen_beforehand(shirt: dict[tuple[str, ...], int], visitor: FlaskClient) -> None:
    page = visitor.get("/products/shirt").text

    assert " checked" not in page
    assert "<legend>Colour</legend>" in page
    assert "<legend>Size</legend>" in page
    assert "from 24,00 €" in read(page).text
    assert 'name="variant_id"' not in page
    assert 'data-panel="plain"' in page


def test_a_pick_says_what_goes_with_it(shirt: dict[tuple[str, ...], int], visitor: FlaskClient) -> None:
    answer = visitor.get("/products/shirt?option-1=Sand", headers=HTMX)

    assert answer.headers["HX-Replace-Url"] == "/products/shirt?option-1=Sand"
    assert 'value="Sand" id="option-1-1" form="one-click" checked' in answer.text
    assert "M, not available" in read(answer.text).text
    assert "Buy now · 26,00 €" in read(answer.text).text
    assert 'name="variant_id"' not in answer.text


def test_a_whole_choice_is_a_variant_with_an_address(shirt: dict[tuple[str, ...], int], visitor: FlaskClient) -> None:
    answer = visitor.get("/products/shirt?option-1=Sand&option-2=S", headers=HTMX)

    address = f"/products/shirt?variant={shirt['Sand', 'S']}"
    assert answer.headers["HX-Replace-Url"] == address
    page = visitor.get(address).text
    assert f'<input type="hidden" name="variant_id" value="{shirt["Sand", "S"]}">' in page
    assert page.count(" checked") == 2


@pytest.mark.parametrize(
    ("picked", "words"),
    [
        ({}, ["Choose a colour", "Choose a size"]),
        ({"option-1": "Blue"}, ["Choose a size"]),
        ({"option-1": "Sand", "option-2": "M"}, ["There is no Shirt in Sand, M. Choose another size"]),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize("then", [{}, {"then": "checkout"}])
def test_who_has_not_chosen_is_asked_beside_the_picker(  # noqa: PLR0913, PLR0917  fixtures
    app: Flask,
    shirt: dict[tuple[str, ...], int],
    visitor: FlaskClient,
    picked: dict[str, str],
    words: list[str],
    headers: dict[str, str],
    then: dict[str, str],
) -> None:
    answer = visitor.post("/cart/items", data={"product": "shirt", "quantity": 1, **picked, **then}, headers=headers)

    assert answer.status_code == 422
    faults = [
        part.partition("</p>")[0].rpartition("</svg>")[2] for part in answer.text.split('class="field__fault"')[1:]
    ]
    assert faults == words
    assert 'aria-describedby="picker-option-2-fault"' in answer.text
    assert answer.headers.get("HX-Retarget") == ("#product-panel" if headers else None)
    for value in picked.values():
        assert f'value="{value}" id="option-' in answer.text
    assert answer.text.count(" checked") == len(picked)
    assert carts(app) == []


def test_what_is_picked_goes_into_the_cart_without_scripts(
    app: Flask, shirt: dict[tuple[str, ...], int], visitor: FlaskClient
) -> None:
    # The page was drawn with another one chosen.
    wish = {"product": "shirt", "variant_id": shirt["Blue", "S"], "option-1": "Sand", "option-2": "S", "quantity": 1}

    assert visitor.post("/cart/items", data=wish).status_code == 303

    assert carts(app) == [shirt["Sand", "S"]]


def test_without_scripts_all_choices_stand_in_a_list(shirt: dict[tuple[str, ...], int], visitor: FlaskClient) -> None:
    links = read(visitor.get("/products/shirt").text).links

    assert [f"/products/shirt?variant={one}" for one in shirt.values()] == [
        link for link in links if "?variant=" in link
    ]


def test_a_page_to_link_to_asks_too(shirt: dict[tuple[str, ...], int], visitor: FlaskClient) -> None:
    asked, told = visitor.get("/buy/shirt").text, visitor.get(f"/buy/shirt?variant={shirt['Blue', 'S']}").text

    assert 'id="picker-option-1"' in asked
    assert 'name="variant_id"' not in asked
    assert f'<input type="hidden" name="variant_id" value="{shirt["Blue", "S"]}">' in told
    assert "picker" not in told


def test_what_is_sold_out_in_all_sizes_says_so(app: Flask, visitor: FlaskClient) -> None:
    with app.app_context(), transaction() as session:
        variants = [Variant(sku=size, option_values=[size], price_minor=1, stock=0) for size in ("S", "M")]
        session.add(Product(handle="cap", title="Cap", options=["Size"], variants=variants))

    page = visitor.get("/products/cap").text

    assert 'data-panel="sold_out"' in page
    assert "Sold out" in page
    assert "Buy now" not in page
    assert "Add to cart" not in page
    assert "this has just sold out" not in page


def test_a_form_of_a_product_that_is_no_more_is_not_found(visitor: FlaskClient) -> None:
    assert visitor.post("/cart/items", data={"product": "gone", "option-1": "Blue"}).status_code == 404
