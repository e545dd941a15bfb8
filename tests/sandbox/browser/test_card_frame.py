"""A card is typed into the sandbox's frame, and a token comes out."""

import json
import time
from typing import Any

import pytest
from playwright.sync_api import Error, FrameLocator, Page, expect

from tests.sandbox.browser.shop_page import Shop

NUMBER = "4242424242424242"


def card_form(page: Page, shop: Shop, start: str = "start()") -> FrameLocator:
    page.goto(shop.url)
    page.evaluate(start)
    frame = page.frame_locator("iframe[title='Secure payment input frame']")
    expect(frame.locator("#number")).to_be_visible()
    wait_until(page, "events.some(([name]) => name === 'ready')")
    return frame


def wait_until(page: Page, condition: str) -> None:
    """Playwright's own wait_for_function needs eval, which the shop's policy forbids."""
    deadline = time.monotonic() + 8
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, condition
        page.wait_for_timeout(20)


def fill(
    frame: FrameLocator, number: str = NUMBER, expiry: str = "12/34", cvc: str = "123", postal: str = "94103"
) -> None:
    frame.locator("#number").press_sequentially(number)
    frame.locator("#expiry").press_sequentially(expiry)
    frame.locator("#cvc").press_sequentially(cvc)
    if frame.locator("#postal").is_visible():
        frame.locator("#postal").press_sequentially(postal)


def result(page: Page) -> dict[str, Any]:
    expect(page.locator("#result")).not_to_be_empty()
    found: dict[str, Any] = json.loads(page.locator("#result").inner_text())
    return found


def test_a_typed_card_becomes_a_confirmation_token_and_the_shop_never_sees_its_number(page: Page, shop: Shop) -> None:
    frame = card_form(page, shop)

    fill(frame)
    expect(frame.locator("#number")).to_have_value("4242 4242 4242 4242")
    expect(frame.locator("#expiry")).to_have_value("12 / 34")
    expect(frame.locator("#brand")).to_have_text("Visa")
    page.click("#pay")

    token = result(page)["confirmationToken"]
    assert token["id"].startswith("ctoken_")
    assert token["payment_method_preview"]["card"]["last4"] == "4242"
    wait_until(page, "performance.getEntriesByName(`${location.origin}/pay`).length")
    asked = "\n".join(shop.asked)
    assert f"confirmation_token={token['id']}" in asked
    assert NUMBER not in asked
    assert "4242%204242" not in asked
    assert "4242+4242" not in asked


@pytest.mark.parametrize(
    ("card", "code", "field"),
    [
        (("", "", ""), "incomplete_number", "number"),
        (("424242", "12/34", "123"), "incomplete_number", "number"),
        (("4242424242424241", "12/34", "123"), "invalid_number", "number"),
        ((NUMBER, "1", "123"), "incomplete_expiry", "expiry"),
        ((NUMBER, "13/34", "123"), "invalid_expiry_month", "expiry"),
        ((NUMBER, "12/20", "123"), "invalid_expiry_year_past", "expiry"),
        ((NUMBER, "12/99", "123"), "invalid_expiry_year", "expiry"),
        ((NUMBER, "12/34", "12"), "incomplete_cvc", "cvc"),
        (("378282246310005", "12/34", "123"), "incomplete_cvc", "cvc"),
    ],
)
def test_a_faulty_card_is_refused_in_its_field(
    page: Page, shop: Shop, card: tuple[str, str, str], code: str, field: str
) -> None:
    frame = card_form(page, shop)

    fill(frame, *card)
    page.click("#pay")

    error = result(page)["error"]
    assert (error["type"], error["code"]) == ("validation_error", code)
    expect(frame.locator(f"#{field}-fault")).to_contain_text(error["message"])
    expect(frame.locator(f"#{field}")).to_have_attribute("aria-invalid", "true")
    expect(frame.locator(f"#{field}")).to_be_focused()


