"""A discount code in the cart: it counts, or it is said why not; the cart goes on working, and what was typed stays."""

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from storefront.carts.models import Cart
from storefront.core.clock import now
from storefront.core.database import current_session, transaction
from storefront.discounts.admin import DiscountedGoods, end_discount
from storefront.discounts.models import Discount
from storefront.discounts.rules import DiscountKind
from storefront.shipping_and_tax.models import RateKind, ShippingRate
from tests.doors import HTMX, in_database, register, sign_in, stock_up
from tests.orders.codes import offer
from tests.reading import read


@pytest.fixture
def teapot(doors: Flask, browser: FlaskClient) -> int:
    """One is in the cart, for 24,00 €."""
    variant = stock_up(doors, "Teapot")
    browser.post("/cart/items", data={"variant_id": variant})
    return variant


def offered(app: Flask, code: str = "TEN", **terms: Any) -> None:
    in_database(app, lambda: offer(code, **terms))


def types(browser: FlaskClient, code: str, **headers: str) -> Any:
    return browser.post("/cart/discount", data={"discount_code": code}, headers=headers)


def kept(app: Flask) -> list[str]:
    codes: list[str] = in_database(
        app, lambda: list(current_session().scalars(select(Cart.discount_code).order_by(Cart.id)))
    )
    return codes


def words(html: str) -> str:
    apart = html.replace("</dt>", "</dt> ").replace("</dd>", "</dd> ")
    return read(apart).text.replace("\u00a0", " ")


def test_a_code_counts_however_it_is_typed_and_is_taken_off_again(
    doors: Flask, browser: FlaskClient, teapot: int
) -> None:
    offered(doors, "Ten")

    answer = types(browser, " tEN ")
    page = words(browser.get("/cart").text)
    taken_off = types(browser, "")

    assert (answer.status_code, answer.location) == (303, "/cart")
    assert "Discount Ten −2,40 €" in page
    assert "Total 21,60 €" in page
    assert "Code Ten applied." in page
    assert (taken_off.status_code, kept(doors)) == (303, [""])
    assert "Total 24,00 €" in words(browser.get("/cart").text)


def test_htmx_gets_the_whole_cart_with_the_new_total(doors: Flask, browser: FlaskClient, teapot: int) -> None:
    offered(doors)

    answer = types(browser, "TEN", **HTMX)

    assert answer.status_code == 200
    assert answer.text.strip().startswith('<div class="cart-page" id="cart">')
    assert "Total 21,60 €" in words(answer.text)
    assert browser.get("/cart", headers=HTMX).text.strip() in browser.get("/cart").text


def test_free_shipping_waives_the_delivery_and_says_so(doors: Flask, browser: FlaskClient, teapot: int) -> None:
    offered(doors, "SHIPFREE", kind=DiscountKind.free_shipping, value=0)
    with doors.app_context(), transaction() as session:
        session.add(ShippingRate(name="Parcel", kind=RateKind.pick_up, price_minor=490))
    before = words(browser.get("/cart").text)

    answer = words(types(browser, "shipfree", **HTMX).text)

    assert "Parcel 4,90 € Total 28,90 €" in before
    assert "Parcel (SHIPFREE) free Total 24,00 €" in answer


def test_free_shipping_where_it_is_free_already_is_not_used(doors: Flask, browser: FlaskClient, teapot: int) -> None:
    offered(doors, "SHIPFREE", kind=DiscountKind.free_shipping, value=0)
    with doors.app_context(), transaction() as session:
        session.add(ShippingRate(name="Parcel", kind=RateKind.pick_up, price_minor=490, free_from_minor=2000))

    answer = types(browser, "SHIPFREE", **HTMX)

    assert answer.status_code == 422
    assert "Delivery is free already: the code SHIPFREE is not needed." in words(answer.text)


@pytest.mark.parametrize(
    ("terms", "why", "stays"),
    [
        ({"counts_from": now() + dt.timedelta(days=400)}, "The code TEN counts from ", True),
        ({"counts_until": now() - dt.timedelta(days=1)}, "The code TEN is over.", False),
        ({"minimum": 4000}, "The code TEN counts from 40,00 € on.", True),
        ({"goods": DiscountedGoods(products=["mug"])}, "The code TEN is not for what is in your cart.", True),
    ],
)
@pytest.mark.usefixtures("teapot")
def test_it_is_said_beside_the_field_why_a_code_does_not_count(
    doors: Flask, browser: FlaskClient, terms: dict[str, Any], why: str, *, stays: bool
) -> None:
    stock_up(doors, "Mug")
    offered(doors, **terms)

    for headers in ({}, HTMX):
        answer = types(browser, "ten", **headers)

        assert answer.status_code == 422
        assert why in words(answer.text)
        assert 'value="ten"' in answer.text
        assert 'aria-invalid="true" aria-describedby="discount-code-fault"' in answer.text
        assert "Total 24,00 €" in words(answer.text)
    later = browser.get("/cart").text
    assert (why in words(later)) is stays
    assert "aria-invalid" not in later
    assert kept(doors) == ["ten" if stays else ""]


