"""Other sites' writes are refused, and every answer carries its headers, also a refused one."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from storefront.carts.models import Cart
from storefront.core.database import current_session
from storefront.web.security import content_security_policy, init_security
from tests.apps import bare_app, settings_for
from tests.doors import HTMX, in_database, register, stock_up

BASE_URL = "http://shop.test"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:8080"}, 303),
        ({"Origin": BASE_URL}, 303),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": BASE_URL}, 403),
        ({"Sec-Fetch-Site": ""}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://shop.test"}, 403),
        ({"Origin": "http://shop.test.evil.example"}, 403),
    ],
)
def test_writes_pass_only_from_our_own_pages(
    doors: Flask, browser: FlaskClient, headers: dict[str, str], status: int
) -> None:
    wish = {"variant_id": stock_up(doors, "Teapot")}

    answer = browser.post("/cart/items", data=wish, headers=headers)

    assert answer.status_code == status
    assert in_database(doors, lambda: current_session().scalar(select(func.count(Cart.id)))) == (status == 303)
    assert status == 303 or BASE_URL in answer.text


def test_login_and_logout_are_writes_too_and_reading_is_free(browser: FlaskClient) -> None:
    elsewhere = {"Sec-Fetch-Site": "cross-site"}

    assert browser.post("/auth/login", headers=elsewhere).status_code == 403
    assert browser.post("/auth/logout", headers=elsewhere).status_code == 403
    assert browser.post("/no/such/page", headers=elsewhere).status_code == 403
    assert browser.get("/auth/login", headers=elsewhere).status_code == 200


@pytest.mark.parametrize("path", ["/webhooks/stripe", "/api/v1/orders"])
def test_what_no_browser_sends_is_not_judged_by_browsers_headers(browser: FlaskClient, path: str) -> None:
    assert browser.post(path, headers={"Origin": "https://elsewhere.example"}).status_code == 404


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/auth/login", {}, 200),
        ("/no/such/page", {}, 404),
        ("/no/such/page", HTMX, 404),
        ("/static/mark.svg", {}, 200),
    ],
)
def test_every_answer_is_secured(browser: FlaskClient, path: str, headers: dict[str, str], status: int) -> None:
    answer = browser.get(path, headers=headers)

    assert answer.status_code == status
    _is_secured(answer.headers)
    answer.close()


def test_a_refused_one_is_secured_too(browser: FlaskClient) -> None:
    _is_secured(browser.post("/cart/items", headers={"Origin": "null"}).headers)
    _is_secured(browser.post("/auth/login", data=b"x" * 2_000_000, content_type="text/plain").headers)


def _is_secured(headers: object) -> None:
    told = dict(headers)  # type: ignore[call-overload]
    assert "frame-ancestors 'none'" in told["Content-Security-Policy"]
    assert "unsafe" not in told["Content-Security-Policy"]
    assert told["X-Content-Type-Options"] == "nosniff"
    assert told["Referrer-Policy"] == "same-origin"
    assert "payment=" in told["Permissions-Policy"]
    assert "Strict-Transport-Security" not in told


def test_over_https_browsers_are_told_to_stay_there(database_url: str) -> None:
    with bare_app(database_url, BASE_URL="https://shop.test") as app:
        init_security(app)
        answer = app.test_client().get("/no/such/page", base_url="https://shop.test")

    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_our_breakdown_is_a_calm_page_that_asks_the_database_nothing(doors: Flask, browser: FlaskClient) -> None:
    doors.add_url_rule("/broken", "broken", lambda: str(1 / 0))
    register(browser)

    answer = browser.get("/broken")

    assert answer.status_code == 500
    assert "Our mistake" in answer.text
    assert "Sign in" in answer.text
    _is_secured(answer.headers)


def test_what_no_database_can_hold_is_refused(browser: FlaskClient) -> None:
    typed = {"name": "Al\0ice", "email": "alice@example.org", "password": "long enough"}

    assert browser.post("/auth/register", data=typed).status_code == 400
    assert browser.get("/search?q=%00").status_code == 400
    assert browser.get("/products/tea%00pot").status_code == 400


def test_too_much_is_refused_calmly(browser: FlaskClient) -> None:
    answer = browser.post("/auth/login", data={"email": "x" * 2_000_000})

    assert answer.status_code == 413
    assert "That was too large" in answer.text


def _rule(policy: str, name: str) -> list[str]:
    rules = {rule.split()[0]: rule.split()[1:] for rule in policy.split("; ")}
    return rules[name]


class TestPolicy:
    def test_the_real_stripe(self, tmp_path: Path) -> None:
        policy = content_security_policy(
            settings_for(f"sqlite:///{tmp_path}/x.db", STRIPE_API_BASE="https://api.stripe.com")
        )

        assert _rule(policy, "script-src") == ["'self'", "https://js.stripe.com", "https://*.js.stripe.com"]
        assert "https://hooks.stripe.com" in _rule(policy, "frame-src")
        assert _rule(policy, "connect-src")[:2] == ["'self'", "https://api.stripe.com"]
        assert _rule(policy, "form-action") == ["'self'", "https://checkout.stripe.com"]

    def test_the_sandbox_on_an_origin_of_its_own(self, tmp_path: Path) -> None:
        policy = content_security_policy(
            settings_for(f"sqlite:///{tmp_path}/x.db", STRIPE_JS_URL="http://127.0.0.1:4000/js/stripe.js")
        )

        for rule in ("script-src", "frame-src", "connect-src", "form-action"):
            assert _rule(policy, rule) == ["'self'", "http://127.0.0.1:4000"]
        assert "stripe.com" not in policy

    def test_the_sandbox_below_the_shop(self, tmp_path: Path) -> None:
        policy = content_security_policy(
            settings_for(f"sqlite:///{tmp_path}/x.db", STRIPE_JS_URL=f"{BASE_URL}/sandbox/js/stripe.js")
        )

        assert _rule(policy, "script-src") == ["'self'"]
        assert "http:" not in policy


class TestPrivacy:
    def test_pages_for_somebody_are_kept_by_nobody(self, browser: FlaskClient) -> None:
        visitors = browser.get("/cart")
        register(browser)

        assert visitors.headers["Cache-Control"] == "private, no-store"
        assert browser.get("/").headers["Cache-Control"] == "private, no-store"
        assert browser.get("/cart").headers["Cache-Control"] == "private, no-store"

    def test_a_public_page_is_told_apart_by_cookie_and_htmx(self, browser: FlaskClient) -> None:
        answer = browser.get("/")

        assert answer.headers.getlist("Set-Cookie") == []
        assert answer.cache_control.public
        assert answer.vary.to_header().lower().split(", ").count("cookie") == 1
        assert "HX-Request" in answer.vary

    def test_what_the_view_says_of_a_public_page_gives_way_to_a_session(
        self, doors: Flask, browser: FlaskClient
    ) -> None:
        doors.add_url_rule("/page", "page", lambda: ("<p>", {"Cache-Control": "public, max-age=60"}))
        doors.add_url_rule(
            "/picture", "picture", lambda: ("", {"Cache-Control": "public", "Content-Type": "image/webp"})
        )
        register(browser)

        assert browser.get("/page").headers["Cache-Control"] == "private, no-store"
        assert browser.get("/picture").headers["Cache-Control"] == "public"


def test_a_form_of_many_parts_or_long_words_is_refused(browser: FlaskClient) -> None:
    many = {f"field{number}": "x" for number in range(300)}
    parts = {"content_type": "multipart/form-data"}

    assert browser.post("/auth/login", data={"email": "x" * 300_000}, **parts).status_code == 413
    assert browser.post("/auth/login", data=many, **parts).status_code == 413
