"""What is missing is said beside each field, in the shop's words: no bubbles of the browser's, and nothing typed is lost."""

import pytest
from playwright.sync_api import expect

from tests.journeys.browser.phone import Phone
from tests.stack import Shop


def test_the_checkout_says_what_is_missing_beside_each_field(shop: Shop, phone: Phone) -> None:
    phone.pardoned.append("422")  # is noted by browsers
    phone.puts_in_cart("Teapot")
    phone.opens("/checkout")
    page = phone.page
    page.get_by_label("City").fill("Berlin")
    phone.types_card()
    page.locator("#checkout-pay .pay").click()

    for name, words in (
        ("email", "Please write your e-mail address."),
        ("name", "Please say who the parcel is for."),
        ("line1", "Please add the street and the house number."),
        ("postal_code", "Please add the postcode."),
    ):
        field = page.locator(f"#address-fields [name={name}]")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(words, timeout=8000) if name != "email" else expect(
            page.locator("#email-fault")
        ).to_contain_text(words)
    expect(page.locator("#address-fields [name=email]")).to_be_focused()
    expect(page.get_by_label("City")).to_have_value("Berlin")
    assert phone.card_frame.locator("#number").input_value().replace(" ", "").endswith("4242")
    assert shop.orders() == []

    page.get_by_label("E-mail").fill("gita@example.org")
    page.locator("#address-fields [name=name]").fill("Gita Green")
    phone.types_address()
    page.locator("#checkout-pay .pay").click()
    phone.sees("paid")


@pytest.mark.parametrize(
    ("path", "button", "words"),
    [
        ("/auth/login", "Sign in", "Please write your e-mail address."),
        ("/auth/register", "Join", "Please say how we may call you."),
        ("/auth/password-reset", "Send", "Please write your e-mail address."),
        ("/orders/find", "Mail me its link", "Please write"),
    ],
)
def test_other_forms_do_the_same(phone: Phone, path: str, button: str, words: str) -> None:
    phone.pardoned.append("422")
    phone.opens(path)
    form = phone.page.locator("main form[novalidate]").first
    form.get_by_role("button").first.click()

    expect(phone.page.locator("main [aria-invalid=true]").first).to_be_focused()
    expect(phone.page.locator("main .field__fault").first).to_contain_text(words)
    assert button
