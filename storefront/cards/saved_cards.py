"""A customer's saved cards: which there are, which one a click uses, and removing one."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from flask import current_app
from sqlalchemy import ColumnElement, func, select

from storefront.cards import apply
from storefront.cards.brands import card_name
from storefront.cards.customers import wait_for_mode
from storefront.cards.models import SavedCard, StripeCustomer
from storefront.core.clock import now
from storefront.core.database import current_session, end_read, transaction
from storefront.core.errors import InvalidRequestError, NotFoundError
from storefront.core.jobs.queue import RetryLaterError, enqueue, job
from storefront.orders.models import Order
from storefront.payments.ledger.models import LIVE_STATES, AttemptState, Payment, PaymentAttempt, Source
from storefront.payments.ledger.record import record
from storefront.stripe import api as stripe_cards
from storefront.stripe.errors import StripeRefusedError
from storefront.stripe.keys import is_of_this_account
from storefront.stripe.objects import CardDetached

MAX_CARDS: Final = 20
CHARGING_WINDOW: Final = dt.timedelta(minutes=1)


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


def check_card_limit(user_id: int) -> None:
    """Raise InvalidRequestError where there is no room for another card: nobody pays with twenty, and who tries cards saves many."""
    kept = select(func.count(SavedCard.id)).where(*_mine(user_id))
    if (current_session().scalar(kept) or 0) >= MAX_CARDS:
        raise InvalidRequestError(f"There is room for {MAX_CARDS} cards. Please remove one you no longer use first.")


def own_card(user_id: int, card_id: int) -> SavedCard:
    """This user's card; NotFoundError for an unknown one or somebody else's, InvalidRequestError when it can no longer pay.

    A card that was saved anew since its button was drawn is the newer one: it is the same piece of plastic.
    """
    card = _find(user_id, card_id)
    if card.replaced_by_id:
        card = _find(user_id, card.replaced_by_id)
    if card.removed_at:
        raise InvalidRequestError(f"{card_name(card.brand, card.last4)} was removed. Please choose another card.")
    if card.is_expired:
        raise InvalidRequestError(f"{card_name(card.brand, card.last4)} has expired. Please choose another card.")
    return card


def choose_default(user_id: int, card_id: int) -> None:
    """Make this the card a click uses."""
    with transaction():
        customer = apply.lock_wallet(user_id, livemode=_livemode())
        card = own_card(user_id, card_id)
        if customer is None:
            raise NotFoundError
        apply.make_default(customer, card.id)


def remove_card(user_id: int, card_id: int) -> None:
    """Remove a card for good: gone from every page at once, detached at Stripe by a job. Twice is once."""
    with transaction():
        customer = apply.lock_wallet(user_id, livemode=_livemode())
        card = _find(user_id, card_id)
        if card.removed_at:
            return
        card.removed_at = now()
        apply.clear_default(customer, card.id)
        enqueue("detach_card", {"card_id": card.id}, unique_key=f"detach:{card.id}")


def orders_being_charged(user_id: int, card_id: int) -> list[int]:
    """The numbers of the orders that are being paid with this card at this moment; they end as Stripe says."""
    card = _find(user_id, card_id)
    live = (
        PaymentAttempt.stripe_payment_method_id == card.stripe_payment_method_id,
        PaymentAttempt.state.in_(LIVE_STATES),
    )
    orders = select(Order.number).join(Payment, Payment.order_id == Order.id).join(PaymentAttempt).where(*live)
    return list(current_session().scalars(orders.where(Order.user_id == user_id).order_by(Order.number)))


def last_used(user_id: int) -> dict[int, dt.datetime]:
    """When each of this user's cards was last paid with, by the card's id."""
    same_card = PaymentAttempt.stripe_payment_method_id == SavedCard.stripe_payment_method_id
    used = select(SavedCard.id, func.max(PaymentAttempt.created_at)).join(PaymentAttempt, same_card)
    paid = used.where(*_mine(user_id), PaymentAttempt.state == AttemptState.succeeded).group_by(SavedCard.id)
    return {card_id: at for card_id, at in current_session().execute(paid)}  # noqa: C416  rows


@job("detach_card")
def detach(card_id: int) -> None:
    """Detach a removed card at Stripe; waits while it is being charged, and for the keys it was saved with."""
    card = current_session().get_one(SavedCard, card_id)
    payment_method, livemode = card.stripe_payment_method_id, card.livemode
    with_it = (PaymentAttempt.stripe_payment_method_id == payment_method, PaymentAttempt.state.in_(LIVE_STATES))
    busy = current_session().scalar(select(PaymentAttempt.id).where(*with_it).limit(1)) is not None
    end_read()
    wait_for_mode(livemode=livemode)
    if busy:
        raise RetryLaterError("the card is being charged", CHARGING_WINDOW)
    try:
        stripe_cards.detach_card(payment_method)
    except StripeRefusedError as refused:
        # Already detached, or gone with its customer: what was wanted.
        if refused.status not in {400, 404}:
            raise
    record(CardDetached(Source.api, payment_method, livemode))


@job("allow_redisplay")
def allow_redisplay(card_id: int) -> None:
    """Tell Stripe that the customer agreed to be shown this card again."""
    card = current_session().get_one(SavedCard, card_id)
    payment_method, removed, livemode = card.stripe_payment_method_id, card.removed_at, card.livemode
    end_read()
    if removed is None:
        wait_for_mode(livemode=livemode)
        stripe_cards.allow_redisplay(payment_method)


def _find(user_id: int, card_id: int) -> SavedCard:
    card = current_session().get(SavedCard, card_id)
    if card is None or card.user_id != user_id or card.livemode != _livemode():
        raise NotFoundError
    return card


def _mine(user_id: int) -> tuple[ColumnElement[bool], ...]:
    return (SavedCard.user_id == user_id, _mode(), SavedCard.removed_at.is_(None))


def _mode() -> ColumnElement[bool]:
    return SavedCard.livemode.is_(_livemode()) & is_of_this_account()


def _livemode() -> bool:
    livemode: bool = current_app.config["SETTINGS"].livemode
    return livemode
