"""Looking for an order on a phone, and ordering it again."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.journeys.browser.phone import Phone
from tests.people import Shopper
from tests.stack import Shop


def bought(shop: Shop, alice: Shopper, phone: Phone) -> None:
    """Two orders: a notebook, and two teapots with the last vase. She looks at them on her phone."""
    alice.buys("Notebook")
    alice.puts_in_cart("Teapot", 2)
    alice.puts_in_cart("Vase")
    alice.presses(alice.cart_button())
    shop.set_price("Teapot", 2600)
    phone.belongs_to(alice)
    phone.opens("/account/orders")


def test_typing_finds_the_order_and_one_press_fills_the_cart(shop: Shop, alice: Shopper, phone: Phone) -> None:
    bought(shop, alice, phone)
    page = phone.page
    expect(page.locator("#past-orders li")).to_have_count(2)

    page.get_by_label("Search your orders").press_sequentially("teap")
    expect(page.locator("#past-orders li")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?q=teap$"))
    expect(page.get_by_label("Search your orders")).to_be_focused()
    page.get_by_role("button", name="Order again").click()

    told = page.locator("#again-1002")
    expect(told).to_contain_text(
        "Teapot is in your cart. Teapot is 26,00\u00a0€ now, it was 24,00\u00a0€. Vase is sold out."
    )
    expect(page.locator("#said")).to_contain_text("Vase is sold out.")
    expect(page.locator("#cart-count")).to_contain_text("2")
    told.get_by_role("link", name="To the cart").click()
    expect(page.locator("#cart")).to_contain_text("52,00")


def test_one_thing_of_an_order_comes_alone(shop: Shop, alice: Shopper, phone: Phone) -> None:
    bought(shop, alice, phone)
    shop.set_stock("Vase", 1)
    page = phone.page
    page.get_by_role("link", name="K-1002").first.click()

    page.get_by_role("button", name=re.compile("Put in the cart ?: Vase")).click()

    expect(page.locator("#again-1002")).to_contain_text("Vase is in your cart.")
    expect(page.locator("#cart-count")).to_contain_text("1")


def test_without_scripts_the_same_forms_lead_there(
    shop: Shop, alice: Shopper, open_phone: Callable[..., Phone]
) -> None:
    phone = open_phone(java_script_enabled=False)
    bought(shop, alice, phone)
    page = phone.page

    page.get_by_label("Search your orders").fill("vase")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("#past-orders li")).to_have_count(1)
    page.get_by_role("button", name="Order again").click()

    expect(page).to_have_url(re.compile("/cart$"))
    expect(page.locator("#cart")).to_contain_text("Vase is sold out.")
