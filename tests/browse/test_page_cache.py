"""Visitors' pages are kept by the encoding they are sent in, and take no more room than they are given."""

import random

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.web.browse import cache
from storefront.web.browse.cache import PageCache


def kept(doors: Flask) -> PageCache:
    store: PageCache = doors.extensions["storefront-kept"]
    return store


def test_150_ways_to_ask_are_four_pages(doors: Flask, browser: FlaskClient) -> None:
    chance = random.Random(7)
    browser.get("/search", headers={"Accept-Encoding": "br"})
    before = len(kept(doors)._things)
    for number in range(150):
        names = chance.sample(["gzip", "br", "zstd", "deflate", "identity", f"x-{number}", "*"], k=chance.randint(1, 5))
        how = ", ".join(f"{name};q={chance.random():.3f}" for name in names)
        assert browser.get("/search", headers={"Accept-Encoding": how}).status_code == 200

    assert len(kept(doors)._things) <= before + 3


@pytest.mark.parametrize(
    ("asked", "sent"),
    [("gzip", "gzip"), ("br, gzip", "br"), ("gzip;q=1, br;q=0.5", "gzip"), ("", None), ("identity", None), ("br;q=0", None),
     ("GZIP", "gzip"), ("*", "zstd"), ("nonsense;q=x", None)],
)  # fmt: skip
def test_each_browser_gets_what_it_takes(browser: FlaskClient, asked: str, sent: str | None) -> None:
    for _ in range(2):
        assert browser.get("/", headers={"Accept-Encoding": asked}).headers.get("Content-Encoding") == sent


def test_it_never_takes_more_room_than_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MAX_BYTES", 10_000)
    store = PageCache()
    for number in range(50):
        store.get("v1", ("page", number), lambda: (b"x" * 900, {"ETag": "1"}))
        assert store.size <= 10_000

    assert 5 < len(store._things) < 12
    assert store.get("v1", ("page", 49), lambda: None) is not None
    store.get("v2", "other", lambda: b"")
    assert store.size < 200