def test_faults_wait_until_the_field_is_left_and_go_when_it_is_mended(page: Page, shop: Shop) -> None:
    frame = card_form(page, shop)
    number, fault = frame.locator("#number"), frame.locator("#number-fault")

    number.press_sequentially("4242424242424241")
    expect(fault).to_be_hidden()
    number.press("Tab")
    expect(fault).to_be_visible()
    number.press("End")
    number.press("Backspace")
    number.press("2")

    expect(fault).to_be_hidden()


def test_a_fault_does_not_push_away_the_button_that_is_being_pressed(page: Page, shop: Shop) -> None:
    frame = card_form(page, shop)
    fill(frame, cvc="1")

    # At its upper edge, and once it stands still: the frame takes its height a moment after the page.
    page.locator("#pay").hover(position={"x": 5, "y": 5})
    page.mouse.down()
    page.wait_for_timeout(100)
    page.mouse.up()

    assert result(page)["error"]["code"] == "incomplete_cvc"


def test_the_form_is_filled_by_keyboard_from_the_shop_through_the_frame_and_out_again(page: Page, shop: Shop) -> None:
    card_form(page, shop)

    page.focus("#email")
    for keys in ("alice@example.com", NUMBER, "1234", "123", "United States", "94103"):
        page.keyboard.type(keys)
        page.keyboard.press("Tab")
    for _ in range(3):
        if page.evaluate("document.activeElement.id") == "pay":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert result(page)["confirmationToken"]["id"].startswith("ctoken_")


@pytest.mark.parametrize(
    ("country", "label", "postal"), [("US", "ZIP code", "94103"), ("GB", "Postal code", "SW1A 1AA"), ("CA", "Postal code", "K1A 0B1"),
                                     ("DE", None, None)]
)  # fmt: skip
def test_country_and_postal_code_reach_the_billing_details(
    page: Page, shop: Shop, country: str, label: str | None, postal: str | None
) -> None:
    frame = card_form(page, shop)

    frame.get_by_label("Country").select_option(country)
    fill(frame, postal=postal or "")
    if label is None:
        expect(frame.locator("#postal")).to_be_hidden()
    else:
        expect(frame.get_by_label(label)).to_have_value(postal or "")
    page.click("#pay")

    address = result(page)["confirmationToken"]["payment_method_preview"]["billing_details"]["address"]
    assert (address["country"], address["postal_code"]) == (country, postal)


@pytest.mark.parametrize(
    ("country", "postal", "told"),
    [("US", "941", ("incomplete_zip", "Your ZIP code is incomplete.")), ("US", "", ("incomplete_zip", "Your ZIP code is incomplete.")),
     ("US", "9410A", ("invalid_zip", "Your ZIP code is invalid.")), ("GB", "12345", ("invalid_zip", "Your postal code is invalid."))],
)  # fmt: skip
def test_a_postal_code_that_is_none_is_refused_in_its_field(
    page: Page, shop: Shop, country: str, postal: str, told: tuple[str, str]
) -> None:
    frame = card_form(page, shop)

    frame.get_by_label("Country").select_option(country)
    fill(frame, postal=postal)
    page.click("#pay")

    error = result(page)["error"]
    assert (error["code"], error["message"]) == told
    expect(frame.locator("#postal-fault")).to_contain_text(told[1])


def test_browsers_know_what_to_fill_in_where(page: Page, shop: Shop) -> None:
    frame = card_form(page, shop)

    fields = ("number", "expiry", "cvc", "country", "postal")
    told = [frame.locator(f"#{field}").get_attribute("autocomplete") for field in fields]
    assert told == ["cc-number", "cc-exp", "cc-csc", "billing country", "billing postal-code"]


DEFERRED = "{ mode: 'payment', amount: 2400, currency: 'eur' }"


def created_with(options: str) -> str:
    return f"window.elements = stripe.elements({DEFERRED}); window.element = elements.create('payment', {options}); \
element.on('ready', (event) => events.push(['ready', event])); element.mount('#card')"


def test_what_the_shop_knows_of_the_address_is_filled_in(page: Page, shop: Shop) -> None:
    known = "{ defaultValues: { billingDetails: { address: { country: 'GB', postal_code: 'SW1A 1AA' } } } }"

    frame = card_form(page, shop, created_with(known))

    expect(frame.locator("#country")).to_have_value("GB")
    expect(frame.locator("#postal")).to_have_value("SW1A 1AA")


