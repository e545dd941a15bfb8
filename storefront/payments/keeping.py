"""Keeping cards: one row a card, one card a number, and which of them a click uses. The customer's row is the lock."""

from sqlalchemy import select, update

from storefront.clock import now
from storefront.database import current_session, upsert
from storefront.jobs.queue import enqueue
from storefront.payments.card_models import SavedCard, StripeCustomer
from storefront.payments.news.cards import CardFacts


def lock_wallet(user_id: int, *, livemode: bool) -> StripeCustomer | None:
    """Lock this user's wallet: whoever keeps, removes or chooses a card does it before touching one."""
    whose = (StripeCustomer.user_id == user_id, StripeCustomer.livemode == livemode)
    query = select(StripeCustomer).where(*whose).with_for_update().execution_options(populate_existing=True)
    return current_session().scalar(query)


def keep(user_id: int, facts: CardFacts, *, livemode: bool) -> SavedCard:
    """The card's row, made if this is the first we hear of it; then Stripe is told that it may be shown again."""
    customer = lock_wallet(user_id, livemode=livemode)
    made = insert_card(user_id, facts, livemode=livemode)
    if made is not None:
        enqueue("allow_redisplay", {"card_id": made}, unique_key=f"redisplay:{made}")
        if customer and customer.default_card_id is None:
            make_default(customer, made)
    return card_called(facts.payment_method)


def insert_card(user_id: int, facts: CardFacts, *, livemode: bool) -> int | None:
    """A row for this card, unless there is one."""
    row = upsert(SavedCard).values(
        user_id=user_id, livemode=livemode, stripe_payment_method_id=facts.payment_method, brand=facts.brand, last4=facts.last4,
        exp_month=facts.exp_month, exp_year=facts.exp_year, funding=facts.funding, fingerprint=facts.fingerprint, consent_words="",
        created_at=now(), looks_asked=0, looks_seen=0,
    )  # fmt: skip
    return current_session().scalar(
        row.on_conflict_do_nothing(index_elements=["stripe_payment_method_id"]).returning(SavedCard.id)
    )


def card_called(payment_method: str) -> SavedCard:
    """The row of a card we know, by Stripe's name for it."""
    return (
        current_session().scalars(select(SavedCard).where(SavedCard.stripe_payment_method_id == payment_method)).one()
    )


def make_default(customer: StripeCustomer, card_id: int | None) -> None:
    """A click uses this card from now on, and Stripe is told; what it said of its default before now is out of date."""
    customer.default_card_id = card_id
    customer.synced_at = None
    outdate_looks(customer)
    enqueue("push_customer", {"customer_id": customer.id}, unique_key=f"push:{customer.id}")


def outdate_looks(customer: StripeCustomer) -> None:
    """Answers to what was asked before now are dropped when they come."""
    customer.looks_asked += 1
    customer.looks_seen = customer.looks_asked


def settle_same_number(card: SavedCard) -> None:
    """Of cards with the same number one is kept: the one that is good for longest, then the newest.

    Consent and the one click go over to it; the others are gone from every page at once, and detached by a job.
    """
    if card.fingerprint is None or card.removed_at:
        return
    customer = lock_wallet(card.user_id, livemode=card.livemode)
    session = current_session()
    session.flush()
    same = (SavedCard.user_id == card.user_id, SavedCard.livemode == card.livemode, SavedCard.removed_at.is_(None))
    query = select(SavedCard).where(*same, SavedCard.fingerprint == card.fingerprint)
    cards = sorted(session.scalars(query), key=lambda one: (one.exp_year, one.exp_month, one.id))
    for older in cards[:-1]:
        _replace(older, cards[-1], customer)


def _replace(older: SavedCard, newest: SavedCard, customer: StripeCustomer | None) -> None:
    older.removed_at, older.replaced_by_id = now(), newest.id
    if older.consent_at and not newest.consent_at:
        newest.consent_at, newest.consent_words = older.consent_at, older.consent_words
    before = update(SavedCard).where(SavedCard.replaced_by_id == older.id).values(replaced_by_id=newest.id)
    current_session().execute(before.execution_options(synchronize_session=False))
    if customer and customer.default_card_id == older.id:
        make_default(customer, newest.id)
    enqueue("detach_card", {"card_id": older.id}, unique_key=f"detach:{older.id}")


def forget_default(customer: StripeCustomer | None, card_id: int) -> None:
    """This card is gone: where a click used it, it uses the newest of those left."""
    if customer is None or customer.default_card_id != card_id:
        return
    mine = (SavedCard.user_id == customer.user_id, SavedCard.livemode == customer.livemode, SavedCard.id != card_id)
    left = select(SavedCard.id).where(*mine, SavedCard.removed_at.is_(None)).order_by(SavedCard.id.desc()).limit(1)
    make_default(customer, current_session().scalar(left))
