"""Guests who became customers: what they bought under an e-mail goes to the account that has proven it.

Never before: whoever registers with somebody else's e-mail gets nothing of theirs. A kept card asks for more than the e-mail,
which may have been written wrong: it goes to whoever signed in, or joined, in the very browser that paid with it.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, exists, or_, select, update

from storefront.cards.apply import invalidate_syncs, lock_wallet
from storefront.cards.customers import wait_for_mode
from storefront.cards.models import OPEN_SETUPS, CardSetup, SavedCard, StripeCustomer
from storefront.core.database import current_session, end_read, transaction
from storefront.core.jobs.queue import enqueue, job
from storefront.customers.addresses import Place, addresses_of, keep_address
from storefront.customers.models import User
from storefront.customers.people import user_by_id
from storefront.orders.models import OPEN_STATUSES, Order
from storefront.payments.ledger.models import LIVE_STATES, Payment, PaymentAttempt, Source
from storefront.payments.ledger.record import record
from storefront.privacy.erase import release_customer
from storefront.stripe.api import cards_of
from storefront.stripe.objects import card_update


@job("bring_guest_orders")
def claim_guest_orders(user_id: int) -> None:
    """An e-mail was proven: what was bought with it goes along."""
    claim_orders_and_cards(user_id)


def claim_cards(user: User, placed: Sequence[str]) -> None:
    """They signed in, in the browser that placed these orders: cards kept with those of their e-mail will be theirs."""
    if not placed:
        return
    theirs = select(Payment.stripe_customer_id).join(Order)
    theirs = theirs.where(Order.public_id.in_(placed), Order.email_key == user.email_key)
    whose = or_(Order.user_id.is_(None), Order.user_id == user.id)
    with transaction() as session:
        kept = update(StripeCustomer).where(
            *_of_nobody(), StripeCustomer.stripe_id.in_(theirs.where(whose, Payment.stripe_customer_id.is_not(None)))
        )
        session.execute(kept.values(claimed_by_id=user.id).execution_options(synchronize_session=False))


def claim_orders_and_cards(user_id: int) -> int:
    """Give a user the guest orders of their proven e-mail, and say how many those were; done twice, it is the same.

    What is still open stays with the browser that is paying it, until the next time.
    """
    user = user_by_id(user_id)
    email_key = user.email_key if user and user.email_verified_at else None
    waits = email_key is not None and _something_waits(user_id, email_key)
    end_read()
    if not waits or email_key is None:
        return 0
    with transaction() as session:
        # The same order of locks as wherever money is recorded: orders, wallets, the user last.
        theirs = select(Order).where(*_of_guest(email_key)).order_by(Order.id).with_for_update()
        orders = session.scalars(theirs.execution_options(populate_existing=True)).all()
        wallets = session.scalars(_claimed(user_id).with_for_update().execution_options(populate_existing=True)).all()
        own = {livemode: lock_wallet(user_id, livemode=livemode) for livemode in {one.livemode for one in wallets}}
        if not _still_proven(user_id, email_key):
            return 0
        for order in orders:
            order.user_id = user_id
        for wallet in wallets:
            _bind(wallet, user_id, own)
        _fill_address_book(user_id, orders)
        return len(orders)


def _something_waits(user_id: int, email_key: str) -> bool:
    orders = exists(select(Order.id).where(*_of_guest(email_key)))
    return bool(
        current_session().scalar(select(or_(orders, exists(_claimed(user_id).with_only_columns(StripeCustomer.id)))))
    )


def _of_guest(email_key: str) -> tuple[ColumnElement[bool], ...]:
    return Order.user_id.is_(None), Order.email_key == email_key, Order.status.not_in(OPEN_STATUSES)


def _of_nobody() -> tuple[ColumnElement[bool], ...]:
    return StripeCustomer.user_id.is_(None), StripeCustomer.deleted_at.is_(None)


def _claimed(user_id: int) -> Select[StripeCustomer]:
    newest_first = StripeCustomer.id.desc()
    made = StripeCustomer.stripe_id.is_not(None)
    return (
        select(StripeCustomer)
        .where(StripeCustomer.claimed_by_id == user_id, made, *_of_nobody())
        .order_by(newest_first)
    )


def _still_proven(user_id: int, email_key: str) -> bool:
    """Under the user's lock: nobody leaves or takes another e-mail before this is done."""
    proven = select(User.id).where(
        User.id == user_id,
        User.email_key == email_key,
        User.email_verified_at.is_not(None),
        User.deleted_at.is_(None),
    )
    return current_session().scalar(proven.with_for_update(key_share=True)) is not None


def _bind(wallet: StripeCustomer, user_id: int, own: dict[bool, StripeCustomer | None]) -> None:
    """The guest's customer becomes the user's, where theirs holds nothing; else theirs stays, and this one is let go in time.

    Cards cannot move from one customer at Stripe to another, and a user has one in each mode.
    """
    session = current_session()
    old = own[wallet.livemode]
    if old is not None and not _is_spare(old):
        return
    if old is not None:
        release_customer(old)
        session.flush()  # one a user: the old one must go first
    wallet.user_id, wallet.claimed_by_id, wallet.guest_token = user_id, None, None
    wallet.synced_at = None
    invalidate_syncs(wallet)
    session.flush()
    own[wallet.livemode] = wallet
    enqueue("push_customer", {"customer_id": wallet.id}, unique_key=f"push:{wallet.id}")
    enqueue("look_at_cards_of", {"customer_id": wallet.id}, unique_key=f"cards-of:{wallet.id}")


def _is_spare(customer: StripeCustomer) -> bool:
    """No card of theirs, none being saved, nothing being paid with it; and not one that came along a moment ago."""
    whose = customer.user_id
    in_use = (
        select(SavedCard.id).where(
            SavedCard.user_id == whose, SavedCard.livemode == customer.livemode, SavedCard.removed_at.is_(None)
        ),
        select(CardSetup.id).where(
            CardSetup.user_id == whose, CardSetup.livemode == customer.livemode, CardSetup.state.in_(OPEN_SETUPS)
        ),
        select(PaymentAttempt.id).join(Payment).where(
            Payment.stripe_customer_id == customer.stripe_id, PaymentAttempt.state.in_(LIVE_STATES)
        ),
        select(Payment.id).join(Order).where(
            Payment.stripe_customer_id == customer.stripe_id, Order.status.in_(OPEN_STATUSES)
        ),
    )  # fmt: skip
    came_along = customer.request.get("params", {}).get("metadata", {}).get("userId") == "guest"
    return not came_along and not current_session().scalar(select(or_(*(exists(query) for query in in_use))))


def _fill_address_book(user_id: int, orders: Sequence[Order]) -> None:
    """An empty book gets where the newest order went: the next purchase is to be one click."""
    sent = [order.shipping_address for order in orders if order.shipping_address and order.paid_at]
    if not sent or addresses_of(user_id):
        return
    known = {field: sent[-1][field] for field in Place.__dataclass_fields__ if field in sent[-1]}
    keep_address(user_id, Place(**known))


@job("look_at_cards_of", gives_up=False)
def sync_cards_of(customer_id: int) -> None:
    """A guest's customer has a user now: its cards become theirs, each with the consent that was given when it paid."""
    customer = current_session().get_one(StripeCustomer, customer_id)
    wait_for_mode(livemode=customer.livemode)
    stripe_id = customer.stripe_id if customer.user_id is not None and customer.deleted_at is None else None
    end_read()
    for facts in cards_of(stripe_id) if stripe_id else ():
        told = card_update(facts, Source.api)
        if told:
            record(told)
