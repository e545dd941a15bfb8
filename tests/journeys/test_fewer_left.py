"""Fewer are left than a button was for: the new one buys those, or there is none; never "only 1 left" beside a button for 99."""

import pytest
from sqlalchemy import update

from storefront.catalog.models import Variant
from storefront.core.database import transaction
from storefront.orders.models import Order
from tests.people import Shopper
from tests.stack import Shop


def leaves(shop: Shop, thing: str, stock: int) -> None:
    with shop.inside(), transaction() as session:
        session.execute(update(Variant).where(Variant.id == shop.products[thing]).values(stock=stock))


@pytest.mark.parametrize(
    ("left", "words"),
    [(1, "Only 1 left: the button below buys it."), (3, "Only 3 left: the button below buys all of them.")],
)
def test_the_new_button_buys_what_there_is(shop: Shop, alice: Shopper, left: int, words: str) -> None:
    button = alice.one_click_button("Mug")
    leaves(shop, "Mug", left)

    answer = alice.presses(button, typed={"quantity": "99", "expected_total": str(99 * 1250)})
    form = answer.page.form("/checkout/one-click")

    assert words in answer.page.text
    assert "Nothing was charged." in answer.page.text
    assert (form.fields["quantity"], form.fields["expected_total"]) == (str(left), str(left * 1250))
    assert alice.presses(form).state == "paid"
    assert (shop.stock("Mug"), shop.orders()) == (0, [(left * 1250, "paid")])


def test_a_cart_has_no_button_until_it_is_mended(shop: Shop, alice: Shopper) -> None:
    alice.puts_in_cart("Mug")
    alice.puts_in_cart("Mug")
    button = alice.cart_button()
    leaves(shop, "Mug", 1)

    answer = alice.presses(button)

    assert "Fewer left than you wanted" in answer.page.text
    assert "Only 1 left. You have not been charged." in answer.page.text
    assert not [form for form in answer.page.forms if form.action == "/checkout/one-click"]
    assert "/cart" in answer.page.links
    assert shop.count(Order) == 0


def test_a_past_order_cannot_be_bought_again_whole(shop: Shop, alice: Shopper) -> None:
    alice.puts_in_cart("Mug")
    alice.puts_in_cart("Mug")
    alice.presses(alice.cart_button())
    button = alice.sees_order().page.form("/checkout/one-click")
    leaves(shop, "Mug", 1)

    answer = alice.presses(button)

    assert "Fewer left than you wanted" in answer.page.text
    assert not [form for form in answer.page.forms if form.action == "/checkout/one-click"]
