"""3-D Secure: the bank's question opens in Stripe's dialog over the page, and what comes of it stands where the button was."""

import pytest
from playwright.sync_api import expect

from storefront.core.money import Money
from storefront.payments.ledger.models import PaymentAttempt
from tests.journeys.browser.phone import ASKED_ABOUT, Phone
from tests.journeys.browser.test_keyboard import tabs_to
from tests.people import Shopper
from tests.stack import Shop


def test_the_bank_asks_in_place_and_the_receipt_stands_there(shop: Shop, phone: Phone, carol: Shopper) -> None:
    phone.belongs_to(carol)

    phone.buys("Mug")
    phone.sees("challenge")
    expect(phone.bank.locator("#approve")).to_be_visible()
    assert phone.page.evaluate("document.activeElement.shadowRoot !== null"), "the dialog has the focus"
    expect(phone.said).to_have_text("Your bank needs to confirm it’s you")
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


def by_keyboard_to_the_bank(phone: Phone, button: str) -> None:
    """Press the pay button and then, in the dialog, one of the bank's; by keyboard alone."""
    tabs_to(phone, phone.panel.locator(".pay"))
    phone.page.keyboard.press("Enter")
    phone.sees("challenge")
    expect(phone.bank.locator(button)).to_be_visible()
    # The dialog has the focus: one or two steps lead to the bank's buttons.
    tabs_to(phone, phone.bank.locator(button), most=4)
    phone.page.keyboard.press("Enter")


@pytest.fixture
def asked(shop: Shop, phone: Phone, carol: Shopper) -> Shopper:
    """Carol on her phone, before a mug; her card's bank asks each time."""
    phone.belongs_to(carol)
    phone.opens("/products/mug")
    return carol


class TestByKeyboardAlone:
    def test_approved(self, shop: Shop, phone: Phone, asked: Shopper) -> None:
        by_keyboard_to_the_bank(phone, "#approve")

        phone.sees_receipt("12,50 €")
        expect(phone.panel.locator("[tabindex='-1']").first).to_be_focused()
        expect(phone.said).to_have_text("Paid. Receipt for order K-1001.")
        assert shop.charged() == [Money(1250, "eur")]

    def test_refused(self, shop: Shop, phone: Phone, asked: Shopper) -> None:
        by_keyboard_to_the_bank(phone, "#refuse")

        phone.sees("declined")
        expect(phone.page.locator("#one-click-title")).to_be_focused()
        expect(phone.said).to_contain_text("The payment was not confirmed")
        assert shop.charged() == []

    @pytest.mark.parametrize("how", ["Escape", "the button"])
    def test_closed(self, shop: Shop, phone: Phone, asked: Shopper, how: str) -> None:
        tabs_to(phone, phone.panel.locator(".pay"))
        phone.page.keyboard.press("Enter")
        phone.sees("challenge")
        expect(phone.bank.locator("#approve")).to_be_visible()
        if how == "Escape":
            tabs_to(phone, phone.bank.locator("#approve"), most=4)
            phone.page.keyboard.press("Escape")
        else:
            close = phone.page.locator("dialog button")
            for _ in range(4):
                phone.page.keyboard.press("Shift+Tab")
                if close.evaluate("node => node.getRootNode().activeElement === node"):
                    break
            phone.page.keyboard.press("Enter")

        phone.sees("declined")
        expect(phone.page.locator("#one-click-title")).to_be_focused()
        expect(phone.said).to_contain_text("The payment was not confirmed")
        expect(phone.panel).to_contain_text("Nothing was charged")
        assert shop.charged() == []


def test_a_guest_gets_the_whole_new_page_in_place(shop: Shop, phone: Phone) -> None:
    phone.puts_in_cart("Teapot")
    phone.opens("/checkout")
    phone.page.get_by_label("E-mail").fill("gita@example.org")
    phone.page.locator("#address-fields [name=name]").fill("Gita Green")
    phone.pays_with_new_card(ASKED_ABOUT, saving=False)
    phone.page.wait_for_url(f"{shop.url}/orders/*")
    phone.bank.locator("#approve").click()

    heading = phone.page.get_by_role("heading", level=1)
    expect(heading).not_to_contain_text("Order K-")
    expect(heading).to_be_focused()
    expect(phone.said).to_have_text("Paid. Receipt for order K-1001.")
    expect(phone.page.get_by_text("Teapot", exact=True)).to_have_count(1)
    expect(phone.page.locator("#order")).to_have_count(1)
    expect(phone.page.get_by_label("Password")).to_be_visible()
    address = phone.page.url
    phone.page.reload()
    assert phone.page.url == address
    expect(phone.page.get_by_label("Password")).to_be_visible()


def test_an_order_that_waits_for_an_act_has_the_focus_on_arrival(shop: Shop, phone: Phone, carol: Shopper) -> None:
    carol.presses(carol.one_click_button("Mug"))
    phone.belongs_to(carol)
    shop.settle()
    [intent] = shop.intents()
    shop.sandbox.answer_bank(intent, passed=False)
    shop.settle()

    phone.opens(f"/orders/{shop.order_ids()[0]}")

    expect(phone.page.locator("#one-click-title")).to_be_focused()
    expect(phone.said).to_contain_text("The payment was not confirmed")
