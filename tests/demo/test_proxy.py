"""What a browser may ask of the sandbox through the shop: its pages, and the API by a publishable key."""

from base64 import b64encode
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from storefront import create_app
from storefront.extensions import db
from tests.apps import settings_for
from tests.sandbox.hosted import CARD as TYPED
from tests.sandbox.hosted import SUCCESS, opened
from tests.sandbox.running import Running

CARD = {
    "type": "card",
    "card[number]": "4242424242424242",
    "card[exp_month]": "12",
    "card[exp_year]": "2040",
    "card[cvc]": "123",
}


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def basic(key: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{key}:".encode()).decode()}


def test_the_pages_come_as_the_sandbox_made_them(browser: FlaskClient, demo_sandbox: Running) -> None:
    through = browser.get("/sandbox/frames/card")
    direct = demo_sandbox.http("GET", "/frames/card", key=None)

    assert through.text == direct.text
    assert through.headers["Content-Security-Policy"] == direct.headers["Content-Security-Policy"]
    assert browser.get("/sandbox/js/stripe.js").mimetype == "text/javascript"


def test_a_session_is_paid_through_the_shop(browser: FlaskClient, demo_sandbox: Running) -> None:
    session = opened(demo_sandbox.client(), customer_email="guest@example.com")
    page = f"/sandbox/pay/{session.id}"

    shown = browser.get(page)
    answer = browser.post(page, data=TYPED, headers={"Sec-Fetch-Site": "same-origin"})

    assert "Pay 19,99" in shown.text
    assert answer.location == SUCCESS.replace("{CHECKOUT_SESSION_ID}", session.id)


@pytest.mark.parametrize("with_key", [bearer, basic])
def test_a_card_is_made_by_a_publishable_key(browser: FlaskClient, with_key: Callable[[str], dict[str, str]]) -> None:
    answer = browser.post("/sandbox/v1/payment_methods", data=CARD, headers=with_key("pk_test_shop"))

    assert answer.json is not None
    assert answer.json["card"]["last4"] == "4242"


def test_the_key_may_be_a_field(browser: FlaskClient) -> None:
    answer = browser.post("/sandbox/v1/payment_methods", data=CARD | {"key": "pk_test_shop"})

    assert answer.status_code == 200


def test_another_origin_may_ask_first_what_it_may(browser: FlaskClient) -> None:
    answer = browser.options("/sandbox/v1/payment_methods", headers={"Origin": "http://elsewhere.test"})

    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    "headers", [{}, bearer("sk_test_shop"), basic("sk_test_shop"), bearer("rk_test_shop"), {"Authorization": "Basic ?"}]
)
def test_a_secret_key_or_none_goes_nowhere(
    browser: FlaskClient, demo_sandbox: Running, headers: dict[str, str]
) -> None:
    before = len(demo_sandbox.control("GET", "/requests"))

    assert browser.get("/sandbox/v1/customers", headers=headers).status_code == 404
    assert browser.post("/sandbox/v1/customers", headers=headers).status_code == 404

    assert len(demo_sandbox.control("GET", "/requests")) == before


@pytest.mark.parametrize("keys", [["pk_test_shop", "sk_test_shop"], ["sk_test_shop", "pk_test_shop"]])
def test_a_secret_key_does_not_hide_beside_another(browser: FlaskClient, keys: list[str]) -> None:
    fields = MultiDict([("key", key) for key in keys])

    assert browser.post("/sandbox/v1/customers", data=fields).status_code == 404
    assert browser.post(f"/sandbox/v1/customers?key={keys[0]}", data={"key": keys[1]}).status_code == 404
    assert browser.post("/sandbox/v1/customers", data={"key": keys[1]}, headers=bearer(keys[0])).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "control/requests",
        "js/../control/requests",
        "js/%2e%2e/control/requests",
        "frames//control/requests",
        "js/..%5Ccontrol/requests",
        "healthz",
        "sandbox/challenges/pi_1",
        "..",
    ],
)
def test_no_way_leads_to_the_control_api(browser: FlaskClient, path: str) -> None:
    answer = browser.get(f"/sandbox/{path}", headers=bearer("sk_test_shop"))

    assert answer.status_code in {404, 308}
    assert "storefront" not in answer.headers.get("Location", "")


def test_what_is_missing_there_is_missing_here(browser: FlaskClient) -> None:
    assert browser.get("/sandbox/js/nothing.js").status_code == 404


def test_without_a_sandbox_the_shop_says_so(sqlite_url: str) -> None:
    app = create_app(settings_for(sqlite_url, STRIPE_API_BASE="http://127.0.0.1:1"))

    assert app.test_client().get("/sandbox/js/stripe.js").status_code == 503

    with app.app_context():
        db.engine.dispose()


def test_with_stripe_itself_there_is_no_sandbox_and_no_mail(sqlite_url: str) -> None:
    app: Flask = create_app(settings_for(sqlite_url, STRIPE_API_BASE="https://api.stripe.com"))
    browser = app.test_client()

    assert [browser.get(path).status_code for path in ("/sandbox/js/stripe.js", "/demo/mail")] == [404, 404]

    with app.app_context():
        db.engine.dispose()
