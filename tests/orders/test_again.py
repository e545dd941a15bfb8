"""Ordering again: what comes into the cart, and what is said about the rest."""

from collections.abc import Iterator

import pytest
from flask import Flask

from storefront.carts.again import Reorder, reorder
from storefront.carts.carts import CartOwner, add_to_cart, find_cart
from storefront.catalog.models import Product, Variant
from storefront.core.clock import now
from storefront.core.database import current_session, transaction
from storefront.core.errors import NotFoundError
from storefront.orders.models import Order, OrderLine, OrderSource
from tests.apps import bare_app
from tests.doors import stock_up
from tests.orders.test_history import joined


class Again:
    """A customer who bought three teapots, a mug and a vase."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.things = {
            "Teapot": stock_up(app, "Teapot", price=2400),
            "Mug": stock_up(app, "Mug", price=1250, stock=40),
            "Vase": stock_up(app, "Vase", price=6900, stock=1),
        }
        self.owner = CartOwner(user_id=joined("alice@example.org"))
        self.order_id = self.bought({"Teapot": 3, "Mug": 1, "Vase": 1})

    def bought(self, quantities: dict[str, int], currency: str = "eur") -> int:
        prices = {"Teapot": 2400, "Mug": 1250, "Vase": 6900}
        with transaction() as session:
            order = Order(
                public_id=f"order-{currency}-{len(quantities)}", user_id=self.owner.user_id, email="a@b.example", email_key="a@b.example",
                source=OrderSource.cart, checkout_token=f"t-{currency}-{len(quantities)}", currency=currency, subtotal=1, total=1,
                hold_until=now(), livemode=False,
            )  # fmt: skip
            session.add(order)
            session.flush()
            for name, quantity in quantities.items():
                session.add(
                    OrderLine(
                        order_id=order.id, variant_id=self.things[name], name=name, sku=name, unit_price=prices[name],
                        quantity=quantity, total=prices[name] * quantity, stock_taken=True,
                    )
                )  # fmt: skip
            return order.id

    def change(self, name: str, **values: object) -> None:
        with transaction() as session:
            for field, value in values.items():
                setattr(session.get_one(Variant, self.things[name]), field, value)

    def again(self, of: str | None = None) -> Reorder:
        return reorder(self.owner, self.order_id, "eur", self.things[of] if of else None)

    def cart(self) -> dict[str, int]:
        cart = find_cart(self.owner)
        return {line.variant.name: line.quantity for line in cart.lines} if cart else {}


@pytest.fixture
def alice(database_url: str) -> Iterator[Again]:
    with bare_app(database_url) as app, app.app_context():
        yield Again(app)


def plain(put: Reorder) -> list[str]:
    return [sentence.replace("\u00a0", " ") for sentence in (put.summary, *put.changes)]


def test_all_of_it_comes_into_the_cart(alice: Again) -> None:
    put = alice.again()

    assert alice.cart() == {"Teapot": 3, "Mug": 1, "Vase": 1}
    assert plain(put) == ["5 things are in your cart."]
    assert put.guest_token is None


def test_one_line_comes_alone(alice: Again) -> None:
    put = alice.again("Mug")

    assert alice.cart() == {"Mug": 1}
    assert plain(put) == ["Mug is in your cart."]


def test_another_price_is_said(alice: Again) -> None:
    alice.change("Teapot", price_minor=2600)

    assert plain(alice.again())[1:] == ["Teapot is 26,00 € now, it was 24,00 €."]


def test_another_currency_is_said(alice: Again) -> None:
    alice.order_id = alice.bought({"Mug": 1}, currency="usd")

    assert plain(alice.again()) == ["Mug is in your cart.", "Mug is 12,50 € now, it was $12.50."]


def test_what_is_sold_out_stays_away(alice: Again) -> None:
    alice.change("Vase", stock=0, price_minor=9900)

    put = alice.again()

    assert alice.cart() == {"Teapot": 3, "Mug": 1}
    assert plain(put) == ["4 things are in your cart.", "Vase is sold out."]


def test_as_many_come_as_there_are(alice: Again) -> None:
    alice.change("Teapot", stock=2)

    assert plain(alice.again("Teapot")) == ["Teapot is in your cart.", "Only 2 left of Teapot: your cart has 2."]
    assert alice.cart() == {"Teapot": 2}


def test_it_joins_what_is_there(alice: Again) -> None:
    add_to_cart(alice.owner, alice.things["Teapot"], 1)

    alice.again()

    assert alice.cart() == {"Teapot": 4, "Mug": 1, "Vase": 1}


def test_the_last_one_is_not_taken_twice(alice: Again) -> None:
    alice.again("Vase")

    put = alice.again("Vase")

    assert alice.cart() == {"Vase": 1}
    assert plain(put) == ["Nothing was put into your cart.", "Only 1 left of Vase: your cart has 1."]


def test_what_is_no_longer_sold_is_said(alice: Again) -> None:
    with transaction() as session:
        variant = session.get_one(Variant, alice.things["Mug"])
        session.get_one(Product, variant.product_id).published = False
        session.delete(session.get_one(Variant, alice.things["Vase"]))

    put = alice.again()

    assert alice.cart() == {"Teapot": 3}
    assert plain(put) == ["Teapot is in your cart.", "Mug is no longer sold.", "Vase is no longer sold."]


def test_a_full_cart_says_so(alice: Again, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storefront.carts.again.MAX_LINES", 2)

    put = alice.again()

    assert alice.cart() == {"Teapot": 3, "Mug": 1}
    assert plain(put)[1:] == ["The cart is full: Vase did not fit. Please order what is in it first."]


def test_a_guest_gets_a_cart(alice: Again) -> None:
    put = reorder(CartOwner(), alice.order_id, "eur")

    assert put.guest_token is not None
    cart = find_cart(CartOwner(guest_token=put.guest_token))
    assert cart is not None
    assert len(cart.lines) == 3


def test_what_was_not_in_the_order_is_not_there(alice: Again) -> None:
    other = stock_up(alice.app, "Bowl")

    with pytest.raises(NotFoundError):
        reorder(alice.owner, alice.order_id, "eur", other)
    assert current_session().query(Order).count() == 1
