"""Cards that are about to expire: their customers hear of it a month and a week before, once each."""

import calendar
import datetime as dt
from collections.abc import Iterator
from typing import Any, Final

from flask import current_app
from sqlalchemy import select

from storefront.cards.brands import card_name
from storefront.cards.models import SavedCard
from storefront.core.clock import now
from storefront.core.database import current_session, end_read, transaction
from storefront.core.jobs.queue import job
from storefront.core.mail.outbox import Message, message, queue_mails
from storefront.customers.models import User

DAYS_BEFORE: Final = (7, 30)
AT_A_TIME: Final = 500


@job("warn_of_expiring_cards", every_seconds=24 * 60 * 60)
def warn_of_expiring_cards() -> None:
    """Queue the mails that are due. A day without a worker is made up for; a card saved late hears of the week alone."""
    postings = list(_due())
    end_read()
    for start in range(0, len(postings), AT_A_TIME):
        with transaction():
            queue_mails(postings[start : start + AT_A_TIME])


def _due() -> Iterator[Message]:
    today = now().date()
    this_month = today.year * 12 + today.month
    month = SavedCard.exp_year * 12 + SavedCard.exp_month
    livemode = current_app.config["SETTINGS"].livemode
    kept = (SavedCard.removed_at.is_(None), SavedCard.livemode.is_(livemode), month.in_([this_month, this_month + 1]))
    for card, email in current_session().execute(select(SavedCard, User.email).join(User).where(*kept)):
        left = (last_day(card.exp_year, card.exp_month) - today).days
        days = next((one for one in DAYS_BEFORE if left <= one), None)
        if days is not None:
            until = f"{card.exp_year}-{card.exp_month:02}"
            # A date that the bank moved is another date to hear of.
            yield Message(
                "card_expiring", email, f"card_expiring:{card.id}:{until}:{days}", {"card_id": card.id, "until": until}
            )


def last_day(year: int, month: int) -> dt.date:
    """A card is good until the end of its month."""
    return dt.date(year, month, calendar.monthrange(year, month)[1])


@message("card_expiring")
def card_expiring(stored: dict[str, Any]) -> dict[str, Any] | None:
    """To the customer, unless the card was removed, replaced or renewed by now. `{"card_id": n, "until": "2026-12"}`"""
    session = current_session()
    card = session.get(SavedCard, stored["card_id"])
    if card is None or card.removed_at or f"{card.exp_year}-{card.exp_month:02}" != stored["until"]:
        return None
    ends = last_day(card.exp_year, card.exp_month)
    if card.livemode != current_app.config["SETTINGS"].livemode or ends < now().date():
        return None
    return {
        "first_name": session.get_one(User, card.user_id).first_name,
        "card": card_name(card.brand, card.last4),
        "ends": f"{ends.day} {ends:%B %Y}",
        "link": f"{current_app.config['SETTINGS'].base_url}/account/cards",
    }
