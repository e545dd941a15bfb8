"""A browser without JavaScript: every form leads to a page."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from storefront.money import Money
from storefront.payments.models import PaymentAttempt
from tests.journeys.browser.phone import Phone
from tests.people import Shopper
from tests.stack import Shop

ORDER = re.compile(r"/orders/[\w-]+$")


@pytest.fixture
def plain(open_phone: Callable[..., Phone]) -> Phone:
    return open_phone(java_script_enabled=False)


def test_joining_and_filling_a_cart_up_to_the_new_card_which_needs_scripts_for_now(plain: Phone) -> None:
    plain.registers("Alice Archer", "alice@example.org")
    plain.follows("Teapot")
    plain.page.get_by_role("button", name="Put in the cart").click()

    expect(plain.page).to_have_url(f"{plain.shop.url}/cart")
    plain.page.get_by_role("button", name="One Teapot more").click()
    expect(plain.page.locator(".sums__total")).to_contain_text("48,00 €")
    plain.follows("Buy now")

    words = plain.page.locator("[data-payment-element] noscript p")
    expect(words).to_contain_text("Typing in a new card needs JavaScript for now")
    expect(words).to_be_visible()


def test_one_click_with_a_saved_card_leads_to_the_orders_page(shop: Shop, plain: Phone, alice: Shopper) -> None:
    plain.signs_in(alice.email, alice.name)

    plain.buys("Mug")

    expect(plain.page).to_have_url(ORDER)
    plain.sees_receipt("12,50 €")
    plain.opens("/products/teapot")
    plain.page.get_by_role("button", name="Put in the cart").click()
    plain.clicks_buy_now()
    expect(plain.page).to_have_url(ORDER)
    plain.sees_receipt("24,00 €")
    assert shop.orders() == [(1250, "paid"), (2400, "paid")]
    assert shop.charged() == [Money(1250, "eur"), Money(2400, "eur")]


def test_a_declined_card_is_followed_by_another_for_the_same_order(
    shop: Shop, plain: Phone, someone: Callable[[str], Shopper]
) -> None:
    carol = someone("Carol Clay")
    carol.has_address()
    carol.has_card("pm_card_chargeCustomerFail")
    carol.has_card("pm_card_visa")
    plain.belongs_to(carol)

    plain.buys("Mug")
    plain.sees("declined")
    plain.page.get_by_role("button", name="Pay · 12,50 € · Visa ending in 4242").click()

    plain.sees_receipt("12,50 €")
    assert shop.all(PaymentAttempt.number, PaymentAttempt.state) == [(1, "declined"), (2, "succeeded")]
    assert shop.charged() == [Money(1250, "eur")]


def test_the_bank_asks_on_a_page_of_its_own_and_leads_back(
    shop: Shop, plain: Phone, someone: Callable[[str], Shopper]
) -> None:
    carol = someone("Carol Clay")
    carol.has_address()
    carol.has_card("pm_card_authenticationRequired")
    plain.belongs_to(carol)

    plain.buys("Mug")
    plain.sees("challenge")
    expect(plain.page.get_by_text("Your bank’s question opens here")).to_be_hidden()
    plain.page.locator("noscript button", has_text="Continue to your bank").click()
    plain.follows("Continue to your bank")
    assert plain.page.url.startswith(shop.sandbox.url)
    plain.page.locator("#approve").click()

    expect(plain.page).to_have_url(ORDER)
    plain.sees_receipt("12,50 €")
    assert shop.orders() == [(1250, "paid")]
    assert shop.charged() == [Money(1250, "eur")]
