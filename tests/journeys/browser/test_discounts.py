"""Discount codes on a phone, with scripts and without."""

from collections.abc import Callable

from playwright.sync_api import expect

from storefront.core.money import Money
from storefront.discounts.rules import DiscountKind
from tests.journeys.browser.phone import Phone
from tests.journeys.browser.test_without_scripts import goes_to_stripe, pays_there
from tests.orders.codes import offer
from tests.people import Shopper
from tests.stack import Shop


def takes_off(shop: Shop, amount: int) -> None:
    with shop.inside():
        offer("ONCE", kind=DiscountKind.amount, value=amount, most_uses=1)


def test_a_code_at_the_checkout_leaves_what_was_typed_and_moves_every_button(
    shop: Shop, open_phone: Callable[..., Phone], alice: Shopper
) -> None:
    takes_off(shop, 400)
    alice.puts_in_cart("Teapot")
    phone = open_phone()
    phone.belongs_to(alice)
    phone.opens("/checkout")
    phone.page.locator("#address-fields [name=line1]").fill("Elsewhere 1")
    code = phone.page.locator("#checkout-code")

    code.get_by_text("Add a discount code").click()
    phone.pardoned.append("/cart/discount")  # an unknown code is answered with 422, and browsers note that
    code.get_by_label("Discount code").fill("NONE")
    code.get_by_role("button", name="Apply").click()
    expect(code).to_contain_text("We don’t recognise the code “NONE”.")
    code.get_by_label("Discount code").fill("once")
    code.get_by_role("button", name="Apply").click()

    expect(code).to_contain_text("Code ONCE applied.")
    expect(phone.page.locator("#checkout-summary summary")).to_contain_text("20,00 €")
    expect(phone.page.locator("#checkout-pay .pay")).to_contain_text("20,00 €")
    expect(phone.page.locator("#express .pay")).to_contain_text("20,00 €")
    expect(phone.page.locator("#address-fields [name=line1]")).to_have_value("Elsewhere 1")
    code.get_by_role("button", name="Remove").click()
    expect(phone.page.locator("#express .pay")).to_contain_text("24,00 €")


def test_focus_goes_to_the_words_about_a_code_that_counts(
    shop: Shop, open_phone: Callable[..., Phone], alice: Shopper
) -> None:
    takes_off(shop, 400)
    alice.puts_in_cart("Teapot")
    phone = open_phone()
    phone.belongs_to(alice)
    phone.opens("/cart")
    phone.page.get_by_text("Add a discount code").click()
    phone.page.get_by_label("Discount code").fill("ONCE")

    phone.page.get_by_label("Discount code").press("Enter")

    expect(phone.page.locator("#code").get_by_text("Code ONCE applied.")).to_be_focused()


def test_a_total_of_nothing_asks_for_no_card(shop: Shop, open_phone: Callable[..., Phone], alice: Shopper) -> None:
    takes_off(shop, 2400)
    alice.puts_in_cart("Teapot")
    phone = open_phone()
    phone.belongs_to(alice)
    phone.opens("/checkout")
    code = phone.page.locator("#checkout-code")
    code.get_by_text("Add a discount code").click()
    code.get_by_label("Discount code").fill("ONCE")
    code.get_by_role("button", name="Apply").click()
    expect(phone.page.locator("#checkout-pay .pay")).to_contain_text("0,00 €")

    phone.page.locator("#checkout-pay .pay").click()

    phone.sees_receipt("0,00 €")
    assert shop.orders() == [(0, "paid")]
    assert shop.charged() == []


def test_without_scripts_a_code_counts_in_the_cart_and_on_stripes_page(
    shop: Shop, open_phone: Callable[..., Phone], someone: Callable[[str], Shopper]
) -> None:
    takes_off(shop, 400)
    dora = someone("Dora Dean")
    dora.has_address()
    dora.puts_in_cart("Teapot")
    phone = open_phone(java_script_enabled=False)
    phone.belongs_to(dora)
    phone.opens("/cart")

    phone.page.get_by_text("Add a discount code").click()
    phone.page.get_by_label("Discount code").fill("once")
    phone.page.get_by_role("button", name="Apply").click()
    expect(phone.page.locator(".sums")).to_contain_text("Discount ONCE")
    phone.opens("/checkout")
    goes_to_stripe(phone)
    pays_there(phone)

    phone.sees_receipt("20,00 €")
    assert shop.charged() == [Money(2000, "eur")]