def test_what_the_shop_does_not_want_asked_it_says_itself(page: Page, shop: Shop) -> None:
    frame = card_form(page, shop, created_with("{ fields: { billingDetails: { address: 'never' } } }"))
    expect(frame.locator("#country")).to_be_hidden()
    expect(frame.locator("#postal")).to_be_hidden()
    fill(frame)
    page.evaluate("elements.submit()")

    with pytest.raises(Error, match=r'You specified "never" for fields\.billing_details\.address\.country'):
        page.evaluate("stripe.createConfirmationToken({ elements })")

    details = "billing_details: { address: { country: 'DE', postal_code: '10969' } }"
    params = f"{{ payment_method_data: {{ {details} }} }}"
    made = page.evaluate(f"stripe.createConfirmationToken({{ elements, params: {params} }})")
    told = made["confirmationToken"]["payment_method_preview"]["billing_details"]["address"]
    assert (told["country"], told["postal_code"]) == ("DE", "10969")


def test_digits_may_be_mended_in_the_middle(page: Page, shop: Shop) -> None:
    number = card_form(page, shop).locator("#number")

    number.press_sequentially("424242424242424")
    for _ in range(3):
        number.press("ArrowLeft")
    number.press("Backspace")
    number.press_sequentially("99")

    expect(number).to_have_value("4242 4242 4249 9424")


@pytest.mark.parametrize(
    ("typed", "shown"), [("5", "05"), ("1/30", "01 / 30"), ("12/2030", "12 / 30"), ("0930", "09 / 30")]
)
def test_expiry_is_understood_as_people_write_it(page: Page, shop: Shop, typed: str, shown: str) -> None:
    expiry = card_form(page, shop).locator("#expiry")

    expiry.fill(typed)

    expect(expiry).to_have_value(shown)


def test_a_test_card_is_chosen_with_one_click(page: Page, shop: Shop) -> None:
    frame = card_form(page, shop)

    frame.get_by_text("Other test cards").click()
    frame.get_by_role("button", name="3782 822463 10005").click()
    page.click("#pay")

    assert result(page)["confirmationToken"]["payment_method_preview"]["card"]["last4"] == "0005"


def test_the_shop_hears_how_the_form_stands_and_nothing_of_the_card(page: Page, shop: Shop) -> None:
    frame = card_form(page, shop)

    fill(frame)

    wait_until(page, "events.some(([name, event]) => name === 'change' && event.complete)")
    told = page.evaluate("events")
    assert told[0] == ["ready", {"elementType": "payment"}]
    assert [name for name, _ in told].count("focus") == 1
    assert told[-1] == [
        "change",
        {"elementType": "payment", "empty": False, "complete": True, "collapsed": False, "value": {"type": "card"}},
    ]


def test_the_frame_wears_the_shops_colours_and_grows_with_what_it_holds(page: Page, shop: Shop) -> None:
    look = {
        "variables": {"colorBackground": "rgb(10, 20, 30)", "colorText": "rgb(200, 210, 220)", "borderRadius": "2px"}
    }
    frame = card_form(page, shop, f"start({{mode: 'setup', currency: 'eur', appearance: {json.dumps(look)}}})")
    number = frame.locator("#number")
    height = page.locator("iframe").bounding_box()

    frame.get_by_text("Other test cards").click()

    expect(number).to_have_css("background-color", "rgb(10, 20, 30)")
    expect(number).to_have_css("color", "rgb(200, 210, 220)")
    expect(number).to_have_css("border-radius", "2px")
    assert height is not None
    wait_until(page, f"document.querySelector('iframe').offsetHeight > {height['height']} + 200")
    page.evaluate("elements.update({appearance: {rules: {'.Input': {borderColor: 'rgb(1, 2, 3)'}}}})")
    expect(number).to_have_css("border-top-color", "rgb(1, 2, 3)")


