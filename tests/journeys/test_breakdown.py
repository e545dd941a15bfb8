"""Whatever state an order is in: where its total is not the price of the goods, the panel says what it consists of."""

import pytest

from tests.journeys.test_shipping_and_tax import agree
from tests.people import Shopper
from tests.stack import Sandbox, Shop


@pytest.fixture
def parcel(shop: Shop) -> Shop:
    """Everything is sent for 4,90 €."""
    agree(shop)
    return shop


SAID = "includes 4,90 € delivery"


@pytest.mark.parametrize(
    ("card", "state"),
    [
        ("pm_card_chargeCustomerFail", "declined"),
        ("pm_card_authenticationRequired", "challenge"),
        ("pm_card_visa", "paid"),
    ],
)
def test_an_order_says_it(parcel: Shop, alice: Shopper, card: str, state: str) -> None:
    button = alice.one_click_button("Mug")
    assert SAID in alice.opens("/products/mug").page.text
    button.fields["card_id"] = str(alice.has_card(card))

    answer = alice.presses(button)

    assert answer.state == state
    assert ("Delivery4,90 €" if state == "paid" else SAID) in answer.page.text


def test_one_whose_answer_is_lost_says_it(parcel: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=2)

    answer = alice.buys("Mug")

    assert answer.state == "checking"
    assert SAID in answer.page.text


def test_what_was_bought_already_and_what_is_still_open_say_it(parcel: Shop, alice: Shopper) -> None:
    bought = alice.one_click_button("Mug")
    alice.presses(bought)
    again = alice.presses(bought)
    waits = alice.one_click_button("Teapot")
    waits.fields["card_id"] = str(alice.has_card("pm_card_chargeCustomerFail"))
    alice.presses(waits)
    second = alice.buys("Teapot")

    assert "You have bought this already" in again.page.text
    assert "You have an open order" in second.page.text
    assert again.page.text.count(SAID) == second.page.text.count(SAID) == 2
