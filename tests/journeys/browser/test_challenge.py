"""3-D Secure: the bank's question opens where the button was, and so does what comes of it."""

from playwright.sync_api import expect

from storefront.core.money import Money
from storefront.payments.ledger.models import PaymentAttempt
from tests.journeys.browser.phone import ASKED_ABOUT, Phone
from tests.people import Shopper
from tests.stack import Shop


def test_the_bank_asks_in_place_and_the_receipt_stands_there(shop: Shop, phone: Phone, carol: Shopper) -> None:
    phone.belongs_to(carol)

    phone.buys("Mug")
    phone.sees("challenge")
    expect(phone.page.locator("#one-click-title")).to_be_focused()
    expect(phone.said).to_have_text("Your bank wants to know it is you")
    assert shop.charged() == []
    phone.bank.locator("#approve").click()

    phone.sees_receipt("12,50 €")
    assert phone.page.url == f"{shop.url}/products/mug"
    shop.settle()
    assert shop.orders() == [(1250, "paid")]
    assert shop.all(PaymentAttempt.number, PaymentAttempt.state) == [(1, "succeeded")]
    assert shop.charged() == [Money(1250, "eur")]
    assert carol.mails("receipt", "payment_failed") == ["receipt"]


def test_refused_at_the_bank_nothing_is_charged_and_a_second_try_may_pass(
    shop: Shop, phone: Phone, carol: Shopper
) -> None:
    phone.belongs_to(carol)

    phone.buys("Mug")
    phone.bank.locator("#refuse").click()
    phone.sees("declined")
    expect(phone.panel).to_contain_text("Nothing was charged")
    shop.settle()
    assert shop.orders() == [(1250, "failed")]
    assert shop.charged() == []
    phone.page.get_by_role("button", name="try Visa ending in 3184 again").click()
    phone.sees("challenge")
    phone.bank.locator("#approve").click()

    phone.sees_receipt("12,50 €")
    shop.settle()
    assert shop.orders() == [(1250, "paid")]
    assert shop.all(PaymentAttempt.number, PaymentAttempt.state) == [(1, "declined"), (2, "succeeded")]
    assert [len(shop.intents_at_stripe()), shop.charged()] == [1, [Money(1250, "eur")]]
    assert carol.mails("receipt") == ["receipt"]


def test_a_new_card_is_asked_about_on_the_orders_page_and_kept(shop: Shop, phone: Phone, bob: Shopper) -> None:
    phone.belongs_to(bob)
    phone.puts_in_cart("Teapot")
    phone.opens("/checkout")
    phone.pays_with_new_card(ASKED_ABOUT)
    phone.sees("challenge")
    phone.bank.locator("#approve").click()

    phone.sees("paid")
    shop.settle()
    assert shop.orders() == [(2400, "paid")]
    phone.opens("/account/cards")
    expect(phone.page.locator(".saved-card")).to_have_count(2)
    expect(phone.page.locator("#saved-cards")).to_contain_text("3184")
