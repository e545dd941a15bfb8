"""Checkout Sessions for tests: opened with the SDK, paid by the page's own form."""

from typing import Any

import requests

SUCCESS = "https://shop.example/done?session={CHECKOUT_SESSION_ID}"
CANCEL = "https://shop.example/cart"
CARD = {"card": "new", "number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123"}
GUEST = {**CARD, "email": "guest@example.com"}


def line(amount: int = 1999, quantity: int = 1, name: str = "Mug", currency: str = "eur") -> dict[str, Any]:
    return {
        "quantity": quantity,
        "price_data": {"currency": currency, "unit_amount": amount, "product_data": {"name": name}},
    }


def opened(client: Any, **params: Any) -> Any:
    wanted = {
        "mode": "payment",
        "ui_mode": "hosted_page",
        "line_items": [line()],
        "success_url": SUCCESS,
        "cancel_url": CANCEL,
    }
    return client.v1.checkout.sessions.create({**wanted, **params})


def set_up(client: Any, **params: Any) -> Any:
    return client.v1.checkout.sessions.create(
        {"mode": "setup", "currency": "eur", "success_url": SUCCESS, "cancel_url": CANCEL, **params}
    )


def read(client: Any, session: Any, **params: Any) -> Any:
    return client.v1.checkout.sessions.retrieve(session.id, params)


def post(session: Any, entered: dict[str, str], below: str = "") -> requests.Response:
    """The form of the page, as a browser sends it."""
    return requests.post(session.url + below, data=entered, timeout=10, allow_redirects=False)


def paid(session: Any, entered: dict[str, str] | None = None) -> str:
    """Where the browser goes after paying."""
    answer = post(session, entered or GUEST)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def told_events(client: Any, *words: str) -> list[str]:
    types = [event.type for event in client.v1.events.list({"limit": 100}).data][::-1]
    return [kind for kind in types if any(word in kind for word in words)]


def customer_with(client: Any, *tokens: str, redisplay: str = "always") -> Any:
    customer = client.v1.customers.create({"email": "alice@example.com"})
    for token in tokens:
        card = client.v1.payment_methods.attach(token, {"customer": customer.id})
        client.v1.payment_methods.update(card.id, {"allow_redisplay": redisplay})
    return customer
