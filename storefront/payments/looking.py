"""Looks: asking Stripe about one object, with no transaction open, and recording the news.

Disputes, cards and customers have no order of states. A look at one takes the row's next number before it asks,
and an answer numbered lower than the newest one recorded is dropped.
"""

from flask import current_app
from sqlalchemy import select, update

from storefront.database import current_session, leave, transaction
from storefront.installation import this_shop
from storefront.jobs.queue import job
from storefront.payments import intents, past_us, sessions, setups
from storefront.payments.attempts import record_or_note
from storefront.payments.card_models import SavedCard, StripeCustomer
from storefront.payments.models import AttemptState, Payment, PaymentAttempt, Source
from storefront.payments.news.cards import card_news
from storefront.payments.news.customers import customer_news
from storefront.payments.news.disputes import dispute_news
from storefront.payments.news.intents import intent_news
from storefront.payments.news.refunds import refund_news
from storefront.payments.news.setups import setup_news
from storefront.payments.record import record
from storefront.payments.refund_models import Dispute
from storefront.payments.ringing import ring
from storefront.payments.stripe_gateway.cards import fetch_card, fetch_setup
from storefront.payments.stripe_gateway.customers import fetch_customer
from storefront.payments.stripe_gateway.events import fetch_event
from storefront.payments.stripe_gateway.intents import fetch_intent
from storefront.payments.stripe_gateway.refunds import fetch_dispute, fetch_refund, refunds_of


@job("look_at_intent", gives_up=False)
def look_at_intent(intent: str) -> None:
    """An intent rang: look at it, as a look of the attempt that waits for the customer's bank if one does."""
    with transaction() as session:
        states = (AttemptState.requires_action, AttemptState.processing)
        waits = (PaymentAttempt.state.in_(states), Payment.stripe_payment_intent_id == intent)
        challenge = session.scalar(select(PaymentAttempt.number).join(Payment).where(*waits))
    intents.look_at_intent(intent, Source.webhook, challenge=challenge)
    past_us.end_if_tried_past_us(intent)


@job("look_at_session", gives_up=False)
def look_at_session(session: str) -> None:
    """A hosted Session rang."""
    sessions.look_at_session(session, Source.webhook)


@job("look_at_refund", gives_up=False)
def look_at_refund(refund: str) -> None:
    """A refund rang. Where we have not heard of its payment's success yet, that is looked at first."""
    told = refund_news(fetch_refund(refund), Source.webhook)
    if told.intent and not _is_known(told.intent):
        intents.look_at_intent(told.intent, Source.webhook)
    record_or_note(told)


def _is_known(intent: str) -> bool:
    found = current_session().scalar(select(Payment.id).where(Payment.stripe_payment_intent_id == intent))
    leave()
    return found is not None


@job("look_at_refunds_of", gives_up=False)
def look_at_refunds_of(intent: str) -> None:
    """A charge says it was refunded, but not by what."""
    for facts in refunds_of(intent):
        record_or_note(refund_news(facts, Source.webhook))


@job("look_at_dispute", gives_up=False)
def look_at_dispute(dispute: str) -> None:
    """A dispute rang."""
    ask_about_dispute(dispute, Source.webhook)


def ask_about_dispute(dispute: str, source: Source) -> None:
    """Look at it, and first at a payment that we do not know yet. One about another shop's is none of our business."""
    with transaction() as session:
        asked = update(Dispute).where(Dispute.stripe_dispute_id == dispute).values(looks_asked=Dispute.looks_asked + 1)
        number = session.scalar(asked.returning(Dispute.looks_asked)) or 0
    told = dispute_news(fetch_dispute(dispute), source, number=number)
    if told.intent is None or _is_ours(told.intent, source):
        record(told)


def _is_ours(intent: str, source: Source) -> bool:
    """Whether we know it, or Stripe says that it is ours: its answer was lost then, and is recorded now."""
    if _is_known(intent):
        return True
    shop = this_shop()
    leave()
    facts = fetch_intent(intent)
    record_or_note(intent_news(facts, source))
    return (facts.get("metadata") or {}).get("shop") == shop


@job("look_at_card", gives_up=False)
def look_at_card(payment_method: str) -> None:
    """A payment method rang."""
    with transaction() as session:
        asked = update(SavedCard).where(SavedCard.stripe_payment_method_id == payment_method)
        number = (
            session.scalar(asked.values(looks_asked=SavedCard.looks_asked + 1).returning(SavedCard.looks_asked)) or 0
        )
    told = card_news(fetch_card(payment_method), Source.webhook, number=number)
    if told:
        record(told)


@job("look_at_customer", gives_up=False)
def look_at_customer(customer: str) -> None:
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
        record(customer_news(fetch_customer(customer), Source.webhook, livemode=livemode, number=number))


@job("look_at_setup", gives_up=False)
def look_at_setup(setup: str) -> None:
    """A card set-up rang."""
    record(setup_news(fetch_setup(setup), Source.webhook))
    setups.end_if_tried_too_often(setup)


@job("look_again", gives_up=False)
def look_again(event: str) -> None:
    """An event told in another API version: look at what it is about, in ours."""
    facts = fetch_event(event)
    with transaction():
        ring(facts["type"], facts["data"]["object"])
