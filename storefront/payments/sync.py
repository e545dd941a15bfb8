"""Looks: asking Stripe about one object, with no transaction open, and recording the news.

Disputes, cards and customers have no order of states. A look at one takes the row's next number before it asks,
and an answer numbered lower than the newest one recorded is dropped.
"""

from flask import current_app
from sqlalchemy import select, update

from storefront.abuse import card_testing
from storefront.cards import setup_intents
from storefront.cards.models import SavedCard, StripeCustomer
from storefront.core.database import current_session, end_read, transaction
from storefront.core.installation import this_shop
from storefront.core.jobs.queue import job
from storefront.payments import cancel
from storefront.payments.ledger.models import AttemptState, Dispute, Payment, PaymentAttempt, Source
from storefront.payments.ledger.record import record, record_or_note
from storefront.stripe.api import (
    fetch_card,
    fetch_customer,
    fetch_dispute,
    fetch_event,
    fetch_intent,
    fetch_refund,
    fetch_setup_intent,
    refunds_of,
)
from storefront.stripe.objects import (
    card_update,
    customer_update,
    dispute_update,
    payment_intent_update,
    refund_update,
    setup_intent_update,
)
from storefront.webhooks.handlers import ring


@job("look_at_intent", gives_up=False)
def sync_payment_intent(intent: str) -> None:
    """An intent rang: look at it, as a look of the attempt that waits for the customer's bank if one does."""
    with transaction() as session:
        states = (AttemptState.requires_action, AttemptState.processing)
        waits = (PaymentAttempt.state.in_(states), Payment.stripe_payment_intent_id == intent)
        challenge = session.scalar(select(PaymentAttempt.number).join(Payment).where(*waits))
    cancel.fetch_and_record_intent(intent, Source.webhook, challenge=challenge)
    card_testing.end_if_tried_past_us(intent)


@job("look_at_session", gives_up=False)
def sync_checkout_session(session: str) -> None:
    """A hosted Session rang."""
    cancel.look_at_session(session, Source.webhook)


@job("look_at_refund", gives_up=False)
def sync_refund(refund: str) -> None:
    """A refund rang. Where we have not heard of its payment's success yet, that is looked at first."""
    told = refund_update(fetch_refund(refund), Source.webhook)
    if told.intent and not _is_known(told.intent):
        cancel.fetch_and_record_intent(told.intent, Source.webhook)
    record_or_note(told)


def _is_known(intent: str) -> bool:
    found = current_session().scalar(select(Payment.id).where(Payment.stripe_payment_intent_id == intent))
    end_read()
    return found is not None


@job("look_at_refunds_of", gives_up=False)
def sync_refunds_of(intent: str) -> None:
    """A charge says it was refunded, but not by what."""
    for facts in refunds_of(intent):
        record_or_note(refund_update(facts, Source.webhook))


@job("look_at_dispute", gives_up=False)
def sync_dispute(dispute: str) -> None:
    """A dispute rang."""
    fetch_and_record_dispute(dispute, Source.webhook)


def fetch_and_record_dispute(dispute: str, source: Source) -> None:
    """Look at it, and first at a payment that we do not know yet. One about another shop's is none of our business."""
    with transaction() as session:
        asked = update(Dispute).where(Dispute.stripe_dispute_id == dispute).values(looks_asked=Dispute.looks_asked + 1)
        number = session.scalar(asked.returning(Dispute.looks_asked)) or 0
    told = dispute_update(fetch_dispute(dispute), source, number=number)
    if told.intent is None or _is_ours(told.intent, source):
        record(told)


def _is_ours(intent: str, source: Source) -> bool:
    """Whether we know it, or Stripe says that it is ours: its answer was lost then, and is recorded now."""
    if _is_known(intent):
        return True
    shop = this_shop()
    end_read()
    facts = fetch_intent(intent)
    record_or_note(payment_intent_update(facts, source))
    return (facts.get("metadata") or {}).get("shop") == shop


@job("look_at_card", gives_up=False)
def sync_card(payment_method: str) -> None:
    """A payment method rang."""
    with transaction() as session:
        asked = update(SavedCard).where(SavedCard.stripe_payment_method_id == payment_method)
        number = (
            session.scalar(asked.values(looks_asked=SavedCard.looks_asked + 1).returning(SavedCard.looks_asked)) or 0
        )
    told = card_update(fetch_card(payment_method), Source.webhook, number=number)
    if told:
        record(told)


@job("look_at_customer", gives_up=False)
def sync_customer(customer: str) -> None:
    """A customer rang."""
    livemode = current_app.config["SETTINGS"].livemode
    with transaction() as session:
        asked = (
            update(StripeCustomer)
            .where(StripeCustomer.stripe_id == customer)
            .values(looks_asked=StripeCustomer.looks_asked + 1)
        )
        number = session.scalar(asked.returning(StripeCustomer.looks_asked))
    if number is not None:
        record(customer_update(fetch_customer(customer), Source.webhook, livemode=livemode, number=number))


@job("look_at_setup", gives_up=False)
def sync_setup_intent(setup: str) -> None:
    """A card set-up rang."""
    record(setup_intent_update(fetch_setup_intent(setup), Source.webhook))
    setup_intents.end_if_tried_too_often(setup)


@job("look_again", gives_up=False)
def retry_webhook_event(event: str) -> None:
    """An event told in another API version: look at what it is about, in ours."""
    facts = fetch_event(event)
    with transaction():
        ring(facts["type"], facts["data"]["object"])
