"""The bank's question (3-D Secure): asked of Stripe afresh each time, shown to the customer, never stored."""

from dataclasses import dataclass

from sqlalchemy import select

from storefront.core.database import current_session, end_read
from storefront.core.errors import BusyError
from storefront.payments.ledger.models import AttemptState, Payment, Source
from storefront.payments.ledger.record import record_or_note
from storefront.reconcile.attempt import reconcile_order
from storefront.stripe import statuses
from storefront.stripe.api import fetch_intent
from storefront.stripe.errors import OutcomeUnknownError
from storefront.stripe.guard import write_slot
from storefront.stripe.objects import payment_intent_update


@dataclass(frozen=True)
class Challenge:
    """How to get to the bank's question: by its secret in our page, or by its address without JavaScript; neither: it is over."""

    client_secret: str | None
    bank_url: str | None


def open_challenge(order_id: int) -> Challenge:
    """Ask Stripe about the order's intent, record what it says, and return the question if it still stands."""
    payment = current_session().scalars(select(Payment).where(Payment.order_id == order_id)).one()
    last, intent = payment.last_attempt, payment.stripe_payment_intent_id
    waits = last is not None and last.state is AttemptState.requires_action
    number = last.number if last else None
    end_read()
    try:
        with write_slot():
            if intent is None or not waits:
                reconcile_order(order_id)
                return Challenge(None, None)
            facts = fetch_intent(intent)
    except (OutcomeUnknownError, BusyError):
        return Challenge(None, None)  # the page shows what we know, and we go on asking
    record_or_note(payment_intent_update(facts, Source.api, challenge=number))
    if facts["status"] != statuses.REQUIRES_ACTION:
        return Challenge(None, None)
    redirect = (facts.get("next_action") or {}).get("redirect_to_url") or {}
    return Challenge(facts.get("client_secret"), redirect.get("url"))
