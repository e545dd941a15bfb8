"""The shop's Stripe account: noted once Stripe answers, and taken anew when the owner says so."""

from contextlib import suppress

from flask import current_app
from sqlalchemy import update

from storefront.cards.models import SavedCard, StripeCustomer
from storefront.core import audit
from storefront.core.alerts import alert_owner
from storefront.core.clock import now
from storefront.core.database import end_read, transaction
from storefront.core.jobs.queue import job
from storefront.stripe import keys
from storefront.stripe.errors import OutcomeUnknownError
from storefront.stripe.guard import fetch_account_once


@job("note_stripe_account", every_seconds=10 * 60)
def note_stripe_account() -> None:
    """Find out which account today's key opens, once; the owner hears of one that is not the shop's."""
    unknown = keys.known_key() is None
    end_read()
    if unknown:
        with suppress(OutcomeUnknownError):  # asked again soon
            fetch_account_once()
    with transaction():
        key = keys.known_key()
        if key is not None and not key.is_home:
            _tell(key.account)


def switch_account() -> str | None:
    """Take the account of today's key for the shop's: its name, if it was another until now.

    Customers and cards of the one before are given up: they have no meaning to the new one.
    """
    with transaction() as session:
        key = keys.known_key()
        if key is None or key.is_home:
            return None
        keys.claim_account(key)
        cards = update(SavedCard).where(SavedCard.livemode.is_(key.livemode), SavedCard.removed_at.is_(None))
        session.execute(cards.values(removed_at=now()))
        customers = update(StripeCustomer).where(
            StripeCustomer.livemode.is_(key.livemode), StripeCustomer.deleted_at.is_(None)
        )
        session.execute(customers.values(deleted_at=now(), default_card_id=None))
        audit.record("took another Stripe account", "the shop", after={"account": key.account})
        return key.account


def _tell(account: str) -> None:
    alert_owner(
        f"stripe_account:{account}",
        "The Stripe key opens another account",
        f"STRIPE_SECRET_KEY opens {account}, which is not the account this shop has used until now. "
        "Nothing is charged or changed at Stripe, and no saved card is shown.",
        f"Put the keys of the right account back at {current_app.config['SETTINGS'].base_url}: all is as it was then. If this is to be "
        "its account from now on, flask shop adopt says so; the cards saved until now are given up.",
    )
