"""Filling the cart and changing it, with htmx and without; nobody gets more than there is, or into another's."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.carts.models import Cart, CartLine
from storefront.catalog.models import Product
from storefront.core.database import current_session, transaction
from tests.doors import HTMX, in_database, register, sign_in, stock_up
from tests.reading import read


def carts(app: Flask) -> list[tuple[str, dict[str, int]]]:
    """Each cart's state with its SKUs and quantities."""

    def ask() -> list[tuple[str, dict[str, int]]]:
        found = current_session().scalars(select(Cart).order_by(Cart.id))
        return [(cart.state.value, {line.variant.sku: line.quantity for line in cart.lines}) for cart in found]

    told: list[tuple[str, dict[str, int]]] = in_database(app, ask)
    return told


def line_ids(app: Flask) -> list[int]:
    ids: list[int] = in_database(
        app, lambda: list(current_session().scalars(select(CartLine.id).order_by(CartLine.id)))
    )
    return ids


def test_a_guests_cart_is_found_by_the_browsers_cookie(doors: Flask, browser: FlaskClient) -> None:
    teapot = stock_up(doors, "Teapot", options="Blue")

    answer = browser.post("/cart/items", data={"variant_id": teapot, "quantity": 2})

    assert (answer.status_code, answer.location) == (303, "/cart")
    cookie = browser.get_cookie("cart")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site, cookie.secure) == (True, "Lax", False)
    hashes = in_database(doors, lambda: list(current_session().scalars(select(Cart.token_hash))))
    assert cookie.value not in hashes
    page = browser.get("/cart").text
    assert "Teapot" in page
    assert "Blue" in page
    assert "48,00\u00a0€" in page
    assert '<span class="masthead__count">2' in page
    assert "Your cart is empty" in doors.test_client().get("/cart").text


def test_htmx_gets_the_button_and_the_new_count(doors: Flask, browser: FlaskClient) -> None:
    teapot = stock_up(doors, "Teapot")

    answer = browser.post("/cart/items", data={"variant_id": teapot}, headers=HTMX)

    assert answer.status_code == 200
    assert "Teapot added to your cart." in answer.text
    assert '<span id="cart-count" hx-swap-oob="true"><span class="masthead__count">1' in answer.text


def test_it_leads_straight_to_the_checkout_where_that_was_asked(doors: Flask, browser: FlaskClient) -> None:
    teapot = stock_up(doors, "Teapot")
    wish = {"variant_id": teapot, "then": "checkout"}

    assert browser.post("/cart/items", data=wish).location == "/elsewhere/checkout.show"
    assert browser.post("/cart/items", data=wish, headers=HTMX).headers["HX-Redirect"] == "/elsewhere/checkout.show"


def test_there_are_never_more_than_are_left_and_it_is_said(doors: Flask, browser: FlaskClient) -> None:
    teapot = stock_up(doors, "Teapot", stock=3)

    browser.post("/cart/items", data={"variant_id": teapot, "quantity": 5})
    said, said_once = browser.get("/cart").text, browser.get("/cart").text
    more = browser.post("/cart/items", data={"variant_id": teapot, "quantity": 1}, headers=HTMX)

    assert "Only 3 left of Teapot: your cart has 3." in said
    assert "Only 3 left of Teapot" not in said_once
    plus = read(said_once).form("/cart/items/1").buttons[1]
    assert (plus["aria-disabled"], plus["aria-describedby"]) == ("true", "most-1")
    assert '<p class="quiet" id="most-1">Only 3 left</p>' in said_once
    assert more.status_code == 422
    assert (more.headers["HX-Retarget"], more.headers["HX-Reswap"]) == ("#refused", "outerHTML")
    assert "Only 3 left of Teapot: your cart has 3." in more.text
    assert carts(doors) == [("open", {"teapot": 3})]


def test_more_can_be_had_while_there_are_more(doors: Flask, browser: FlaskClient) -> None:
    browser.post("/cart/items", data={"variant_id": stock_up(doors, "Teapot", stock=3), "quantity": 2})

    page = browser.get("/cart").text

    assert "aria-disabled" not in page
    assert "Only 3 left" not in page


def test_ninety_nine_is_the_most_of_what_is_not_counted(doors: Flask, browser: FlaskClient) -> None:
    browser.post("/cart/items", data={"variant_id": stock_up(doors, "Teapot", stock=None), "quantity": 99})

    assert '<p class="quiet" id="most-1">99 is the most in one order</p>' in browser.get("/cart").text


def test_what_is_sold_out_is_refused_in_words(doors: Flask, browser: FlaskClient) -> None:
    answer = browser.post("/cart/items", data={"variant_id": stock_up(doors, "Vase", stock=0)})

    assert answer.status_code == 422
    assert "Vase is sold out." in answer.text
    assert carts(doors) == []


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({}, 422),
        ({"variant_id": "teapot"}, 422),
        ({"variant_id": "999"}, 404),
        ({"variant_id": "99999999999999999999"}, 422),
        ({"variant_id": "1", "quantity": "0"}, 422),
        ({"variant_id": "1", "quantity": "-3"}, 422),
    ],
)
def test_nonsense_is_refused_and_makes_no_cart(
    doors: Flask, browser: FlaskClient, wish: dict[str, str], status: int
) -> None:
    stock_up(doors, "Teapot")

    assert browser.post("/cart/items", data=wish).status_code == status
    assert carts(doors) == []


