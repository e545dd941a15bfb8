"""A customer without JavaScript pays on the hosted page, on a phone."""

from collections.abc import Iterator
from typing import Any

import pytest
import stripe
from playwright.sync_api import Browser, Page, expect

from tests.sandbox.browser.conftest import PHONE
from tests.sandbox.browser.shop_page import Shop
from tests.sandbox.hosted import customer_with, line, opened, read, set_up
from tests.sandbox.running import KEY, VERSION


@pytest.fixture
def client(sandbox_url: str) -> Any:
    return stripe.StripeClient(KEY, stripe_version=VERSION, base_addresses={"api": sandbox_url})


@pytest.fixture
def plain(chromium: Browser) -> Iterator[Page]:
    """A phone that runs no script."""
    context = chromium.new_context(viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(8000)
    yield page
    context.close()


@pytest.fixture
def ways(shop: Shop) -> dict[str, str]:
    """Where the shop wants its customer back."""
    return {
        "success_url": f"{shop.url}/return?session={{CHECKOUT_SESSION_ID}}",
        "cancel_url": f"{shop.url}/return?left",
    }


def fill(page: Page, number: str = "4242424242424242") -> None:
    page.fill("#number", number)
    page.fill("#expiry", "12/34")
    page.fill("#cvc", "123")


def test_a_guest_pays_and_comes_back_to_the_shop(plain: Page, client: Any, shop: Shop, ways: Any) -> None:
    session = opened(client, line_items=[line(2400, name="Teapot")], **ways)

    plain.goto(session.url)
    expect(plain.get_by_role("heading", level=1)).to_have_text("Pay 24,00\u00a0€")
    plain.fill("#email", "guest@example.com")
    fill(plain)
    plain.click("#pay")

    plain.wait_for_url(f"{shop.url}/return?session={session.id}")
    assert read(client, session).payment_status == "paid"


def test_a_decline_is_told_in_place_and_another_card_pays(plain: Page, client: Any, shop: Shop, ways: Any) -> None:
    session = opened(client, customer_email="guest@example.com", **ways)

    plain.goto(session.url)
    fill(plain, "4000000000009995")
    plain.click("#pay")
    expect(plain.get_by_role("alert")).to_have_text("Your card has insufficient funds.")
    expect(plain.locator("#number")).to_have_value("")
    fill(plain)
    plain.click("#pay")

    plain.wait_for_url(f"{shop.url}/return?*")
    assert read(client, session).payment_status == "paid"


@pytest.mark.parametrize("answer", ["approve", "refuse"])
def test_the_bank_asks_on_a_page_of_its_own(plain: Page, client: Any, shop: Shop, ways: Any, answer: str) -> None:
    session = opened(client, customer_email="guest@example.com", **ways)

    plain.goto(session.url)
    fill(plain, "4000000000003220")
    plain.click("#pay")
    plain.click(f"#{answer}")

    if answer == "approve":
        plain.wait_for_url(f"{shop.url}/return?*")
    else:
        expect(plain.get_by_role("alert")).to_contain_text("unable to authenticate")
    assert read(client, session).status == ("complete" if answer == "approve" else "open")


def test_a_saved_card_is_chosen_and_the_fields_of_a_new_one_wait(
    plain: Page, client: Any, shop: Shop, ways: Any
) -> None:
    customer = customer_with(client, "pm_card_visa", "pm_card_mastercard")
    session = opened(client, customer=customer.id, **ways)

    plain.goto(session.url)
    expect(plain.locator("[name=card]:checked")).to_have_count(1)
    expect(plain.locator("#number")).to_be_hidden()
    plain.check("[name=card][value=new]")
    expect(plain.locator("#number")).to_be_visible()
    plain.get_by_label("Visa •• 4242").check()
    plain.click("#pay")

    plain.wait_for_url(f"{shop.url}/return?*")
    done = read(client, session, expand=["payment_intent.payment_method"])
    assert done.payment_intent.payment_method.card.last4 == "4242"


def test_enter_in_a_field_pays_and_removes_no_card(plain: Page, client: Any, shop: Shop, ways: Any) -> None:
    customer = customer_with(client, "pm_card_visa")
    options = {"payment_method_remove": "enabled", "payment_method_save": "enabled"}
    session = opened(client, customer=customer.id, saved_payment_method_options=options, **ways)

    plain.goto(session.url)
    plain.check("[name=card][value=new]")
    fill(plain, "5555555555554444")
    plain.check("#save")
    plain.press("#cvc", "Enter")

    plain.wait_for_url(f"{shop.url}/return?*")
    kept = client.v1.customers.payment_methods.list(customer.id).data
    assert [card.card.brand for card in kept] == ["mastercard", "visa"]


def test_a_card_is_saved(plain: Page, client: Any, shop: Shop, ways: Any) -> None:
    customer = customer_with(client)
    session = set_up(client, customer=customer.id, **ways)

    plain.goto(session.url)
    expect(plain.get_by_role("heading", level=1)).to_have_text("Save a card")
    fill(plain)
    plain.click("#pay")

    plain.wait_for_url(f"{shop.url}/return?*")
    assert len(client.v1.customers.payment_methods.list(customer.id).data) == 1


def test_the_way_back_leads_to_the_shop_and_leaves_the_session_open(
    plain: Page, client: Any, shop: Shop, ways: Any
) -> None:
    session = opened(client, **ways)

    plain.goto(session.url)
    plain.click("#cancel")

    plain.wait_for_url(f"{shop.url}/return?left")
    assert read(client, session).status == "open"


def test_the_page_stands_below_a_path_too(plain: Page, one_origin: Shop) -> None:
    below: Any = stripe.StripeClient(KEY, stripe_version=VERSION, base_addresses={"api": f"{one_origin.url}/sandbox"})
    session = opened(below, customer_email="guest@example.com", success_url=f"{one_origin.url}/return")

    plain.goto(session.url)
    size = plain.locator("#pay").bounding_box()
    fill(plain, "4000000000000002")
    plain.click("#pay")
    expect(plain.get_by_role("alert")).to_be_visible()
    fill(plain, "4000000000003220")
    plain.click("#pay")
    plain.click("#approve")

    plain.wait_for_url(f"{one_origin.url}/return")
    assert size is not None
    assert size["height"] >= 52, "the style sheet was not found"


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_hangs_over_the_edge(chromium: Browser, client: Any, ways: Any, width: int) -> None:
    customer = customer_with(client, "pm_card_visa")
    long = "A teapot of uncommonly hard-fired Westerwald stoneware with a name that goes on and on and on"
    session = opened(client, customer=customer.id, line_items=[line(99999999, name=long)], **ways)
    context = chromium.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()

    page.goto(session.url)
    page.check("[name=card][value=new]")

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
