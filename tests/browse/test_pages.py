import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.catalog.models import Product, ProductImage
from storefront.catalog.products import PAGE_SIZE
from storefront.core.database import transaction
from tests.browse.conftest import Keeper

HTMX = {"HX-Request": "true"}


def test_the_first_page_shows_everything(keeper: Keeper, visitor: FlaskClient) -> None:
    keeper.puts("Teapot", prices=(2400, 1450), stocks=(1, 0))
    keeper.puts("Mug", stocks=(0,))
    keeper.shelves("table", "Mug")

    page = visitor.get("/").text

    assert "from 14,50\u00a0€" in page
    assert "Stoneware · last one" in page
    assert "Stoneware · sold out" in page
    assert '<a href="/collections/table">Table</a>' in page


def test_the_owner_chooses_what_the_first_page_shows(keeper: Keeper, visitor: FlaskClient) -> None:
    keeper.puts("Teapot")
    keeper.puts("Mug")
    keeper.shelves("frontpage", "Mug")

    page = visitor.get("/").text

    assert "All for the frontpage." in page
    assert _titles(page) == ["Mug"]
    assert visitor.get("/collections/frontpage").status_code == 404


def test_a_shelf_shows_what_stands_on_it(keeper: Keeper, visitor: FlaskClient) -> None:
    keeper.puts("Teapot")
    keeper.puts("Mug")
    keeper.shelves("table", "Mug")
    keeper.shelves("light")

    page = visitor.get("/collections/table").text

    assert _titles(page) == ["Mug"]
    assert "All for the table." in page
    assert 'href="/collections/table" aria-current="page"' in page
    assert "There is nothing here at the moment." in visitor.get("/collections/light").text


def test_a_long_shelf_leads_on_and_back(keeper: Keeper, visitor: FlaskClient) -> None:
    for number in range(PAGE_SIZE + 1):
        keeper.puts(f"Mug {number}")

    first, second = visitor.get("/search?q=mug").text, visitor.get("/search?q=mug&page=2").text

    assert 'href="/search?q=mug&amp;page=2"' in first
    assert 'href="/search?q=mug"' in second
    assert len(_titles(second)) == 1


@pytest.mark.parametrize(
    "address",
    [
        "/products/nothing",
        "/collections/nothing",
        "/?page=2",
        "/?page=99999999999999999999",
        "/products/hidden",
        "/media/nothing.webp",
        "/media/../shop.db",
        "/media/.partial.svg",
        "/media/nothing.db",
    ],
)
def test_what_is_not_there_is_not_found(keeper: Keeper, visitor: FlaskClient, address: str) -> None:
    keeper.puts("Teapot")
    keeper.puts("Hidden", published=False)

    response = visitor.get(address)

    assert response.status_code == 404
    assert response.headers["Cache-Control"] == "private, no-store"


def test_a_search_shows_what_it_found_and_what_was_asked(keeper: Keeper, visitor: FlaskClient) -> None:
    keeper.puts("Teapot")
    keeper.puts("Mug")

    found, nothing = visitor.get("/search?q=teap").text, visitor.get("/search?q=<b>x</b>").text

    assert _titles(found) == ["Teapot"]
    assert 'value="teap"' in found
    assert "Nothing found for “&lt;b&gt;x&lt;/b&gt;”" in nothing


def test_a_visitor_is_led_to_the_checkout_without_a_token(keeper: Keeper, visitor: FlaskClient) -> None:
    (variant,) = keeper.puts("Teapot")

    page = visitor.get("/products/teapot").text

    assert f'<input type="hidden" name="variant_id" value="{variant}">' in page
    assert 'name="then" value="checkout"' in page
    assert "checkout_token" not in page


