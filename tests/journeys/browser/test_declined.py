"""The bank says no: the other cards stand where the button was, and one of them pays the same order."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from storefront.core.money import Money
from storefront.payments.ledger.models import PaymentAttempt
from tests.journeys.browser.phone import DECLINED_LATER, Phone
from tests.people import Shopper
from tests.stack import Shop


@pytest.fixture
def carol(someone: Callable[[str], Shopper]) -> Shopper:
    """Her one-click card can be saved, and is declined when it is to pay."""
    person = someone("Carol Clay")
    person.has_address()
    person.has_card("pm_card_chargeCustomerFail")
    return person


def test_another_card_pays_the_same_order(shop: Shop, phone: Phone, carol: Shopper) -> None:
    carol.has_card("pm_card_visa")
    phone.belongs_to(carol)

    phone.buys("Mug")
    phone.sees("declined")
    heading = phone.page.get_by_role("heading", name="Your bank declined Visa ending in 0341")
    expect(heading).to_be_focused()
    expect(phone.said).to_contain_text("Your bank declined")
    assert shop.stock("Mug") == 39
    phone.page.get_by_role("button", name="Pay · 12,50 € · Visa ending in 4242").click()

    phone.sees_receipt("12,50 €")
    assert phone.page.url == f"{shop.url}/products/mug"
    paid_by_the_second_try(shop, carol)


def test_a_new_card_typed_in_place_pays_the_same_order(shop: Shop, phone: Phone, carol: Shopper) -> None:
    phone.belongs_to(carol)

    phone.buys("Mug")
    phone.sees("declined")
    phone.types_card()
    phone.panel.get_by_role("button", name="Pay · 12,50 €").click()

    phone.sees_receipt("12,50 €")
    paid_by_the_second_try(shop, carol)


def test_at_the_checkout_the_declined_card_is_kept_for_nothing(shop: Shop, phone: Phone, bob: Shopper) -> None:
    phone.belongs_to(bob)
    phone.puts_in_cart("Mug")
    phone.opens("/checkout")

    phone.pays_with_new_card(DECLINED_LATER)
    phone.sees("declined")
    phone.page.get_by_role("button", name="Pay · 12,50 € · Mastercard ending in 4444").click()

    phone.sees("paid")
    paid_by_the_second_try(shop, bob)


def paid_by_the_second_try(shop: Shop, person: Shopper) -> None:
    shop.settle()
    assert shop.orders() == [(1250, "paid")]
    assert shop.all(PaymentAttempt.number, PaymentAttempt.state) == [(1, "declined"), (2, "succeeded")]
    assert [one["status"] for one in shop.intents_at_stripe()] == ["succeeded"]
    assert shop.charged() == [Money(1250, "eur")]
    assert shop.stock("Mug") == 39
    assert person.mails("receipt") == ["receipt"]


def test_the_fields_for_another_card_begin_with_the_country_of_the_order(
    shop: Shop, phone: Phone, carol: Shopper
) -> None:
    phone.belongs_to(carol)

    phone.buys("Mug")
    phone.sees("declined")

    expect(phone.card_frame.locator("#country")).to_have_value("DE")
    expect(phone.card_frame.locator("#postal")).to_be_hidden()
