"""A customer's saved cards: which there are, which one a click uses, and removing one."""

from collections.abc import Sequence

from flask import current_app
from sqlalchemy import ColumnElement, Select, select

from storefront.clock import now
from storefront.database import current_session, leave, transaction
from storefront.errors import NotYoursError, RefusedError
from storefront.jobs.queue import enqueue, job
from storefront.payments import news, stripe_gateway
from storefront.payments.models import LIVE_STATES, PaymentAttempt, SavedCard, Source, StripeCustomer
from storefront.payments.record import record
from storefront.payments.stripe_gateway import OutcomeUnknownError, RefusedByStripeError


def saved_cards_of(user_id: int) -> Sequence[SavedCard]:
    """Today's mode's cards, the one-click card first, then the newest; expired ones too."""
    query = (
        select(SavedCard)
        .outerjoin(StripeCustomer, (StripeCustomer.default_card_id == SavedCard.id))
        .where(*_mine(user_id))
        .order_by(StripeCustomer.id.is_(None), SavedCard.id.desc())
    )
    return current_session().scalars(query).all()


def usable_cards_of(user_id: int) -> list[SavedCard]:
    """The cards that can pay, the one-click card first."""
    return [card for card in saved_cards_of(user_id) if not card.is_expired]


def own_card(user_id: int, card_id: int) -> SavedCard:
    """This user's card; NotYoursError for an unknown one or somebody else's, RefusedError when it can no longer pay."""
    card = current_session().scalar(
        select(SavedCard).where(SavedCard.id == card_id, SavedCard.user_id == user_id, _mode())
    )
    if card is None:
        raise NotYoursError
    if card.removed_at:
        raise RefusedError(f"{card.brand.title()} {card.last4} was removed. Please choose another card.")
    if card.is_expired:
        raise RefusedError(f"{card.brand.title()} {card.last4} has expired. Please choose another card.")
    return card


def choose_default(user_id: int, card_id: int) -> None:
    """Make this the card a click uses."""
    with transaction() as session:
        card = own_card(user_id, card_id)
        customer = session.scalar(_customer(user_id).with_for_update())
        if customer is None:
            raise NotYoursError
        customer.default_card_id = card.id
        customer.synced_at = None
        enqueue("push_customer", {"customer_id": customer.id}, unique_key=f"push:{customer.id}")


def remove_card(user_id: int, card_id: int) -> None:
    """Remove a card for good: gone from every page at once, detached at Stripe by a job. Twice is once."""
    with transaction() as session:
        card = session.scalar(select(SavedCard).where(SavedCard.id == card_id, SavedCard.user_id == user_id, _mode()))
        if card is None:
            raise NotYoursError
        if card.removed_at:
            return
        card.removed_at = now()
        customer = session.scalar(_customer(user_id).with_for_update())
        if customer and customer.default_card_id == card.id:
            newest = (
                select(SavedCard.id)
                .where(*_mine(user_id), SavedCard.id != card.id)
                .order_by(SavedCard.id.desc())
                .limit(1)
            )
            customer.default_card_id = session.scalar(newest)
        enqueue("detach_card", {"card_id": card.id}, unique_key=f"detach:{card.id}")


@job("detach_card")
def detach(card_id: int) -> None:
    """Detach a removed card at Stripe; waits while it is being charged."""
    card = current_session().get_one(SavedCard, card_id)
    payment_method, livemode = card.stripe_payment_method_id, card.livemode
    with_it = (PaymentAttempt.stripe_payment_method_id == payment_method, PaymentAttempt.state.in_(LIVE_STATES))
    charging = select(PaymentAttempt.id).where(*with_it)
    busy = current_session().scalar(charging.limit(1)) is not None
    leave()
    if livemode != current_app.config["SETTINGS"].livemode:
        return
    if busy:
        raise OutcomeUnknownError
    try:
        stripe_gateway.detach_card(payment_method)
    except RefusedByStripeError as refused:
        # Already detached, or gone with its customer: what was wanted.
        if refused.status not in {400, 404}:
            raise
    record(news.CardGoneNews(Source.api, payment_method, livemode))


@job("allow_redisplay")
def allow_redisplay(card_id: int) -> None:
    """Tell Stripe that the customer agreed to be shown this card again."""
    card = current_session().get_one(SavedCard, card_id)
    payment_method, removed = card.stripe_payment_method_id, card.removed_at
    leave()
    if removed is None:
        stripe_gateway.allow_redisplay(payment_method)


def _mine(user_id: int) -> tuple[ColumnElement[bool], ...]:
    return (SavedCard.user_id == user_id, _mode(), SavedCard.removed_at.is_(None))


def _mode() -> ColumnElement[bool]:
    return SavedCard.livemode.is_(current_app.config["SETTINGS"].livemode)


def _customer(user_id: int) -> Select[StripeCustomer]:
    livemode = current_app.config["SETTINGS"].livemode
    return select(StripeCustomer).where(StripeCustomer.user_id == user_id, StripeCustomer.livemode == livemode)
