"""The wallet in a browser: cards added with the bank asking in place, one made the default, one removed; and the pay button follows."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from storefront.cards.models import CardSetup, SavedCard
from tests.journeys.browser.phone import ASKED_ABOUT, DECLINED_LATER, VISA, Phone
from tests.people import PASSWORD, Shopper
from tests.stack import Shop


@pytest.fixture
def alices_phone(phone: Phone, shop: Shop, alice: Shopper) -> Phone:
    """Signed in, with one card: Visa 4242."""
    shop.settle()
    phone.signs_in(alice.email, alice.name)
    phone.opens("/account/cards")
    return phone


def adds(phone: Phone, number: str) -> None:
    """Type a card, tick the box, press the button."""
    phone.types_card(number)
    phone.page.get_by_label("Kiesel may keep this card").check()
    phone.page.get_by_role("button", name="Save card").click()


def pay_button(phone: Phone) -> str:
    """What the button on a product's page is called."""
    other = phone.another_tab()
    other.opens("/products/teapot")
    button = other.panel.locator(".pay")
    button.wait_for()
    name: str = button.evaluate("one => one.innerText.replace(/\\s+/g, ' ')")
    other.page.close()
    return name


def test_cards_are_added_chosen_and_removed_and_the_pay_button_follows(
    alices_phone: Phone, shop: Shop, alice: Shopper
) -> None:
    phone, page = alices_phone, alices_phone.page
    assert "4242" in pay_button(phone)

    adds(phone, ASKED_ABOUT)
    phone.bank.locator("#refuse").click()
    expect(page.locator("#saved-cards [role=alert]")).to_contain_text("Your bank could not make sure that it is you.")
    expect(page.locator("#saved-cards [role=alert]")).to_be_focused()

    page.get_by_role("button", name="Save card").click()  # what was typed is still there
    phone.bank.locator("#approve").click()
    expect(page.locator("#saved-cards")).to_contain_text("3184 is saved.")
    expect(page.locator("#cards-summary")).to_contain_text("2 cards. One click pays with Visa")
    expect(page.get_by_label("Kiesel may keep this card")).not_to_be_checked()
    assert "4242" in pay_button(phone)

    page.get_by_role("button", name="Use for one click").click()
    expect(page.locator("#saved-cards")).to_contain_text("One click now pays with Visa")
    assert "3184" in pay_button(phone)

    page.get_by_role("link", name="Remove Visa ending in 3184").click()
    expect(page.locator("#saved-cards")).to_contain_text("Remove this card?")
    page.get_by_role("button", name="Remove Visa").click()
    expect(page.locator("#saved-cards")).to_contain_text("3184 is removed.")
    expect(page.locator("#cards-summary")).to_contain_text("One card.")
    assert "4242" in pay_button(phone)

    shop.settle()
    assert [state.value for state in shop.all(CardSetup.state)] == ["requires_payment_method", "succeeded"]
    assert [(card.last4, card.removed_at is None) for card in shop.all(SavedCard)] == [("4242", True), ("3184", False)]
    assert shop.failed_jobs() == []


def test_a_second_card_can_follow_the_first_without_loading_the_page(alices_phone: Phone, shop: Shop) -> None:
    adds(alices_phone, DECLINED_LATER)
    expect(alices_phone.page.locator("#saved-cards")).to_contain_text("0341 is saved.")

    adds(alices_phone, "5555555555554444")

    expect(alices_phone.page.locator("#saved-cards")).to_contain_text("4444 is saved.")
    expect(alices_phone.page.locator("#cards-summary")).to_contain_text("3 cards.")
    assert [card.last4 for card in shop.all(SavedCard)] == ["4242", "0341", "4444"]


def test_without_the_box_nothing_is_sent(alices_phone: Phone, shop: Shop) -> None:
    alices_phone.types_card()

    alices_phone.page.get_by_role("button", name="Save card").click()

    expect(alices_phone.page.get_by_label("Kiesel may keep this card")).to_be_focused()
    assert shop.count(CardSetup) == 0


def test_without_scripts_all_of_it_works(open_phone: Callable[..., Phone], shop: Shop, alice: Shopper) -> None:
    alice.has_card("pm_card_mastercard")
    shop.settle()
    phone = open_phone(java_script_enabled=False)
    phone.signs_in(alice.email, alice.name)
    phone.opens("/account/cards")
    page = phone.page

    expect(page.get_by_role("button", name="Save card")).to_be_hidden()
    page.get_by_role("button", name="Use for one click").click()
    expect(page.locator("#cards-summary")).to_contain_text("2 cards. One click pays with Mastercard")
    page.get_by_role("link", name="Remove Mastercard ending in 4444").click()
    expect(page.locator("#saved-cards")).to_contain_text("Remove this card?")
    page.get_by_role("button", name="Remove Mastercard").click()
    expect(page.locator("#cards-summary")).to_contain_text("One card. One click pays with Visa")
    phone.opens("/products/teapot")
    expect(phone.panel.locator(".pay")).to_contain_text("4242")


def test_a_card_is_added_on_stripes_page_without_scripts(
    open_phone: Callable[..., Phone], shop: Shop, someone: Callable[[str], Shopper]
) -> None:
    dora = someone("Dora Dean")
    dora.has_address()
    phone = open_phone(java_script_enabled=False)
    phone.belongs_to(dora)
    phone.opens("/account/cards")
    page = phone.page

    page.locator("[data-without-scripts] [name=consent]").check()
    page.get_by_role("button", name="Add a card on Stripe’s page").click()
    page.wait_for_url(f"{shop.sandbox.url}/pay/*")
    for name, typed in (("number", VISA), ("expiry", "12 / 34"), ("cvc", "123")):
        page.locator(f"#{name}").fill(typed)
    page.locator("#pay").click()

    expect(page.locator("#saved-cards")).to_contain_text("Visa")
    phone.opens("/products/teapot")
    expect(phone.panel.locator(".pay")).to_contain_text("4242")


def test_an_old_login_is_asked_for_its_password_before_a_card_goes(alices_phone: Phone, shop: Shop) -> None:
    shop.clock.forward(minutes=31)

    alices_phone.page.get_by_role("link", name="Remove Visa ending in 4242").click()
    alices_phone.page.get_by_label("Password").fill(PASSWORD)
    alices_phone.page.locator("main form button[type=submit]").click()
    alices_phone.page.get_by_role("button", name="Remove Visa").click()

    expect(alices_phone.page.locator("#saved-cards")).to_contain_text("No card is kept here yet.")
