"""The bank asks, the customer answers, and the shop's page goes on."""

import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from tests.sandbox.browser.shop_page import Shop
from tests.sandbox.browser.test_card_frame import card_form, fill, result

CONFIRM_SETUP = (
    "stripe.confirmSetup({elements, redirect: 'if_required', confirmParams: {return_url: location.origin + '/return'}})"
)
BANK = "iframe[title='Your bank asks whether this is you']"


def post(sandbox: str, path: str, **params: str) -> dict[str, Any]:
    """Ask the API as the shop's server does."""
    ask = Request(f"{sandbox}/v1/{path}", urlencode(params).encode(), {"Authorization": "Bearer sk_test_123"})
    with urlopen(ask) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def asked_payment(sandbox: str, shop: Shop, **more: str) -> dict[str, Any]:
    return post(
        sandbox,
        "payment_intents",
        amount="2400",
        currency="eur",
        confirm="true",
        payment_method="pm_card_threeDSecure2Required",
        return_url=f"{shop.url}/return?order=7",
        **more,
    )


def handle(page: Page, intent: dict[str, Any]) -> None:
    page.evaluate(f"window.done = stripe.handleNextAction({{clientSecret: '{intent['client_secret']}'}}); null")


def test_an_approved_payment_comes_back_succeeded(page: Page, shop: Shop, sandbox_url: str) -> None:
    intent = asked_payment(sandbox_url, shop, use_stripe_sdk="true")
    page.goto(shop.url)

    handle(page, intent)
    bank = page.frame_locator(BANK)
    expect(bank.locator("dl")).to_contain_text("24,00")
    assert page.locator("dialog").count() == 1
    bank.locator("#approve").click()

    done = page.evaluate("done")
    assert done["paymentIntent"]["id"] == intent["id"]
    assert done["paymentIntent"]["status"] == "succeeded"
    assert page.locator("iframe").count() == 0
    assert page.locator("dialog").count() == 0


def test_a_refused_payment_comes_back_as_an_error_with_its_intent(page: Page, shop: Shop, sandbox_url: str) -> None:
    intent = asked_payment(sandbox_url, shop, use_stripe_sdk="true")
    page.goto(shop.url)

    handle(page, intent)
    page.frame_locator(BANK).locator("#refuse").click()

    error = page.evaluate("done")["error"]
    assert error["code"] == "payment_intent_authentication_failure"
    assert error["payment_intent"]["status"] == "requires_payment_method"


@pytest.mark.parametrize(
    "how", ["button", "Escape in the bank's page", "Escape at the button", "closed by the browser"]
)
def test_closing_it_is_a_refusal(page: Page, shop: Shop, sandbox_url: str, how: str) -> None:
    intent = asked_payment(sandbox_url, shop, use_stripe_sdk="true")
    page.goto(shop.url)
    page.focus("#email")

    handle(page, intent)
    page.frame_locator(BANK).locator("#approve").wait_for()
    if how == "button":
        page.locator("dialog button").click()
    elif how == "Escape in the bank's page":
        page.frame_locator(BANK).locator("#approve").press("Escape")
    elif how == "Escape at the button":
        page.locator("dialog button").press("Escape")
    else:
        page.evaluate("document.activeElement.shadowRoot.querySelector('dialog').close()")

    error = page.evaluate("done")["error"]
    assert error["code"] == "payment_intent_authentication_failure"
    assert error["payment_intent"]["status"] == "requires_payment_method"
    assert page.locator("dialog").count() == 0
    assert page.evaluate("document.activeElement.id") == "email"


def test_nothing_behind_the_dialog_is_reached_by_keyboard(page: Page, shop: Shop, sandbox_url: str) -> None:
    intent = asked_payment(sandbox_url, shop, use_stripe_sdk="true")
    page.goto(shop.url)

    handle(page, intent)
    page.frame_locator(BANK).locator("#approve").wait_for()
    reached = set()
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.tagName"))

    assert "email" not in reached


