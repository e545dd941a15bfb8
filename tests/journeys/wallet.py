"""Adding a card in the account, as the page's script does it: the shop begins, the browser finishes at Stripe, the shop asks."""

from dataclasses import dataclass
from typing import Any

import requests
from stripe import CardError

from storefront.cards.models import CardSetup, SavedCard, StripeCustomer
from tests.people import HTMX, Answer, Shopper, _answer
from tests.stack import PATIENCE, Shop


@dataclass
class Adding:
    """One try to add a card."""

    person: Shopper
    public_id: str
    setup_intent: str
    then: str

    def confirms(self, card: str = "pm_card_visa") -> str:
        """What Stripe's own script does with the card typed into its frame; the status it leaves."""
        intents = self.person.shop.sandbox.stripe.v1.setup_intents
        params: Any = {"payment_method": card, "use_stripe_sdk": True, "return_url": "https://shop.test/back"}
        try:
            return intents.confirm(self.setup_intent, params).status
        except CardError:
            return intents.retrieve(self.setup_intent).status

    def comes_back(self, *, htmx: bool = True) -> Answer:
        """The shop is asked to ask Stripe; what it then shows."""
        headers = HTMX if htmx else {}
        return _answer(
            self.person.browser.get(f"{self.person.shop.url}{self.then}", headers=headers, timeout=PATIENCE * 4)
        )


def begins(person: Shopper, **other: str) -> requests.Response:
    """Tick the box and press the button."""
    form = {"consent": "yes"} | other
    return person.browser.post(f"{person.shop.url}/account/cards/setup", data=form, timeout=PATIENCE * 6)


def starts_adding(person: Shopper) -> Adding:
    """The shop has begun, and the browser may finish."""
    answer = begins(person)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    intent, _, _ = told["client_secret"].partition("_secret_")
    return Adding(person, told["then"].partition("setup=")[2], intent, told["then"])


def adds_card(person: Shopper, card: str = "pm_card_visa") -> Answer:
    """All of it; what is shown at the end."""
    adding = starts_adding(person)
    adding.confirms(card)
    return adding.comes_back()


def kept(shop: Shop) -> list[tuple[str, int, bool]]:
    """Last four digits and year of every card's row, and whether it is still there."""
    return [(one.last4, one.exp_year, one.removed_at is None) for one in shop.all(SavedCard)]


def default_card(shop: Shop) -> int | None:
    """What one click pays with, of the only customer there is."""
    [card_id] = shop.all(StripeCustomer.default_card_id)
    return card_id  # type: ignore[no-any-return]


def setups(shop: Shop) -> list[str]:
    """How every set-up stands."""
    return [state.value for state in shop.all(CardSetup.state)]
