"""Phones for the shop's customers. The sandbox has an origin of its own, so that the policy against scripts is truly tried."""

import io
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote_plus

import pytest
from playwright.sync_api import Browser, ViewportSize

from tests.journeys.browser.phone import CARDS, Phone
from tests.stack import Shop

SIZE = ViewportSize(width=390, height=844)
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[ +-](?=\d)")


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Browsers are slow, and the shop's other tests run on both databases: these run on one."""
    return sqlite_url


@pytest.fixture
def overheard(shop: Shop) -> Iterator[list[str]]:
    """Every request that reaches the shop, whole. None may ever hold the number of a card."""
    heard: list[str] = []
    serve = shop.app.wsgi_app

    def listen(environ: dict[str, Any], start_response: Any) -> Any:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        told = [value for name, value in environ.items() if name.isupper() and isinstance(value, str)]
        heard.append("\n".join([*told, body.decode(errors="replace")]))
        return serve(environ, start_response)

    shop.app.wsgi_app = listen  # type: ignore[method-assign]
    yield heard
    assert heard
    assert [one for one in heard if any(number in _BETWEEN_DIGITS.sub("", unquote_plus(one)) for number in CARDS)] == []


@pytest.fixture
def open_phone(chromium: Browser, shop: Shop, overheard: list[str]) -> Iterator[Callable[..., Phone]]:
    """Another phone, with nothing in it. At the end none has complained: no breach of the policy, no fault in a script."""
    phones: list[Phone] = []

    def another(*, java_script_enabled: bool = True) -> Phone:
        context = chromium.new_context(viewport=SIZE, java_script_enabled=java_script_enabled)
        context.set_default_timeout(8000)
        phone = Phone(shop, context, context.new_page())
        context.on("console", lambda said: phone.hears(said.type, said.text, said.location["url"]))
        context.on("weberror", lambda fault: phone.complaints.append(str(fault.error)))
        phones.append(phone)
        return phone

    yield another
    for phone in phones:
        phone.context.close()
    assert [_unpardoned(phone) for phone in phones if _unpardoned(phone)] == []


@pytest.fixture
def phone(open_phone: Callable[..., Phone]) -> Phone:
    """The first one."""
    return open_phone()


def _unpardoned(phone: Phone) -> list[str]:
    return [one for one in phone.complaints if not any(words in one for words in phone.pardoned)]
