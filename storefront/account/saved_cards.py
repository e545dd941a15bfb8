"""What the page of saved cards shows; drawing it asks Stripe nothing."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from storefront.clock import now
from storefront.errors import NotYoursError
from storefront.payments.cards import saved_cards_of
from storefront.payments.models import SavedCard

_NOTHING_SAID: Final = {"confirming_id": None, "kept_id": None, "chosen": False, "removed": None, "fault": ""}


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

    @property
    def expires_soon(self) -> bool:
        """Whether it is worth a word."""
        return self.expires_this_month or self.expires_next_month


def shown_cards_of(user_id: int) -> tuple[ShownCard, ...]:
    """Their cards, the one-click card first."""
    cards = saved_cards_of(user_id)
    # What a click uses: the first that can pay.
    one_click = next((card.id for card in cards if not card.is_expired), None)
    return tuple(_shown(card, pays_clicks=card.id == one_click) for card in cards)


def context(user_id: int, **said: Any) -> dict[str, Any]:
    """What account/_saved_cards.html is drawn from; `said` is what this answer adds to the list."""
    return {"cards": shown_cards_of(user_id)} | _NOTHING_SAID | said


def find_card(cards: tuple[ShownCard, ...], card_id: int) -> ShownCard:
    """One of them; raises NotYoursError."""
    card = next((card for card in cards if card.id == card_id), None)
    if card is None:
        raise NotYoursError
    return card


def _shown(card: SavedCard, *, pays_clicks: bool) -> ShownCard:
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
    )


def _month_of(day: dt.date) -> tuple[int, int]:
    return (day.year, day.month)