def test_lines_are_changed_and_taken_out(doors: Flask, browser: FlaskClient) -> None:
    browser.post("/cart/items", data={"variant_id": stock_up(doors, "Teapot", stock=4)})
    browser.post("/cart/items", data={"variant_id": stock_up(doors, "Mug"), "quantity": 2})
    teapots, mugs = line_ids(doors)

    more = browser.post(f"/cart/items/{teapots}", data={"quantity": 9}, headers=HTMX)
    none = browser.post(f"/cart/items/{mugs}", data={"quantity": 0}, headers=HTMX)

    assert "Only 4 left of Teapot: your cart has 4." in more.text
    assert '<span class="masthead__count">4' in none.text
    assert carts(doors) == [("open", {"teapot": 4})]
    assert browser.post(f"/cart/items/{teapots}/removal").location == "/cart"
    assert carts(doors) == [("open", {})]


def test_page_and_fragment_are_the_same(doors: Flask, browser: FlaskClient) -> None:
    browser.post("/cart/items", data={"variant_id": stock_up(doors, "Teapot")})

    fragment = browser.get("/cart", headers=HTMX)
    gone_back = browser.get("/cart", headers=HTMX | {"HX-History-Restore-Request": "true"})

    assert fragment.text.strip().startswith('<div class="cart-page" id="cart">')
    assert fragment.text.strip() in browser.get("/cart").text
    assert gone_back.text.startswith("<!doctype html>")


def test_bob_cannot_touch_alices_lines(doors: Flask, browser: FlaskClient) -> None:
    browser.post("/cart/items", data={"variant_id": stock_up(doors, "Teapot")})
    bob = doors.test_client()
    register(bob, "bob@example.org")
    bob.post("/cart/items", data={"variant_id": 1})
    (alices, _) = line_ids(doors)

    assert bob.post(f"/cart/items/{alices}", data={"quantity": 7}).status_code == 404
    assert bob.post(f"/cart/items/{alices}/removal").status_code == 404
    assert carts(doors) == [("open", {"teapot": 1}), ("open", {"teapot": 1})]


def test_it_keeps_its_checkout_token_through_every_change(doors: Flask, browser: FlaskClient) -> None:
    def token() -> str:
        return str(in_database(doors, lambda: current_session().scalars(select(Cart.checkout_token)).one()))

    browser.post("/cart/items", data={"variant_id": stock_up(doors, "Teapot")})
    first = token()
    (line,) = line_ids(doors)
    browser.post(f"/cart/items/{line}", data={"quantity": 2})
    register(browser)

    assert len(first) == 32
    assert token() == first


def test_what_changed_on_the_shelf_is_said(doors: Flask, browser: FlaskClient) -> None:
    browser.post("/cart/items", data={"variant_id": stock_up(doors, "Teapot", stock=5), "quantity": 5})
    browser.post("/cart/items", data={"variant_id": stock_up(doors, "Mug", price=1800)})
    with doors.app_context(), transaction() as session:
        teapot, mug = session.scalars(select(Product).order_by(Product.id))
        teapot.variants[0].stock = 2
        mug.published = False

    page = browser.get("/cart").text

    assert "Only 2 left of Teapot: your cart has 5." in page
    assert "Mug is no longer sold. Please take it out." in page
    assert "120,00\u00a0€" in page
    assert "138,00\u00a0€" not in page


def test_an_account_has_one_cart_in_all_its_browsers(doors: Flask, browser: FlaskClient) -> None:
    register(browser)
    browser.post("/cart/items", data={"variant_id": stock_up(doors, "Teapot")})
    phone = doors.test_client()
    sign_in(phone)

    phone.post("/cart/items", data={"variant_id": 1})

    assert browser.get_cookie("cart") is None
    assert carts(doors) == [("open", {"teapot": 2})]


def test_a_line_that_sold_out_stays_until_its_customer_takes_it_out(doors: Flask, browser: FlaskClient) -> None:
    browser.post("/cart/items", data={"variant_id": stock_up(doors, "Teapot", stock=5), "quantity": 2})
    (line,) = line_ids(doors)
    with doors.app_context(), transaction() as session:
        session.scalars(select(Product)).one().variants[0].stock = 0

    answer = browser.post(f"/cart/items/{line}", data={"quantity": 1}, headers=HTMX)

    assert "Teapot is sold out." in answer.text
    assert carts(doors) == [("open", {"teapot": 2})]
    assert 'id="one-click"' not in answer.text


def test_what_is_not_counted_ends_at_ninety_nine(doors: Flask, browser: FlaskClient) -> None:
    teapot = stock_up(doors, "Teapot")

    answer = browser.post("/cart/items", data={"variant_id": teapot, "quantity": 500}, headers=HTMX)

    assert "99 of Teapot is the most in one order." in answer.text
    assert carts(doors) == [("open", {"teapot": 99})]


def test_a_full_cart_takes_more_of_the_same_only(
    doors: Flask, browser: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storefront.carts.carts.MAX_LINES", 1)
    browser.post("/cart/items", data={"variant_id": stock_up(doors, "Teapot")})

    more = browser.post("/cart/items", data={"variant_id": 1})
    another = browser.post("/cart/items", data={"variant_id": stock_up(doors, "Mug")})

    assert more.status_code == 303
    assert another.status_code == 422
    assert "The cart is full." in another.text


def test_without_a_cart_there_is_nothing_to_change(browser: FlaskClient) -> None:
    assert browser.post("/cart/items/1", data={"quantity": 2}).status_code == 404
    browser.set_cookie("cart", "made up")
    assert browser.post("/cart/items/1/removal").status_code == 404
