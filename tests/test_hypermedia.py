"""What only htmx is told, where links lead, and how amounts and times read."""

import datetime as dt
from typing import Any

import pytest
from flask import Flask

from storefront.core import clock
from storefront.core.errors import BusyError, ConflictError, NotFoundError, RateLimitedError
from storefront.core.money import Money
from storefront.web.htmx import current_page, redirect_to, safe_path
from tests.doors import HTMX


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/cart", "/cart"),
        ("/search?q=a b#there", "/search?q=a b"),
        ("http://localhost/cart?x=1", "/cart?x=1"),
        ("http://elsewhere.example/cart", None),
        ("//elsewhere.example/cart", None),
        ("////elsewhere.example", None),
        ("/\\elsewhere.example", None),
        ("/%0d%0aSet-Cookie: a=b", "/%0d%0aSet-Cookie: a=b"),
        ("/\u2028x", None),
        ("cart", None),
        ("javascript:alert(1)", None),
        ("http:/elsewhere", None),
        ("http://[half", None),
        ("", None),
        (None, None),
    ],
)
def test_only_paths_of_this_shop_are_followed(doors: Flask, url: str | None, path: str | None) -> None:
    with doors.test_request_context():
        assert safe_path(url) == path


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        ({"path": "/mine?page=2"}, "/mine?page=2"),
        ({"path": "/mine"}, "/mine"),
        ({"path": "/mine", "method": "POST"}, None),
        ({"path": "/mine", "method": "POST", "headers": {"Referer": "http://localhost/here"}}, "/here"),
        ({"path": "/mine", "headers": HTMX | {"HX-Current-URL": "http://localhost/here?x=1#y"}}, "/here?x=1"),
        ({"path": "/mine", "headers": HTMX}, None),
    ],
)
def test_the_page_they_look_at_is_known(doors: Flask, request_: dict[str, Any], path: str | None) -> None:
    with doors.test_request_context(**request_):
        assert current_page() == path


def test_leaving_the_page_is_a_redirect_or_a_header(doors: Flask) -> None:
    with doors.test_request_context():
        browser = redirect_to("/cart")
    with doors.test_request_context(headers=HTMX):
        htmx = redirect_to("/cart")

    assert (browser.status_code, browser.location) == (303, "/cart")
    assert (htmx.status_code, htmx.headers["HX-Redirect"], htmx.get_data()) == (204, "/cart", b"")


@pytest.mark.parametrize(
    ("refusal", "status", "words"),
    [
        (ConflictError(), 409, "Something changed in the meantime. Nothing was charged."),
        (BusyError(), 503, "We are busy right now. Nothing was charged; please try again in a moment."),
        (RateLimitedError(retry_after=17), 429, "That was a little often. Please wait a moment."),
        (NotFoundError(), 404, "We could not find that."),
    ],
)
def test_a_refusal_is_a_page_or_a_line_at_its_head(doors: Flask, refusal: Exception, status: int, words: str) -> None:
    def refuse() -> str:
        raise refusal

    doors.add_url_rule("/refused", "refused", refuse)
    browser = doors.test_client()

    page, fragment = browser.get("/refused"), browser.get("/refused", headers=HTMX)

    assert (page.status_code, fragment.status_code) == (status, status)
    assert page.text.startswith("<!doctype html>")
    assert status == 404 or words in page.text
    assert words in fragment.text
    assert fragment.text.startswith('<div id="refused">')
    assert (fragment.headers["HX-Retarget"], fragment.headers["HX-Reswap"]) == ("#refused", "outerHTML")
    assert fragment.headers.get("Retry-After") == page.headers.get("Retry-After") == ("17" if status == 429 else None)
    assert "HX-Request" in page.vary


def test_a_wrong_method_names_the_right_ones(doors: Flask) -> None:
    answer = doors.test_client().post("/products/teapot")

    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


class TestFilters:
    def said(self, app: Flask, name: str, value: object) -> str:
        return str(app.jinja_env.filters[name](value))

    def test_money(self, doors: Flask) -> None:
        assert self.said(doors, "money", Money(2400, "eur")) == "24,00\u00a0€"

    def test_days_have_their_year_when_it_is_another(self, doors: Flask) -> None:
        today = clock.now().astimezone().date()

        assert self.said(doors, "date", dt.date(2020, 11, 24)) == "Tue 24 Nov 2020"
        assert self.said(doors, "date", today.replace(month=1, day=5)).endswith(" 5 Jan")

    def test_times_are_told_by_the_shops_own_clock(self, doors: Flask) -> None:
        moment = dt.datetime(2020, 11, 24, 14, 52, tzinfo=dt.UTC)
        local = moment.astimezone()

        assert self.said(doors, "time", moment) == f"{local:%H:%M}"
        assert self.said(doors, "datetime", moment).endswith(f"2020, {local:%H:%M}")