def test_a_code_that_is_unknown_is_not_kept_and_the_one_before_stays(
    doors: Flask, browser: FlaskClient, teapot: int
) -> None:
    offered(doors)
    types(browser, "TEN")

    answer = types(browser, "<b>TENN</b>", **HTMX)

    assert answer.status_code == 422
    assert "We don’t recognise the code “<b>TENN</b>”. Please check it." in words(answer.text)
    assert "<b>TENN" not in answer.text
    assert "Total 21,60 €" in words(answer.text)
    assert kept(doors) == ["TEN"]


def test_what_is_too_long_to_be_a_code_is_no_code(doors: Flask, browser: FlaskClient, teapot: int) -> None:
    answer = types(browser, "x" * 10_000)

    assert answer.status_code == 422
    assert "x" * 61 not in answer.text


def test_a_code_that_waited_counts_once_there_is_enough_in_the_cart(
    doors: Flask, browser: FlaskClient, teapot: int
) -> None:
    offered(doors, minimum=4000)
    types(browser, "TEN")

    browser.post("/cart/items", data={"variant_id": teapot})

    assert "Discount TEN −4,80 €" in words(browser.get("/cart").text)


def test_a_code_that_ended_since_is_said_to_be_over(doors: Flask, browser: FlaskClient, teapot: int) -> None:
    offered(doors)
    types(browser, "TEN")
    in_database(doors, lambda: end_discount("ten"))

    page = words(browser.get("/cart").text)

    assert "The code TEN is over." in page
    assert "Total 24,00 €" in page


def test_used_up(doors: Flask, browser: FlaskClient, teapot: int) -> None:
    offered(doors, most_uses=1)
    with doors.app_context(), transaction() as session:
        session.execute(update(Discount).values(uses=1))

    assert "The code TEN is used up." in words(types(browser, "TEN").text)


def test_only_what_it_is_for_is_cheaper(doors: Flask, browser: FlaskClient, teapot: int) -> None:
    browser.post("/cart/items", data={"variant_id": stock_up(doors, "Mug", price=1000)})
    offered(doors, goods=DiscountedGoods(products=["mug"]))

    assert "Discount TEN −1,00 €" in words(types(browser, "TEN", **HTMX).text)


def test_without_a_cart_there_is_nothing_to_take_off(doors: Flask, browser: FlaskClient) -> None:
    assert types(browser, "TEN").location == "/cart"


def test_nobody_guesses_codes_all_day(doors: Flask, browser: FlaskClient, teapot: int) -> None:
    offered(doors)
    guesses = [types(browser, f"guess-{number}").status_code for number in range(20)]

    too_often = types(browser, "TEN")

    assert set(guesses) == {422}
    assert too_often.status_code == 429
    assert int(too_often.headers["Retry-After"]) > 0
    assert kept(doors) == [""]
    assert browser.get("/cart").status_code == 200
    assert types(browser, "").status_code == 303


def test_a_guests_code_comes_along_at_login_unless_the_account_has_one(doors: Flask, browser: FlaskClient) -> None:
    variant = stock_up(doors, "Teapot")
    for code in ("TEN", "TWENTY"):
        offered(doors, code)
    register(browser)
    browser.post("/cart/items", data={"variant_id": variant})
    for code in ("TEN", "TWENTY"):
        guest = doors.test_client()
        guest.post("/cart/items", data={"variant_id": variant})
        types(guest, code)
        sign_in(guest)

    assert kept(doors)[0] == "TEN"


def test_behind_a_proxy_that_is_not_counted_strangers_close_the_codes_for_nobody(
    doors: Flask, browser: FlaskClient, teapot: int
) -> None:
    offered(doors, "Ten")
    through_nginx = {"X-Forwarded-For": "203.0.113.9"}
    for number in range(25):
        assert types(browser, f"GUESS{number}", **through_nginx).status_code == 422

    assert types(browser, "TEN", **through_nginx).status_code == 303
