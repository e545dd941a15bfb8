"""Stripe's page in a browser with scripts: the whole browser goes there, and the tab that waits is told."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.journeys.browser.phone import VISA, Phone
from tests.people import Shopper
from tests.stack import Shop


def test_it_goes_to_stripe_and_comes_back(shop: Shop, phone: Phone, someone: Callable[[str], Shopper]) -> None:
    dora = someone("Dora Dean")
    dora.has_address()
    dora.puts_in_cart("Vase")
    phone.belongs_to(dora)
    phone.opens("/checkout")

    phone.page.get_by_role("button", name="Pay on Stripe’s own page").click()
    phone.page.wait_for_url(f"{shop.sandbox.url}/pay/*")
    waiting = phone.another_tab()
    waiting.opens(f"/orders/{shop.order_ids()[0]}")
    expect(waiting.panel).to_have_attribute("data-panel", "hosted")
    for name, typed in (("number", VISA), ("expiry", "12 / 34"), ("cvc", "123")):
        phone.page.locator(f"#{name}").fill(typed)
    phone.page.locator("#pay").click()

    phone.sees_receipt("69,00 €")
    waiting.sees_receipt("69,00 €")
    assert shop.orders() == [(6900, "paid")]


def test_what_is_missing_is_said_beside_its_field(shop: Shop, phone: Phone, someone: Callable[[str], Shopper]) -> None:
    dora = someone("Dora Dean")
    dora.puts_in_cart("Vase")
    phone.belongs_to(dora)
    phone.pardoned.append("422")
    phone.opens("/checkout")

    phone.page.get_by_role("button", name="Pay on Stripe’s own page").click()

    expect(phone.page.locator("#address-fields .field__fault").first).to_be_visible()
    assert shop.order_ids() == []