def test_a_payment_the_bank_does_not_ask_about_is_handed_back_as_it_is(
    page: Page, shop: Shop, sandbox_url: str
) -> None:
    intent = post(sandbox_url, "payment_intents", amount="2400", currency="eur")
    page.goto(shop.url)

    handle(page, intent)

    assert page.evaluate("done")["paymentIntent"]["status"] == "requires_payment_method"


def test_a_redirect_leads_through_the_banks_own_page_and_back_to_the_shop(
    page: Page, shop: Shop, sandbox_url: str
) -> None:
    intent = asked_payment(sandbox_url, shop)
    page.goto(shop.url)

    handle(page, intent)
    page.locator("#approve").click()
    page.wait_for_url(f"{shop.url}/return**")

    assert parse_qs(urlsplit(page.url).query) == {
        "order": ["7"],
        "payment_intent": [intent["id"]],
        "payment_intent_client_secret": [intent["client_secret"]],
        "redirect_status": ["succeeded"],
    }


def test_a_card_is_set_up_with_the_banks_leave(page: Page, shop: Shop, sandbox_url: str) -> None:
    intent = post(sandbox_url, "setup_intents")
    frame = card_form(page, shop, f"start({{clientSecret: '{intent['client_secret']}'}})")

    fill(frame, "4000002500003155")
    page.evaluate(f"window.done = {CONFIRM_SETUP}; null")
    page.frame_locator(BANK).locator("#approve").click()

    done = page.evaluate("done")
    assert done["setupIntent"]["status"] == "succeeded"
    assert "4000002500003155" not in "\n".join(shop.asked)


def test_a_declined_card_says_so(page: Page, shop: Shop, sandbox_url: str) -> None:
    intent = post(sandbox_url, "setup_intents")
    frame = card_form(page, shop, f"start({{clientSecret: '{intent['client_secret']}'}})")

    fill(frame, "4000000000000002")
    done = page.evaluate(CONFIRM_SETUP)

    assert (done["error"]["type"], done["error"]["code"]) == ("card_error", "card_declined")


def test_confirming_leads_to_the_return_url_unless_told_otherwise(page: Page, shop: Shop, sandbox_url: str) -> None:
    intent = post(sandbox_url, "payment_intents", amount="2400", currency="eur")
    frame = card_form(page, shop)
    fill(frame)
    page.evaluate("elements.submit()")

    page.evaluate(
        f"stripe.confirmPayment({{elements, clientSecret: '{intent['client_secret']}', "
        "confirmParams: {return_url: location.origin + '/return?order=7'}}); null"
    )
    page.wait_for_url(f"{shop.url}/return**")

    assert parse_qs(urlsplit(page.url).query)["redirect_status"] == ["succeeded"]


@pytest.mark.parametrize("answer", ["approve", "refuse"])
def test_all_of_it_also_stands_below_a_path_of_the_shops_own_origin(page: Page, one_origin: Shop, answer: str) -> None:
    sandbox = f"{one_origin.url}/sandbox"
    intent = asked_payment(sandbox, one_origin, use_stripe_sdk="true")
    frame = card_form(page, one_origin)
    fill(frame)
    page.click("#pay")
    assert "confirmationToken" in result(page)

    handle(page, intent)
    page.frame_locator(BANK).locator(f"#{answer}").click()

    assert ("error" in page.evaluate("done")) == (answer == "refuse")


def test_a_token_of_the_browsers_pays_on_the_server_and_its_challenge_opens_in_place(
    page: Page, shop: Shop, sandbox_url: str
) -> None:
    frame = card_form(page, shop)
    fill(frame, "4000008400001629")
    page.click("#pay")
    intent = post(
        sandbox_url,
        "payment_intents",
        amount="2400",
        currency="eur",
        confirm="true",
        confirmation_token=result(page)["confirmationToken"]["id"],
        return_url=f"{shop.url}/return",
        use_stripe_sdk="true",
    )

    handle(page, intent)
    page.frame_locator(BANK).locator("#approve").click()

    error = page.evaluate("done")["error"]
    assert (error["type"], error["code"]) == ("card_error", "card_declined")
    assert error["payment_intent"]["status"] == "requires_payment_method"