def test_the_frame_keeps_its_height_while_the_shop_hides_it(page: Page, shop: Shop) -> None:
    frame = card_form(page, shop)

    page.evaluate("document.querySelector('#card').hidden = true")
    page.wait_for_timeout(200)
    page.evaluate("document.querySelector('#card').hidden = false")

    expect(frame.locator("#cvc")).to_be_visible()
    wait_until(page, "document.querySelector('iframe').offsetHeight > 100")


def test_the_element_is_mounted_again_after_a_swap(page: Page, shop: Shop) -> None:
    card_form(page, shop)

    page.evaluate("document.querySelector('#card').outerHTML = '<div id=card></div>'; element.mount('#card')")
    frame = page.frame_locator("iframe")
    fill(frame)
    page.click("#pay")

    assert "confirmationToken" in result(page)
    assert page.evaluate("document.querySelectorAll('iframe').length") == 1


def test_a_call_whose_frame_was_taken_away_ends_in_an_error(page: Page, shop: Shop) -> None:
    card_form(page, shop)

    error = page.evaluate(
        "(() => { const asked = elements.submit(); document.querySelector('#card').remove(); return asked; })()"
    )

    assert error["error"]["type"] == "api_connection_error"


def test_loading_it_twice_leaves_one_stripe_and_no_other_name(page: Page, shop: Shop, sandbox_url: str) -> None:
    page.goto(shop.url)

    added = page.evaluate(
        """async (address) => {
            const before = window.Stripe;
            const names = new Set(Object.keys(window));
            await new Promise((done) => {
                const again = Object.assign(document.createElement('script'), { src: address, onload: done });
                document.head.append(again);
            });
            return [before === window.Stripe, Object.keys(window).filter((name) => !names.has(name))];
        }""",
        f"{sandbox_url}/js/endive/stripe.js",
    )

    assert added == [True, []]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("Stripe()", "apiKey should be a string"),
        ("Stripe('sk_test_1')", "secret key"),
        ("Stripe('pk_live_1')", "live key"),
        ("stripe.elements({mode: 'payment', amount: 24.5, currency: 'eur'})", "positive integer"),
        ("stripe.elements({mode: 'payment', amount: 24, currency: 'EUR'})", "lower case"),
        ("stripe.elements({mode: 'setup', paymentMethodTypes: ['card']})", "no longer supported"),
        ("stripe.elements({})", "clientSecret or a mode"),
        ("stripe.elements({mode: 'setup'}).create('payment').mount('#nowhere')", "applies to no DOM elements"),
        (
            "stripe.createConfirmationToken({elements: stripe.elements({mode: 'setup'})})",
            "elements.submit() must be called",
        ),
        ("stripe.handleNextAction({clientSecret: 'pi_1'})", "clientSecret"),
        ("stripe.confirmSetup({clientSecret: 'seti_1_secret_2'})", "return_url"),
        ("stripe.elements({mode: 'setup'}).create('card')", "A valid Element name must be provided"),
        (
            "stripe.elements({mode: 'payment', amount: 1, currency: 'eur', setupFutureUsage: 'always'})",
            "setupFutureUsage",
        ),
        (
            (
                "stripe.confirmSetup({clientSecret: 'seti_1_secret_2', redirect: 'if_required',"
                " elements: stripe.elements({mode: 'payment', amount: 1, currency: 'eur'})})"
            ),
            "elements was created with mode 'payment'",
        ),
    ],
)
def test_what_fails_at_stripe_for_its_caller_fails_here_too(page: Page, shop: Shop, code: str, words: str) -> None:
    page.goto(shop.url)

    said = page.evaluate(
        f"(async () => {code})().then(() => 'nothing', (error) => `${{error.name}}: ${{error.message}}`)"
    )

    assert said.startswith("IntegrationError: ")
    assert words in said


@pytest.mark.parametrize(
    "name",
    [
        "handleCardPayment",
        "confirmPaymentIntent",
        "handleFpxPayment",
        "handleCardSetup",
        "confirmSetupIntent",
        "createSource",
        "retrieveSource",
    ],
)
def test_what_stripe_removed_is_absent(page: Page, shop: Shop, name: str) -> None:
    page.goto(shop.url)

    assert page.evaluate(f"stripe.{name} === undefined")