def test_a_choice_is_made_by_radios_that_the_form_sends(keeper: Keeper, visitor: FlaskClient) -> None:
    first, second = keeper.puts("Teapot", prices=(2400, 2600), stocks=(5, 5))

    page = visitor.get(f"/products/teapot?variant={second}").text

    assert f'value="{second}" id="variant-{second}" form="one-click" checked' in page
    assert '<input type="hidden" name="product" value="teapot">' in page
    assert f'value="{first}" id="variant-{first}" form="one-click">' in page
    assert 'type="hidden" name="variant_id"' not in page
    assert 'Buy now ·</span> <span class="no-break">26,00\u00a0€' in page


def test_another_choice_answers_what_the_page_shows(keeper: Keeper, visitor: FlaskClient) -> None:
    _, second = keeper.puts("Teapot", prices=(2400, 2600), stocks=(5, 1))

    answer = visitor.get(f"/products/teapot?variant_id={second}", headers=HTMX)
    page = visitor.get(f"/products/teapot?variant={second}").text

    panel, _, picture = answer.text.strip().partition('<div class="product__picture"')
    assert panel.strip() in page
    assert picture.startswith(' id="product-picture" hx-swap-oob="true"')
    assert "<dd>the last one</dd>" in panel
    assert answer.headers["HX-Replace-Url"] == f"/products/teapot?variant={second}"


def test_what_is_sold_out_says_so_and_sells_nothing(keeper: Keeper, visitor: FlaskClient) -> None:
    keeper.puts("Teapot", stocks=(0,))

    page = visitor.get("/products/teapot").text

    assert 'data-panel="sold_out"' in page
    assert "Add to cart" not in page
    assert "Buy now" not in page


@pytest.mark.parametrize("wish", ["4711", "x", "", "99999999999999999999"])
def test_a_variant_that_is_no_more_leads_to_the_product(keeper: Keeper, visitor: FlaskClient, wish: str) -> None:
    _, second = keeper.puts("Teapot", prices=(2400, 2600), stocks=(0, 5))

    page = visitor.get(f"/products/teapot?variant={wish}").text

    assert f'id="variant-{second}" form="one-click" checked' in page


def test_search_engines_are_told_what_not_to_read(visitor: FlaskClient) -> None:
    assert "Disallow: /checkout\n" in visitor.get("/robots.txt").text


def test_the_shops_sign_is_found_where_browsers_look(visitor: FlaskClient) -> None:
    with visitor.get("/favicon.ico") as response:
        assert response.mimetype == "image/svg+xml"


@pytest.mark.parametrize("address", ["/", "/collections/table", "/search?q=stoneware", "/products/teapot"])
def test_more_products_take_no_more_statements(keeper: Keeper, guest: FlaskClient, address: str) -> None:
    keeper.puts("Teapot")
    keeper.shelves("table", "Teapot")
    one = _statements(keeper, guest, address)
    keeper.puts("Mug", prices=(1, 2), stocks=(1, 2))
    keeper.puts("Bowl")

    assert _statements(keeper, guest, address) == one


def _statements(keeper: Keeper, client: FlaskClient, address: str) -> int:
    with keeper.counts() as sent:
        assert client.get(address).status_code == 200
    return len(sent)


def _titles(page: str) -> list[str]:
    return [part.partition("<")[0] for part in page.split('product-card__name">')[1:]]


def test_further_pictures_stand_below(app: Flask, keeper: Keeper, visitor: FlaskClient) -> None:
    keeper.puts("Teapot")
    with app.app_context(), transaction() as session:
        teapot = session.scalars(select(Product)).one()
        teapot.pictures.append(ProductImage(path="demo/mug-blue.svg", alt="From above", position=1))

    page = visitor.get("/products/teapot").text

    assert page.index('alt="A Teapot"') < page.index('aria-label="More pictures"') < page.index('alt="From above"')


def test_a_product_without_a_picture_has_its_place(app: Flask, keeper: Keeper, visitor: FlaskClient) -> None:
    keeper.puts("Teapot")
    with app.app_context(), transaction() as session:
        teapot = session.scalars(select(Product)).one()
        teapot.pictures.clear()

    assert '<span class="picture"></span>' in visitor.get("/products/teapot").text
    assert '<span class="picture"></span>' in visitor.get("/search?q=teapot").text
