"""Tabs and phones that do the same at the same moment."""

from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from flask.testing import FlaskClient

from storefront.carts.carts import CartOwner, add_to_cart
from storefront.carts.merging import merge_at_login
from tests.cart.test_cart import carts
from tests.doors import register, stock_up

ALICE = CartOwner(user_id=1)


def test_many_first_things_make_one_cart_and_none_is_lost(doors: Flask, browser: FlaskClient) -> None:
    register(browser)
    teapot = stock_up(doors, "Teapot", stock=50)

    def click(_: int) -> None:
        with doors.app_context():
            add_to_cart(ALICE, teapot)

    with ThreadPoolExecutor(8) as tabs:
        list(tabs.map(click, range(16)))

    assert carts(doors) == [("open", {"teapot": 16})]


def test_signing_in_twice_at_once_brings_everything_once(doors: Flask, browser: FlaskClient) -> None:
    register(browser)
    teapot = stock_up(doors, "Teapot")
    mug = stock_up(doors, "Mug")
    with doors.app_context():
        add_to_cart(ALICE, teapot)
        token = add_to_cart(CartOwner(), mug, 2).guest_token

    def merge(_: int) -> None:
        with doors.app_context():
            merge_at_login(token, 1)

    with ThreadPoolExecutor(4) as tabs:
        list(tabs.map(merge, range(4)))

    assert carts(doors) == [("open", {"teapot": 1, "mug": 2}), ("merged", {"mug": 2})]


def test_two_guests_becoming_one_customer_leave_one_cart(doors: Flask, browser: FlaskClient) -> None:
    register(browser)
    teapot = stock_up(doors, "Teapot")
    with doors.app_context():
        tokens = [add_to_cart(CartOwner(), teapot, quantity).guest_token for quantity in (1, 2, 3)]

    def merge(token: str | None) -> None:
        with doors.app_context():
            merge_at_login(token, 1)

    with ThreadPoolExecutor(3) as phones:
        list(phones.map(merge, tokens))

    opened = [lines for state, lines in carts(doors) if state == "open"]
    assert opened == [{"teapot": 6}]
