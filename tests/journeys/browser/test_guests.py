"""Buying with an e-mail alone: on Stripe's page without JavaScript, and with the card's fields in place."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from storefront.cards.models import StripeCustomer
from storefront.core.money import Money
from storefront.orders.models import Order
from tests.journeys.browser.phone import ASKED_ABOUT, VISA, Phone
from tests.journeys.browser.test_without_scripts import goes_to_stripe, pays_there
from tests.people import PASSWORD
from tests.stack import Shop

ORDER = re.compile(r"/orders/[\w-]+$")
STREET = "Lindenstraße 4"


@pytest.fixture
def plain(open_phone: Callable[..., Phone]) -> Phone:
    """Of a guest with the last vase in the cart, at the checkout; no scripts."""
    phone = open_phone(java_script_enabled=False)
    phone.opens("/products/vase")
    phone.page.get_by_role("button", name="Buy now").click()
    expect(phone.page).to_have_url(f"{phone.shop.url}/checkout")
    return phone


def writes(phone: Phone) -> None:
    """E-mail, name and address."""
    phone.page.locator("#address-fields [name=email]").fill("gita@example.org")
    phone.page.locator("#address-fields [name=name]").fill("Gita Green")
    phone.types_address()


def test_paying_on_stripes_page(shop: Shop, plain: Phone) -> None:
    expect(plain.page.get_by_text("Have an account?")).to_be_visible()
    writes(plain)

    goes_to_stripe(plain)
    pays_there(plain)

    expect(plain.page).to_have_url(ORDER)
    plain.sees_receipt("69,00 €")
    expect(plain.page.locator(".order-address")).to_contain_text(STREET)
    assert shop.all(Order.user_id, Order.status) == [(None, "paid")]
    assert shop.charged() == [Money(6900, "eur")]
    assert shop.count(StripeCustomer) == 0


def test_canceling_there_leads_back_to_a_full_cart(shop: Shop, plain: Phone) -> None:
    writes(plain)
    goes_to_stripe(plain)

    plain.page.locator("#cancel").click()
    expect(plain.page).to_have_url(ORDER)
    expect(plain.panel.get_by_role("button", name="Go on paying")).to_be_visible()
    plain.opens("/cart")
    expect(plain.page.locator(".sums__total")).to_contain_text("69,00 €")
    plain.opens("/checkout")

    # What was told already need not be told again.
    expect(plain.page.locator("#address-fields [name=email]")).to_have_value("gita@example.org")
    goes_to_stripe(plain)
    pays_there(plain)
    plain.sees_receipt("69,00 €")
    assert shop.orders() == [(6900, "paid")]
    assert shop.charged() == [Money(6900, "eur")]


def test_paid_in_one_tab_and_seen_in_another(shop: Shop, plain: Phone, open_phone: Callable[..., Phone]) -> None:
    writes(plain)
    goes_to_stripe(plain)
    other = plain.another_tab()
    other.opens(f"/orders/{shop.order_ids()[0]}")
    expect(other.panel).to_have_attribute("data-panel", "hosted")

    pays_there(plain)
    plain.sees_receipt("69,00 €")
    other.panel.get_by_role("button", name="Go on paying").click()

    other.sees_receipt("69,00 €")
    expect(other.page.locator(".order-address")).to_contain_text(STREET)
    elsewhere = open_phone(java_script_enabled=False)
    elsewhere.opens(f"/checkout/return/{shop.order_ids()[0]}")
    elsewhere.sees_receipt("69,00 €")
    expect(elsewhere.page.get_by_text(STREET)).to_have_count(0)
    assert shop.charged() == [Money(6900, "eur")]


def test_a_guest_becomes_a_customer_and_one_clicks(shop: Shop, phone: Phone) -> None:
    phone.puts_in_cart("Mug")
    phone.opens("/checkout")
    writes(phone)
    phone.types_card(VISA)
    phone.page.get_by_label("Keep this card for one-click buying").check()
    phone.page.locator("#checkout-pay .pay").click()
    phone.sees_receipt("12,50 €")
    shop.settle()

    phone.page.locator("#make-account [name=password]").fill(PASSWORD)
    phone.page.get_by_role("button", name="Make an account").click()
    expect(phone.page.locator("#make-account")).to_contain_text("We have written to gita@example.org")
    expect(phone.masthead).to_contain_text("Gita")
    shop.settle()
    link = re.search(r"/auth/verify/\S+", shop.letter("verify_email"))
    assert link
    phone.opens(link[0])
    phone.page.get_by_role("button", name="Yes, it is mine").click()
    expect(phone.page.locator("#verify")).to_contain_text("What you ordered without an account is in it now.")
    shop.settle()

    phone.buys("Teapot")

    phone.sees("paid")
    assert shop.orders() == [(1250, "paid"), (2400, "paid")]
    assert shop.charged() == [Money(1250, "eur"), Money(2400, "eur")]
    phone.opens("/account/cards")
    expect(phone.page.locator("#saved-cards")).to_contain_text("4242")


def test_the_bank_asks_a_guest_in_place(shop: Shop, phone: Phone) -> None:
    phone.puts_in_cart("Mug")
    phone.opens("/checkout")
    writes(phone)
    phone.types_card(ASKED_ABOUT)
    phone.page.locator("#checkout-pay .pay").click()

    phone.bank.locator("#approve").click()

    phone.sees_receipt("12,50 €")
    assert shop.charged() == [Money(1250, "eur")]


def test_an_order_is_found_by_e_mail_and_number(shop: Shop, plain: Phone, open_phone: Callable[..., Phone]) -> None:
    writes(plain)
    goes_to_stripe(plain)
    pays_there(plain)
    plain.sees_receipt("69,00 €")
    elsewhere = open_phone()
    elsewhere.opens("/")

    elsewhere.follows("Find an order")
    elsewhere.page.get_by_label("E-mail").fill("gita@example.org")
    elsewhere.page.get_by_label("Order number").fill("K-1001")
    elsewhere.page.get_by_role("button", name="Mail me its link").click()
    expect(elsewhere.page.locator("#find")).to_contain_text("If there is such an order")
    shop.settle()
    link = re.search(r"/orders/open/\S+", shop.letter("order_link"))
    assert link
    elsewhere.opens(link[0])

    elsewhere.sees_receipt("69,00 €")
    expect(elsewhere.page.locator(".order-address")).to_contain_text(STREET)


def test_the_cards_fields_begin_with_the_country_of_the_form(open_phone: Callable[..., Phone]) -> None:
    phone = open_phone()
    phone.opens("/products/vase")
    phone.page.get_by_role("button", name="Buy now").click()

    country = phone.page.locator("#address-fields [name=country]").input_value()

    assert country != "US"
    expect(phone.card_frame.locator("#country")).to_have_value(country)
