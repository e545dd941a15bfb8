"""Rules of the shop, broken on purpose, to see that the machine notices. Nothing outside of these tests can do this."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import text

from storefront.catalog import stock
from storefront.core.database import current_session
from storefront.core.mail import outbox
from storefront.payments import attempts
from storefront.payments.attempts import PreparedRequest
from storefront.payments.ledger import apply, effects, record, states
from storefront.payments.ledger import books as settled
from storefront.payments.ledger.models import IntentState, Payment, PaymentStatus
from storefront.reconcile import attempt, command, scheduled
from storefront.stripe import api as stripe_cards
from storefront.stripe.objects import DisputeUpdate
from storefront.webhooks import inbox


def commit(what: str) -> None:
    """Break one rule in this process; an empty name breaks none."""
    if what:
        SABOTAGE[what]()


def _new_key_each_time() -> None:
    """What is sent again is another request to Stripe: a second charge."""
    real = attempts.send

    def send(sending: PreparedRequest, *rest: Any, **more: Any) -> str | None:
        return real(replace(sending, key=secrets.token_hex(20)), *rest, **more)

    attempt.send = send  # type: ignore[attr-defined]


def _stock_given_back_twice() -> None:
    real = stock.put_back

    def give_back(lines: Any) -> None:
        lines = list(lines)
        real(lines)
        real(lines)

    stock.put_back = give_back


def _late_money_kept() -> None:
    """What arrives for a canceled order does not go back."""
    effects.accept_or_refund = lambda payment: None


def _mail_forgotten() -> None:
    """Queued, and never sent."""
    real = outbox.queue_mails

    def post_all(postings: Any) -> None:
        real(postings)
        current_session().execute(
            text("UPDATE jobs SET finished_at = created_at WHERE kind = 'send_mail' AND finished_at IS NULL")
        )

    effects.queue_mails = post_all  # type: ignore[attr-defined]


def _unknown_is_failed() -> None:
    """An answer that did not come is shown as a refusal."""
    from storefront.payments.ledger.models import AttemptState  # noqa: PLC0415

    real = record.record

    def hasty(told: Any) -> None:
        if getattr(told, "state", None) is AttemptState.unknown:
            told = replace(told, state=AttemptState.refused)
        real(told)

    attempts.record = hasty  # type: ignore[attr-defined]


def _event_lost() -> None:
    """Taken from Stripe, which therefore never sends it again, and thrown away."""
    inbox.apply_once = lambda delivery, alongside=None: None


def _canceled_is_paid() -> None:
    """An order whose payment was called off at Stripe is sent all the same."""
    real = states.payment_status

    def status(payment: Payment) -> PaymentStatus:
        return PaymentStatus.succeeded if payment.intent_state is IntentState.canceled else real(payment)

    settled.payment_status = status  # type: ignore[attr-defined]


def _card_left_at_stripe() -> None:
    """A removed card is gone from every page, and stays at Stripe."""
    stripe_cards.detach_card = lambda payment_method: {}


def _decision_unheard() -> None:
    """How a dispute stood when it was first heard of is how it is shown for good."""
    real = apply.apply_dispute

    def first_only(told: DisputeUpdate) -> None:
        if not told.status.endswith(("won", "lost", "closed")):
            real(told)

    record.apply_update.register(DisputeUpdate, first_only)


def _set_ups_forgotten() -> None:
    """Nobody asks what became of a card that somebody began to add."""
    scheduled.setups_due = lambda: ()  # type: ignore[attr-defined]
    command.open_setups = lambda since=None: ()  # type: ignore[attr-defined]


SABOTAGE: Final[dict[str, Callable[[], None]]] = {
    "card-left-at-stripe": _card_left_at_stripe,
    "canceled-is-paid": _canceled_is_paid,
    "decision-unheard": _decision_unheard,
    "event-lost": _event_lost,
    "new-key-each-time": _new_key_each_time,
    "set-ups-forgotten": _set_ups_forgotten,
    "stock-given-back-twice": _stock_given_back_twice,
    "late-money-kept": _late_money_kept,
    "mail-forgotten": _mail_forgotten,
    "unknown-is-failed": _unknown_is_failed,
}
