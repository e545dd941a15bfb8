"""A browser without JavaScript: every form leads to a page."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from storefront.core.money import Money
from storefront.payments.ledger.models import PaymentAttempt
from tests.journeys.browser.phone import VISA, Phone
from tests.people import Shopper
from tests.stack import Shop

ORDER = re.compile(r"/orders/[\w-]+$")


@pytest.fixture
def plain(open_phone: Callable[..., Phone]) -> Phone:
    return open_phone(java_script_enabled=False)


def test_joining_filling_a_cart_and_paying_with_a_new_card_on_stripes_page(shop: Shop, plain: Phone) -> None:
    plain.registers("Alice Archer", "alice@example.org")
    plain.follows("Teapot")
    plain.page.get_by_role("button", name="Add to cart").click()

    expect(plain.page).to_have_url(f"{plain.shop.url}/cart")
    plain.page.get_by_role("button", name="One Teapot more").click()
    expect(plain.page.locator(".sums__total")).to_contain_text("48,00 €")
    plain.follows("Buy now")

    words = plain.page.locator("[data-payment-element] noscript p")
    expect(words).to_contain_text("press “Pay on Stripe’s own page” below")
    expect(words).to_be_visible()
    plain.types_address()
    goes_to_stripe(plain)
    pays_there(plain)

    expect(plain.page).to_have_url(ORDER)
    plain.sees_receipt("48,00 €")
    assert shop.orders() == [(4800, "paid")]
    assert shop.charged() == [Money(4800, "eur")]


def test_canceling_there_leads_back_to_a_full_cart_which_is_paid_anew(
    shop: Shop, plain: Phone, someone: Callable[[str], Shopper]
) -> None:
    dora = someone("Dora Dean")
    dora.puts_in_cart("Vase")
    plain.belongs_to(dora)
    plain.opens("/checkout")
    plain.types_address()
    goes_to_stripe(plain)

    plain.page.locator("#cancel").click()
    expect(plain.page).to_have_url(ORDER)
    expect(plain.panel).to_have_attribute("data-panel", "hosted")
    expect(plain.panel.get_by_role("button", name="Go on paying")).to_be_visible()
    plain.opens("/cart")
    expect(plain.page.locator(".sums__total")).to_contain_text("69,00 €")
    plain.opens("/checkout")
    plain.page.locator("#address-fields [name=line1]").fill("Elsewhere 1")
    goes_to_stripe(plain)
    pays_there(plain)

    plain.sees_receipt("69,00 €")
    assert shop.orders() == [(6900, "canceled"), (6900, "paid")]
    assert shop.charged() == [Money(6900, "eur")]
    assert shop.stock("Vase") == 0


def test_going_on_and_giving_up(shop: Shop, plain: Phone, someone: Callable[[str], Shopper]) -> None:
    dora = someone("Dora Dean")
    dora.has_address()
    dora.puts_in_cart("Vase")
    plain.belongs_to(dora)
    plain.opens("/checkout")
    goes_to_stripe(plain)
    plain.page.locator("#cancel").click()

    plain.panel.get_by_role("button", name="Go on paying").click()
    expect(plain.page.locator("#pay")).to_be_visible()
    plain.page.locator("#cancel").click()
    plain.panel.get_by_role("button", name="Cancel this order").click()

    plain.sees("canceled")
    assert shop.orders() == [(6900, "canceled")]
    assert shop.stock("Vase") == 1


def test_paid_in_one_tab_and_seen_in_another(
    shop: Shop, plain: Phone, open_phone: Callable[..., Phone], someone: Callable[[str], Shopper]
) -> None:
    dora = someone("Dora Dean")
    dora.has_address()
    dora.puts_in_cart("Vase")
    plain.belongs_to(dora)
    plain.opens("/checkout")
    goes_to_stripe(plain)
    other = plain.another_tab()
    other.opens(f"/orders/{shop.order_ids()[0]}")
    expect(other.panel).to_have_attribute("data-panel", "hosted")

    pays_there(plain)
    plain.sees_receipt("69,00 €")
    other.panel.get_by_role("button", name="Go on paying").click()

    other.sees_receipt("69,00 €")
    elsewhere = open_phone(java_script_enabled=False)
    elsewhere.opens(f"/checkout/return/{shop.order_ids()[0]}")
    elsewhere.sees_receipt("69,00 €")
    assert shop.orders() == [(6900, "paid")]
    assert shop.charged() == [Money(6900, "eur")]


def goes_to_stripe(phone: Phone) -> None:
    """From the checkout to Stripe's page, which is at its own address."""
    phone.page.locator("#pay-hosted").click()
    phone.page.wait_for_url(f"{phone.shop.sandbox.url}/pay/*")


def pays_there(phone: Phone, number: str = VISA) -> None:
    phone.page.locator("#number").fill(number)
    phone.page.locator("#expiry").fill("12 / 34")
    phone.page.locator("#cvc").fill("123")
    phone.page.locator("#pay").click()


def test_one_click_with_a_saved_card_leads_to_the_orders_page(shop: Shop, plain: Phone, alice: Shopper) -> None:
    plain.signs_in(alice.email, alice.name)

    plain.buys("Mug")

    expect(plain.page).to_have_url(ORDER)
    plain.sees_receipt("12,50 €")
    plain.opens("/products/teapot")
    plain.page.get_by_role("button", name="Add to cart").click()
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


def test_the_bank_asks_on_a_page_of_its_own_and_leads_back(shop: Shop, plain: Phone, carol: Shopper) -> None:
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
