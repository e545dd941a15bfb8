"""The work this domain does in the background; importing it registers its jobs and mails."""

from storefront.jobs.queue import job
from storefront.payments import (
    accounts,
    adopting,
    cards,
    customers,
    deletion,
    expiring,
    guests,
    looking,
    messages,
    papers,
    refunding,
    silence,
)
from storefront.payments.asking import ask_about_attempt
from storefront.payments.due import ask_about_what_is_due
from storefront.payments.sweeping import sweep

__all__ = [
    "accounts",
    "adopting",
    "cards",
    "customers",
    "deletion",
    "expiring",
    "guests",
    "looking",
    "messages",
    "papers",
    "refunding",
    "silence",
    "sweep",
]


@job("ask_about_attempt")
def ask_at_once(attempt_id: int) -> None:
    """An answer was lost: ask now, not in a minute."""
    ask_about_attempt(attempt_id)


@job("ask_about_open", every_seconds=60)
def ask_about_open() -> None:
    """Ask about everything that is open and was not asked about for a minute, and let go what is past its hold."""
    ask_about_what_is_due()
