"""One click: the receipt stands where the button was."""

from storefront.core.money import Money
from tests.people import Shopper
from tests.stack import Shop


def test_a_click_is_an_order_a_charge_and_a_receipt(shop: Shop, alice: Shopper) -> None:
    answer = alice.buys("Teapot")

    assert answer.state == "paid"
    assert alice.orders() == [("Teapot", "paid")]
    assert shop.charged() == [Money(2400, "eur")]
    assert alice.mails("receipt") == ["receipt"]
