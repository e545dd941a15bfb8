"""Paying on Stripe's page, as a browser without scripts does it."""

from dataclasses import dataclass
from typing import Any

import requests

from tests.people import HOME, Answer, Shopper
from tests.stack import PATIENCE, Shop

SESSIONS = "/v1/checkout/sessions"
VISA = {"card": "new", "number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123"}
DECLINED = VISA | {"number": "4000 0000 0000 0002"}
PAY_HOSTED = {"id": "pay-hosted"}


@dataclass
class HostedPage:
    """Stripe's page in a browser of its own: it knows no cookie of the shop's."""

    shop: Shop
    url: str

    @property
    def session(self) -> str:
        return self.url.rpartition("/")[2]

    def pays(self, card: dict[str, str] = VISA) -> str:
        """Type a card and press the button; where that leads, not followed."""
        answer = requests.post(self.url, data=card, timeout=PATIENCE, allow_redirects=False)
        return answer.headers.get("Location", "")

    def at_stripe(self) -> Any:
        return self.shop.sandbox.stripe.v1.checkout.sessions.retrieve(self.session)


def press_hosted(person: Shopper, typed: dict[str, str] | None = None, *, htmx: bool = False) -> Answer:
    """The button at the checkout."""
    form = person.opens("/checkout").page.form("/checkout/pay")
    return person.presses(form, PAY_HOSTED, htmx=htmx, typed=HOME | {"name": person.name} | (typed or {}))


def goes_to_stripe(person: Shopper, *, keeping: bool = False) -> HostedPage:
    """From the checkout to Stripe's page."""
    answer = press_hosted(person, {"save_card": "yes"} if keeping else {})
    assert answer.url.startswith(f"{person.shop.sandbox.url}/pay/"), answer.html
    return HostedPage(person.shop, answer.url)


def as_a_stranger(url: str) -> Answer:
    """Where Stripe leads back to, in a browser that brings no cookie."""
    answer = requests.get(url, timeout=PATIENCE * 2)
    return Answer(answer.status_code, answer.url, answer.text)
