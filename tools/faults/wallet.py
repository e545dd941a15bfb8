"""The tab in which a customer keeps their cards: adds, chooses, removes, while something is bought in another."""

import random
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import requests
import stripe

from tests.journeys.hosted import VISA
from tests.people import at_once
from tools.faults.plan import ADDS, ADDS_AT_STRIPE, CHOOSES, Errand, Person
from tools.faults.wire import Wire

CARDS: Final = "/account/cards"
CONSENT: Final = {"consent": "yes"}
_AT_CARD: Final = re.compile(rf"{CARDS}/(\d+)/")


@dataclass
class Wallet:
    """What one person does there follows from their seed, and from what they see."""

    wire: Wire
    person: Person

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{self.person.seed}:wallet")

    def lives(self) -> None:
        """Everything they came for."""
        for errand in self.person.errands:
            time.sleep(errand.pause)
            if errand.how == ADDS:
                self._adds(errand)
            elif errand.how == ADDS_AT_STRIPE:
                self._adds_at_stripe()
            else:
                self._goes_to_a_card("default" if errand.how == CHOOSES else "removal", errand.presses)

    def _adds(self, errand: Errand) -> None:
        begun = self.wire.asks_json(f"{CARDS}/setup", CONSENT)
        intent = str(begun.get("client_secret") or "").partition("_secret_")[0]
        if not intent or self.chance.random() < 0.12:
            self._tells("leaves the form for a card")
            return
        for _ in range(errand.presses):
            self._confirms(intent, errand.card)
        if self.chance.random() < 0.2:
            self._tells("closes the tab with the new card")
            return
        # The page and the way back from the bank may come at the same moment.
        at_once([partial(self.wire.opens, str(begun["then"]))] * errand.presses)

    def _confirms(self, intent: str, card: str) -> None:
        """As Stripe's own script does with what is typed into its frame."""
        began, status = time.time(), ""
        typed: Any = {"payment_method": card, "use_stripe_sdk": True, "return_url": "https://shop.test/"}
        with suppress(stripe.StripeError, requests.RequestException):
            status = self.wire.stack.sandbox.stripe.v1.setup_intents.confirm(intent, typed).status
        self.wire.story.tell(self.wire.name, f"types {card} for {intent}", status, at=began)
        if status == "requires_action" and self.chance.random() < 0.8:
            self.wire.tells_bank(intent, self.chance.choice(("passed", "passed", "failed")))

    def _adds_at_stripe(self) -> None:
        page = self.wire.sends(f"{CARDS}/hosted", CONSENT, scripts=False)
        if page is None or "/pay/" not in page.url or self.chance.random() < 0.2:
            self._tells("goes no further than to Stripe's page")
            return
        leads_to = self.wire.types_card_at_stripe(page.url, VISA)
        if f"{CARDS}/return" in leads_to and self.chance.random() < 0.75:
            self.wire.opens(leads_to.removeprefix(self.wire.stack.url))

    def _goes_to_a_card(self, deed: str, times: int) -> None:
        page = self.wire.opens(CARDS)
        cards = sorted(set(_AT_CARD.findall(" ".join(page.page.links)))) if page else []
        if not cards:
            self._tells("finds no card")
            return
        path, scripts = f"{CARDS}/{self.chance.choice(cards)}/{deed}", self.chance.random() < 0.75
        at_once([partial(self.wire.sends, path, {}, scripts=scripts)] * times)

    def _tells(self, what: str) -> None:
        self.wire.story.tell(self.wire.name, what)
