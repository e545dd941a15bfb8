"""What the page of saved cards shows; drawing it asks Stripe nothing."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from babel.dates import format_date

from storefront.abuse import circuit_breaker
from storefront.cards.models import SavedCard, SetupState
from storefront.cards.saved_cards import MAX_CARDS, last_used, orders_being_charged, saved_cards_of
from storefront.cards.setup_intents import Outcome, consent_words, outcome_of
from storefront.core.clock import local, now
from storefront.core.errors import NotFoundError

_NOTHING_SAID: Final = {
    "confirming_id": None, "kept_id": None, "chosen": False, "removed": None, "added_id": None, "waits": False, "fault": "",
}  # fmt: skip
_FAILED_WORDS: Final = {
    SetupState.requires_payment_method: "The card was not saved, and nothing was charged.",
    SetupState.canceled: "The card was not saved: this took too long. Nothing was charged. Please enter it once more.",
    SetupState.refused: "The card was not saved, and nothing was charged. Please try again.",
    SetupState.never_sent: "The card was not saved, and nothing was charged. Please try again.",
}
# The bank asked whether it was them, and the answer was no, or none.
_NOT_PROVEN: Final = frozenset({"setup_intent_authentication_failure", "authentication_failure"})


@dataclass(frozen=True)
class ShownCard:
    """A saved card as its list shows it; `pays_clicks`: a click uses this one."""

    id: int
    brand: str
    last4: str
    funding: str
    expires: str
    is_expired: bool
    expires_this_month: bool
    expires_next_month: bool
    pays_clicks: bool
    used: str

    @property
    def expires_soon(self) -> bool:
        """Whether it is worth a word."""
        return self.expires_this_month or self.expires_next_month


def shown_cards_of(user_id: int) -> tuple[ShownCard, ...]:
    """Their cards, the one-click card first."""
    cards, used = saved_cards_of(user_id), last_used(user_id)
    # What a click uses: the first that can pay.
    one_click = next((card.id for card in cards if not card.is_expired), None)
    return tuple(_shown(card, used.get(card.id), pays_clicks=card.id == one_click) for card in cards)


def context(user_id: int, **said: Any) -> dict[str, Any]:
    """What account/_saved_cards.html is drawn from; `said` is what this answer adds to the list."""
    told = _NOTHING_SAID | said
    asks = told["confirming_id"]
    cards = shown_cards_of(user_id)
    return told | {
        "cards": cards,
        "charging": orders_being_charged(user_id, asks) if asks is not None else [],
        "consent_words": consent_words(),
        "is_full": len(cards) >= MAX_CARDS,
        "rests": circuit_breaker.paused_message(),
    }


def said_of(user_id: int, setup: str) -> dict[str, Any]:
    """What there is to say of a card that was to be saved; raises NotFoundError for somebody else's."""
    outcome = outcome_of(user_id, setup)
    if outcome is None:
        raise NotFoundError
    return {"added_id": outcome.card_id, "waits": outcome.is_open, "fault": _fault(outcome)}


def _fault(outcome: Outcome) -> str:
    if outcome.state is SetupState.succeeded:
        return "" if outcome.card_id else "Only cards can be kept here, and this was none. Nothing was charged."
    said = _FAILED_WORDS.get(outcome.state, "")
    if outcome.state is not SetupState.requires_payment_method:
        return said
    if outcome.code in _NOT_PROVEN:
        return f"Your bank could not make sure that it is you. {said} Try it once more, or another card."
    # What the bank says is told on where it may be; without it, nobody has finished.
    return f"{said} Your bank gave as its reason: {outcome.words.rstrip('.')}." if outcome.words else said


def find_card(cards: tuple[ShownCard, ...], card_id: int) -> ShownCard:
    """One of them; raises NotFoundError."""
    card = next((card for card in cards if card.id == card_id), None)
    if card is None:
        raise NotFoundError
    return card


def _shown(card: SavedCard, used_at: dt.datetime | None, *, pays_clicks: bool) -> ShownCard:
    last_month = (card.exp_year, card.exp_month)
    today = now().date()
    return ShownCard(
        id=card.id,
        brand=card.brand,
        last4=card.last4,
        funding=card.funding,
        expires=f"{card.exp_month:02}/{card.exp_year % 100:02}",
        is_expired=card.is_expired,
        expires_this_month=last_month == _month_of(today),
        expires_next_month=last_month == _month_of(today.replace(day=1) + dt.timedelta(days=31)),
        pays_clicks=pays_clicks,
        used=_ago(used_at) if used_at else "",
    )


def _ago(at: dt.datetime) -> str:
    days = (local(now()).date() - local(at).date()).days
    if days in {0, 1}:
        return "today" if days == 0 else "yesterday"
    return f"on {format_date(local(at).date(), 'd MMMM y', locale='en')}"


def _month_of(day: dt.date) -> tuple[int, int]:
    return (day.year, day.month)
