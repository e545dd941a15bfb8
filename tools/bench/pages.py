"""What is asked for: each page as bytes, and how much it weighs and asks of the database."""

import hashlib
import hmac
import itertools
import json
import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode, urljoin

import requests
from flask import Flask
from sqlalchemy import event

from storefront.demo.people import CUSTOMER
from storefront.demo.plan import LOOPBACK
from storefront.extensions import db
from storefront.stripe.client import API_VERSION
from tests.reading import Page as Read
from tests.reading import read
from tools.bench import bare
from tools.bench.load import Answer, Connection, request_for
from tools.bench.stage import CLICKS_OF_EACH, Stage

PRODUCT = "/products/teapot-no-3"
AGENT = "Mozilla/5.0 (bench)"  # a session belongs to its browser
FORM = {"User-Agent": AGENT, "Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
_NAMED = re.compile(r'(?:src|href)="(/(?:static|media)/[^"]+)"')
_IMPORTED = re.compile(r'from "(\./[^"]+)"')


@dataclass(frozen=True)
class Subject:
    """One line of the table: where it is asked, what, and what it is compared with (nothing: it is a baseline)."""

    name: str
    port: int
    requests: Iterator[bytes]
    beside: str | None
    sql: int | None = None
    html: int | None = None
    first_visit: int | None = None
    share: float = 1.0


def subjects(stage: Stage) -> list[Subject]:
    """Everything that is measured, each baseline before what is compared with it."""
    return [*_pages(stage), *_clicks(stage), *_webhooks(stage)]


def _pages(stage: Stage) -> list[Subject]:
    known, order = _sign_in(stage)
    guest = _fill_cart(stage)
    yet = _if_changed(stage.shop)
    places = {
        "home, visitor": ("/", {}),
        "home, unchanged (304)": ("/", {"If-None-Match": yet}),
        "collection, visitor": ("/collections/table", {}),
        "product, visitor": (PRODUCT, {}),
        "home, signed in": ("/", known),
        "collection, signed in": ("/collections/table", known),
        "product, signed in": (PRODUCT, known),
        "cart, guest": ("/cart", guest),
        "cart, signed in": ("/cart", known),
        "checkout": ("/checkout", known),
        "saved cards": ("/account/cards", known),
        "order": (order, known),
    }
    hello = Subject("bare hello", stage.bare, itertools.repeat(request_for("GET", "/")), None)
    return [hello, *(_page(stage, name, path, headers) for name, (path, headers) in places.items())]


def _page(stage: Stage, name: str, path: str, headers: dict[str, str]) -> Subject:
    request = request_for("GET", path, headers)
    answer = _once(stage.shop, request)
    assert answer.status in {200, 304}, f"{name}: {answer.status}"
    subject = Subject(name, stage.shop, itertools.repeat(request), "bare hello", sql=_sql(stage.app, path, headers))
    if answer.status == 304:
        return subject
    html, first = weight(stage.shop, path, headers)
    return replace(subject, html=html, first_visit=first)


def weight(port: int, path: str, headers: dict[str, str]) -> tuple[int, int]:
    """Bytes of the page itself, and of a first visit: the page packed, with all of the shop's files it names."""
    page = requests.get(
        f"http://{LOOPBACK}:{port}{path}", headers=headers | {"Accept-Encoding": "identity"}, timeout=10
    )
    wanted, seen, total = [path], set[str](), 0
    while wanted:
        asked = wanted.pop()
        if asked in seen:
            continue
        seen.add(asked)
        packed = _once(port, request_for("GET", asked, headers if asked == path else {}))
        total += int(packed.headers["content-length"])
        text = page.text if asked == path else _script(port, asked)
        wanted += _NAMED.findall(text) + [urljoin(asked, name) for name in _IMPORTED.findall(text)]
    return len(page.content), total


def _script(port: int, path: str) -> str:
    if not path.endswith(".js"):
        return ""
    return requests.get(f"http://{LOOPBACK}:{port}{path}", timeout=10).text


def _clicks(stage: Stage) -> list[Subject]:
    form = _button(stage)
    few, many = len(stage.buyers) // 4, len(stage.buyers)
    at_sandbox = _presses(form, stage.buyers[1:few])
    at_stub = _presses(form, stage.buyers[few:many])
    counted = [_presses(form, stage.buyers[:1]) for _ in range(2)]
    _post(stage.app, next(counted[0]))  # loads what is loaded once
    sql = _counted(stage.app, lambda: _post(stage.app, next(counted[1])))
    return [
        Subject("bare click", stage.bare, _bare_clicks(), None),
        Subject("one click, instant Stripe", stage.shop_at_stub, at_stub, "bare click", sql=sql, share=2),
        Subject("one click, sandbox", stage.shop, at_sandbox, "bare click", sql=sql, share=0.5),
    ]


def _bare_clicks() -> Iterator[bytes]:
    while True:
        yield request_for("POST", "/click", FORM, urlencode({"checkout_token": secrets.token_urlsafe(24)}).encode())


def _presses(form: dict[str, str], buyers: list[str]) -> Iterator[bytes]:
    """One-click buttons, each pressed once; the buyers take turns."""
    for _ in range(CLICKS_OF_EACH):
        for cookie in buyers:
            body = urlencode(form | {"checkout_token": secrets.token_urlsafe(24), "another": "yes"}).encode()
            yield request_for("POST", "/checkout/one-click", FORM | {"Cookie": cookie, "HX-Request": "true"}, body)


def _button(stage: Stage) -> dict[str, str]:
    """What the one-click button of the product sends, less what is its buyer's own."""
    _, fields = _look(stage, PRODUCT, stage.buyers[0]).form("/checkout/one-click").pressed()
    return {name: value for name, value in fields.items() if name not in {"card_id", "address_id", "checkout_token"}}


def _webhooks(stage: Stage) -> list[Subject]:
    secret = stage.secret.encode()
    return [
        Subject("bare webhook", stage.bare, _events("/webhook", bare.SECRET, "product.updated"), None),
        _webhook(stage, "webhook, none of ours", _events("/webhooks/stripe", secret, "product.updated")),
        _webhook(stage, "webhook, rings for a look", _events("/webhooks/stripe", secret, "payment_intent.processing")),
    ]


def _webhook(stage: Stage, name: str, events: Iterator[bytes]) -> Subject:
    _post(stage.app, next(events))
    sql = _counted(stage.app, lambda: _post(stage.app, next(events)))
    return Subject(name, stage.shop, events, "bare webhook", sql=sql)


def _events(path: str, secret: bytes, kind: str) -> Iterator[bytes]:
    for number in itertools.count(1):
        about = {"id": f"obj_{kind}_{number}", "object": kind.partition(".")[0], "livemode": False, "metadata": {}}
        event = {"id": f"evt_{kind}_{number}", "type": kind, "api_version": API_VERSION, "livemode": False}
        body = json.dumps(event | {"data": {"object": about}, "filler": "x" * 1500}).encode()
        moment = int(time.time())
        signature = hmac.new(secret, f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
        yield request_for("POST", path, {"Stripe-Signature": f"t={moment},v1={signature}"}, body)


# Getting ready


def _sign_in(stage: Stage) -> tuple[dict[str, str], str]:
    """A customer with something in the cart and an order: the headers of their requests, and the order's page."""
    browser = requests.Session()
    browser.headers["User-Agent"] = AGENT
    url = f"http://{LOOPBACK}:{stage.shop}"
    typed = {"email": CUSTOMER.email, "password": CUSTOMER.password}
    browser.post(f"{url}/auth/login", data=typed, timeout=10).raise_for_status()
    pressed = _pressed(read(browser.get(f"{url}{PRODUCT}", timeout=10).text), "/checkout/one-click")
    order = browser.post(f"{url}/checkout/one-click", data=pressed, timeout=30)
    order.raise_for_status()
    browser.post(f"{url}/cart/items", data={"variant_id": pressed["variant_id"], "quantity": 1}, timeout=10)
    return {"Cookie": _cookies(browser), "User-Agent": AGENT}, order.url.removeprefix(url)


def _fill_cart(stage: Stage) -> dict[str, str]:
    browser = requests.Session()
    url = f"http://{LOOPBACK}:{stage.shop}"
    browser.post(f"{url}/cart/items", data={"variant_id": "1", "quantity": "1"}, timeout=10).raise_for_status()
    return {"Cookie": _cookies(browser)}


def _cookies(browser: requests.Session) -> str:
    return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())


def _pressed(page: Read, action: str) -> dict[str, str]:
    return page.form(action).pressed()[1]


def _look(stage: Stage, path: str, cookie: str) -> Read:
    return read(requests.get(f"http://{LOOPBACK}:{stage.shop}{path}", headers={"Cookie": cookie}, timeout=10).text)


def _if_changed(port: int) -> str:
    return _once(port, request_for("GET", "/")).headers["etag"]


def _once(port: int, request: bytes) -> Answer:
    connection = Connection(port)
    try:
        return connection.ask(request)
    finally:
        connection.close()


# What the database is asked, seen from inside


def _sql(app: Flask, path: str, headers: dict[str, str]) -> int:
    client = app.test_client(use_cookies=False)
    client.get(path, headers=headers)  # what is kept from then on is kept
    return _counted(app, lambda: client.get(path, headers=headers))


def _post(app: Flask, request: bytes) -> None:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    headers.pop("Content-Length")
    answer = app.test_client(use_cookies=False).post(first.split(" ")[1], data=body, headers=headers)
    assert answer.status_code < 300, f"{first}: {answer.status_code} {answer.text}"


def _counted(app: Flask, act: Callable[[], object]) -> int:
    """How many statements it takes; BEGIN comes with its transaction."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: Any) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(statements)
