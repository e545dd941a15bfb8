"""Every answer of every door carries the security headers, whatever was asked and however it was refused."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from storefront import create_app
from storefront.catalog.models import Product, Variant
from storefront.core.database import transaction
from storefront.core.errors import BusyError, RateLimitedError
from storefront.extensions import db
from tests.apps import settings_for
from tests.doors import HTMX

VALUES = {"string": "teapot", "path": "teapot", "int": "4711", "default": "teapot"}
CROSS_SITE = {"Sec-Fetch-Site": "cross-site"}


@pytest.fixture(params=["http", "https"])
def app(database_url: str, request: pytest.FixtureRequest) -> Iterator[Flask]:
    app = create_app(settings_for(database_url, BASE_URL=f"{request.param}://shop.test"))
    with app.app_context(), transaction() as session:
        session.add(Product(handle="teapot", title="Teapot", variants=[Variant(sku="teapot", price_minor=2400)]))
    for status in (400, 403, 404, 405, 409, 413, 418, 422, 429, 500, 503):
        app.add_url_rule(f"/abort/{status}", f"abort-{status}", lambda status=status: abort(status))
    app.add_url_rule("/breaks", "breaks", lambda: str(1 / 0))
    app.add_url_rule("/busy", "busy", _busy)
    app.add_url_rule("/often", "often", _often)
    app.add_url_rule("/folder/", "folder", lambda: "")
    yield app
    with app.app_context():
        db.engine.dispose()


def _busy() -> str:
    raise BusyError


def _often() -> str:
    raise RateLimitedError(retry_after=17)


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    return app.test_client()


def path_of(rule: Rule) -> str:
    """An address that this rule answers."""
    filled = re.sub(r"<(?:(\w+)(?:\([^)]*\))?:)?\w+>", lambda found: VALUES[found[1] or "default"], rule.rule)
    return str(filled)


def fault_in(answer: TestResponse, *, https: bool) -> str:
    """What is missing; nothing when all is there."""
    headers = answer.headers
    wanted = {
        "Content-Security-Policy": "default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }
    missing = [name for name, words in wanted.items() if words not in headers.get(name, "")]
    if https != ("Strict-Transport-Security" in headers):
        missing.append("Strict-Transport-Security")
    if "unsafe" in headers.get("Content-Security-Policy", "") and "sandbox" not in headers["Content-Security-Policy"]:
        missing.append("a policy without exceptions")
    if "Cache-Control" not in headers:
        missing.append("Cache-Control")
    answer.close()
    return f"{answer.request.method} {answer.request.path} {answer.status_code}: {missing}" if missing else ""


def faults(app: Flask, answers: list[TestResponse]) -> list[str]:
    https = app.config["SETTINGS"].secure
    return [fault for fault in (fault_in(answer, https=https) for answer in answers) if fault]


def test_all_routes_in_all_ways(app: Flask, browser: FlaskClient) -> None:
    answers = []
    for rule in app.url_map.iter_rules():
        for method in ("GET", "HEAD", "POST", "OPTIONS", "DELETE"):
            answers += [browser.open(path_of(rule), method=method, headers=how) for how in ({}, HTMX)]
        answers.append(browser.post(path_of(rule), headers=CROSS_SITE))

    statuses = {answer.status_code for answer in answers}
    assert faults(app, answers) == []
    assert statuses >= {200, 303, 400, 403, 404, 405, 422}, statuses
    assert len(answers) > 500


@pytest.mark.parametrize("how", [{}, HTMX])
def test_all_kinds_of_refusal(app: Flask, browser: FlaskClient, how: dict[str, str]) -> None:
    paths = [rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("abort-")]
    answers = [
        browser.get(path, headers=how) for path in [*paths, "/breaks", "/busy", "/often", "/folder", "/search?q=%00"]
    ]
    answers.append(browser.post("/auth/login", data={"email": "x" * 2_000_000}, headers=how))
    answers.append(browser.post("/webhooks/stripe", data=b"x" * 600_000, headers=how))
    answers.append(browser.open("/", method="BREW", headers=how))

    assert faults(app, answers) == []
    told = [answer.status_code for answer in answers]
    assert told[len(paths) :] == [500, 503, 429, 308, 400, 413, 413, 405]
    assert sorted(set(told[: len(paths)])) == [400, 403, 404, 405, 409, 413, 418, 422, 429, 500, 503]


def test_files_too_whoever_asks_for_them(app: Flask, browser: FlaskClient) -> None:
    with app.test_request_context():
        kept = app.url_for("static", filename="css/page.css")
    answers = [
        browser.get(path)
        for path in (kept, "/static/css/page.css", "/static/no-such.css", "/favicon.ico", "/robots.txt")
    ]
    answers.append(browser.get("/", headers={"If-None-Match": browser.get("/").headers["ETag"]}))

    assert faults(app, answers) == []
    assert [answer.status_code for answer in answers] == [200, 200, 404, 200, 200, 304]
