"""What is Alice's is not there for Bob: every address that names a thing of hers is tried, and so are ids in forms and queries.

The route table is walked: an address that somebody adds has to be told about here, or this fails.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from storefront.cards.models import CardSetup, SavedCard
from storefront.carts.models import CartLine
from storefront.customers.models import Address, LoginSession
from storefront.digital.models import Grant
from storefront.orders.models import Order
from storefront.payments.ledger.models import PaymentAttempt
from tests.digital.goods import sells_link
from tests.journeys.wallet import starts_adding
from tests.people import HTMX, Shopper
from tests.stack import PATIENCE, Shop

# The same for everybody: no id of a person's thing is in there.
OPEN_TO_ALL = {
    "browse.buy", "browse.collection", "browse.media", "browse.product", "demo.letter", "demo.mail", "demo.sandbox", "static",
}  # fmt: skip
# Links that came by mail: who has one may use it, and it says whose it is. Bob cannot make one.
BY_MAIL = {
    "account.new_email",
    "account.prove_new_email",
    "auth.new_password",
    "auth.prove",
    "auth.set_new_password",
    "auth.verify",
    "downloads.fetch",
    "downloads.of_order",
    "downloads.renew",
    "orders.open_by_mail",
}
# Whoever has an order's address sees what it is and how it stands, and nothing else of its customer.
BARE_ORDER = {"orders.show", "orders.status", "checkout.back"}
PRIVATE_WORDS = ("Alice Archer", "alice@example.org", "ending in 4242")


@dataclass(frozen=True)
class Hers:
    """One of each thing that Alice owns."""

    card_id: int
    address_id: int
    item_id: int
    public_id: str
    label: str
    setup: str
    grant_id: int
    session_id: int

    def fill(self, rule: Rule) -> dict[str, Any]:
        """The address of her thing; KeyError for one that nobody told us about."""
        return {name: getattr(self, name) if hasattr(self, name) else _nothing(name, rule) for name in rule.arguments}


def _nothing(name: str, rule: Rule) -> str:
    raise AssertionError(f"{rule.rule} names a {name}: give Alice one in Hers, or say above why Bob may see it")


@pytest.fixture
def hers(shop: Shop, alice: Shopper) -> Hers:
    sells_link(shop, "Teapot")
    alice.buys()
    alice.puts_in_cart("Mug")
    setup = starts_adding(alice)
    shop.settle()
    [order] = shop.all(Order)
    card_id, address_id, item_id = alice.cards["pm_card_visa"], shop.all(Address.id)[0], shop.all(CartLine.id)[0]
    [grant_id] = shop.all(Grant.id)
    [session_id] = [one.id for one in shop.all(LoginSession) if one.user_id == alice.user_id]
    return Hers(
        card_id, address_id, item_id, order.public_id, f"K-{order.number}", setup.public_id, grant_id, session_id
    )


def her_addresses(app: Flask, hers: Hers) -> Iterator[tuple[str, str, str]]:
    """Endpoint, method and address of every route that names something of hers."""
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if not rule.arguments or rule.endpoint in OPEN_TO_ALL | BY_MAIL:
                continue
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule.endpoint, method, app.url_for(rule.endpoint, **hers.fill(rule))


def belongings(shop: Shop) -> list[list[dict[str, Any]]]:
    """Everything that Bob might have changed."""
    tables = (SavedCard, Address, CartLine, Order, CardSetup, PaymentAttempt, Grant, LoginSession)
    return [
        [{name: value for name, value in vars(row).items() if name[0] != "_"} for row in shop.all(table)]
        for table in tables
    ]


@pytest.mark.parametrize("htmx", [True, False], ids=["fragment", "page"])
@pytest.mark.parametrize("who", ["bob", "nobody"])
def test_no_address_shows_or_changes_what_is_hers(
    shop: Shop, hers: Hers, bob: Shopper, *, htmx: bool, who: str
) -> None:
    if who == "nobody":
        bob.browser.cookies.clear()
    bob.cards.clear()
    before = belongings(shop)
    answers = {}
    for endpoint, method, path in her_addresses(shop.app, hers):
        answer = bob.browser.request(
            method, shop.url + path, headers=HTMX if htmx else {}, timeout=PATIENCE * 4, allow_redirects=False,
            data={"quantity": "2"} if method == "POST" else None,
        )  # fmt: skip
        answers[endpoint, method] = answer.status_code
        assert not any(words in answer.text for words in PRIVATE_WORDS), path

    login = 204 if htmx else 303
    for (endpoint, method), status in answers.items():
        if endpoint in BARE_ORDER:
            assert status in {200, 204, 303}, (endpoint, method, status)
        elif who == "nobody" and endpoint.startswith("account."):
            assert status == login, (endpoint, method, status)
        else:
            assert status == 404, (endpoint, method, status)
    assert len(answers) > 12
    assert belongings(shop) == before


BY_ID: dict[str, Callable[[Hers], tuple[str, str, dict[str, Any]]]] = {
    "a set-up, coming back": lambda hers: ("GET", "/account/cards/return", {"setup": hers.setup}),
    "a set-up, in the list": lambda hers: ("GET", "/account/cards", {"added": hers.setup}),
    "her card, one click": lambda hers: ("POST", "/checkout/one-click", {"card_id": hers.card_id}),
    "her address, one click": lambda hers: ("POST", "/checkout/one-click", {"address_id": hers.address_id}),
    "her order, again": lambda hers: ("POST", "/checkout/one-click", {"order": hers.public_id, "variant_id": ""}),
    "her card, at the checkout": lambda hers: ("POST", "/checkout/pay", {"card_id": hers.card_id}),
}  # fmt: skip


@pytest.mark.parametrize("htmx", [True, False], ids=["fragment", "page"])
@pytest.mark.parametrize("what", BY_ID)
def test_no_id_in_a_form_reaches_what_is_hers(shop: Shop, hers: Hers, bob: Shopper, what: str, *, htmx: bool) -> None:
    button = bob.one_click_button()
    bob.puts_in_cart("Notebook")
    cart = bob.opens("/checkout").page.form("/checkout/pay")
    before = belongings(shop)
    method, path, fields = BY_ID[what](hers)
    typed = (cart if path.endswith("/pay") else button).fields | fields if method == "POST" else fields

    answer = bob.browser.request(
        method, shop.url + path, headers=HTMX if htmx else {}, timeout=PATIENCE * 4, allow_redirects=False,
        params=typed if method == "GET" else None, data=typed if method == "POST" else None,
    )  # fmt: skip

    assert answer.status_code == 404
    assert not any(words in answer.text for words in PRIVATE_WORDS)
    assert belongings(shop) == before
    assert bob.orders() == []


@pytest.mark.parametrize(
    "query", ["/account/cards?kept={card_id}", "/account/addresses?kept={address_id}", "/account/orders?before=99999"]
)
def test_no_id_in_a_query_shows_what_is_hers(hers: Hers, bob: Shopper, query: str) -> None:
    page = bob.opens(query.format(**vars(hers))).page.text

    assert not any(words in page for words in (*PRIVATE_WORDS, "K-1001"))
