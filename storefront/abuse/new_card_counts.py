"""How many new cards were tried lately: by a customer, and from an address. What was charged is taken back."""

from typing import Final

from storefront.core.rate_limits import take_back, throttle

# New cards, whether they pay or are only saved. An office or a school is one address.
MAX_NEW_CARDS: Final = "12 per hour"
MAX_NEW_CARDS_PER_ADDRESS: Final = "60 per hour"


def count_for(user_id: int | None, email_key: str, *, words: str) -> None:
    """Count one try of this user, or of a guest's e-mail; RateLimitedError, in these words, for the one too many."""
    throttle("new-card", _who(user_id, email_key), limit=MAX_NEW_CARDS, words=words)


def count_at(address: str, *, words: str) -> None:
    """Count one try from an address, by the hash that an attempt's row remembers too."""
    throttle("new-card-address", address, limit=MAX_NEW_CARDS_PER_ADDRESS, words=words)


def uncount(user_id: int | None, email_key: str, address: str) -> None:
    """Take both counts of one try back, inside the running transaction: a card that was charged is no sign of card testing.

    A card that was only saved stays counted: testers look for forms that charge nothing.
    """
    take_back("new-card", _who(user_id, email_key), limit=MAX_NEW_CARDS)
    if address:
        take_back("new-card-address", address, limit=MAX_NEW_CARDS_PER_ADDRESS)


def _who(user_id: int | None, email_key: str) -> str:
    return f"user {user_id}" if user_id is not None else f"guest {email_key}"
