"""Every module that registers jobs or mails: importing this one imports them all."""

from storefront.cards import claim, customers, expiring, guests, saved_cards
from storefront.core.jobs.queue import job
from storefront.payments import documents, emails, refunds, stripe_account, sync
from storefront.privacy import erase
from storefront.reconcile import lists
from storefront.reconcile.attempt import reconcile_attempt
from storefront.reconcile.scheduled import reconcile_due
from storefront.webhooks import monitor

__all__ = [
    "claim",
    "customers",
    "documents",
    "emails",
    "erase",
    "expiring",
    "guests",
    "lists",
    "monitor",
    "refunds",
    "saved_cards",
    "stripe_account",
    "sync",
]


@job("ask_about_attempt")
def ask_at_once(attempt_id: int) -> None:
    """An answer was lost: ask now, not in a minute."""
    reconcile_attempt(attempt_id)


@job("ask_about_open", every_seconds=60)
def ask_about_open() -> None:
    """Ask about everything that is open and was not asked about for a minute, and let go what is past its hold."""
    reconcile_due()
