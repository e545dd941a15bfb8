"""One thing left and twenty who want it; currencies without cents; carts that meet."""

from collections.abc import Callable
from functools import partial

import pytest
import requests

from storefront.carts.models import Cart, CartLine, CartState
from storefront.core.money import Money
from tests.people import Shopper, at_once
from tests.stack import Sandbox, Shop

DECLINES = "pm_card_chargeCustomerFail"


def test_36_twenty_buyers_one_item_left(shop: Shop, sandbox: Sandbox, someone: Callable[[str], Shopper]) -> None:
    buyers = [someone(f"Buyer{number}") for number in range(20)]
    for buyer in buyers:
        buyer.has_address()
        buyer.has_card()
    buttons = [buyer.one_click_button("Vase") for buyer in buyers]

    answers = at_once([partial(buyer.presses_until_told, form) for buyer, form in zip(buyers, buttons, strict=True)])

    assert sorted(answer.panel or "" for answer in answers) == ["paid"] + ["sold_out"] * 19
    assert shop.orders() == [(6900, "paid")]
    assert shop.charged() == [Money(6900, "eur")]
    assert len(sandbox.requests()) == 1
    assert shop.stock("Vase") == 0


class TestCurrencies:
    """Case 39."""

    @pytest.fixture(params=[("jpy", 2400, "2,400"), ("kwd", 24000, "24.000"), ("isk", 240000, "2,400")])
    def money(self, request: pytest.FixtureRequest) -> tuple[str, int, str]:
        told: tuple[str, int, str] = request.param
        return told

    @pytest.fixture
    def shop_settings(self, money: tuple[str, int, str]) -> dict[str, str]:
        return {"CURRENCY": money[0]}

    def test_39_the_right_amount_everywhere(self, shop: Shop, alice: Shopper, money: tuple[str, int, str]) -> None:
        currency, minor, shown = money
        shop.set_price("Teapot", minor)

        product = alice.opens("/products/teapot")
        form = product.page.form("/checkout/one-click")
        paid = alice.presses(form)
        shop.settle()

        assert shown in product.page.text
        assert form.fields["expected_total"] == str(minor)
        assert shown in paid.page.text
        assert shop.orders() == [(minor, "paid")]
        assert [(one["amount"], one["currency"]) for one in shop.intents_at_stripe()] == [(minor, currency)]
        assert shop.charged() == [Money(minor, currency)]
        assert shown in alice.sees_order().page.text
        assert shown in shop.letter("receipt")


def test_40_a_guest_cart_meets_the_accounts(shop: Shop, alice: Shopper) -> None:
    shop.set_stock("Mug", 3)
    alice.puts_in_cart("Mug", 2)
    guest = Shopper(shop, alice.name, alice.email, requests.Session(), alice.user_id)
    guest.puts_in_cart("Mug", 2)
    guest.puts_in_cart("Notebook")

    guest.signs_in()
    cart = guest.opens("/cart")
    merged = in_open_cart(shop)
    guest.presses(cart.page.form("/cart/merge/undo"))

    assert "before signing in" in cart.page.text
    assert "only 3" in cart.page.text.lower()
    assert merged == {"Mug": 3, "Notebook": 1}
    assert in_open_cart(shop) == {"Mug": 2}
    guest.browser.close()


class TestTheLastOneAndADeclinedCard:
    """What an open order holds is its own customer's to pay for, and nobody else's."""

    def test_the_cart_does_not_call_it_sold_out(self, shop: Shop, alice: Shopper, bob: Shopper) -> None:
        alice.has_card(DECLINES)
        for person in (alice, bob):
            person.puts_in_cart("Vase")
        button = alice.cart_button()
        declined = alice.presses(button, typed={"card_id": str(alice.cards[DECLINES])})

        cart = alice.opens("/cart")
        again = alice.presses(alice.cart_button(), typed={"card_id": str(alice.cards["pm_card_visa"])})

        assert declined.panel == "declined"
        assert "sold out" not in cart.page.text
        assert again.panel == "declined"  # the same order, and the other card beside it
        assert "Vase is sold out." in bob.opens("/cart").page.text
        assert alice.tries_again(again.page).panel == "paid"
        assert shop.orders() == [(6900, "paid")]

    def test_fewer_can_be_had_of_it(self, shop: Shop, alice: Shopper) -> None:
        shop.set_stock("Vase", 2)
        alice.has_card(DECLINES)
        alice.puts_in_cart("Vase", 2)
        alice.presses(alice.cart_button(), typed={"card_id": str(alice.cards[DECLINES])})

        alice.presses(alice.opens("/cart").page.form("/cart/items/1"), typed={"quantity": "1"})
        paid = alice.presses(alice.cart_button(), typed={"card_id": str(alice.cards["pm_card_visa"])})

        assert paid.panel == "paid"
        assert [status for _, status in shop.orders()] == ["canceled", "paid"]
        assert shop.stock("Vase") == 1


def test_41_buy_now_while_the_cart_is_full(shop: Shop, alice: Shopper) -> None:
    alice.puts_in_cart("Mug", 2)
    alice.puts_in_cart("Notebook")

    paid = alice.buys("Teapot")

    assert paid.state == "paid"
    assert in_open_cart(shop) == {"Mug": 2, "Notebook": 1}
    assert alice.orders() == [("Teapot", "paid")]
    assert shop.charged() == [Money(2400, "eur")]
    assert alice.cart_button().fields["expected_total"] == str(2 * 1250 + 890)


def in_open_cart(shop: Shop) -> dict[str, int]:
    """What is in the one open cart that a user has."""
    names = {variant: title for title, variant in shop.products.items()}
    with shop.inside() as session:
        lines = session.query(CartLine.variant_id, CartLine.quantity).join(Cart)
        return {
            names[variant]: quantity
            for variant, quantity in lines.filter(Cart.state == CartState.open, Cart.user_id.is_not(None))
        }
