"""Keeping cards: one row a card, one card a number, and which of them a click uses. The customer's row is the lock.

Saved cards as news tells of them. A row is a display copy: Stripe keeps the card."""

from sqlalchemy import select, update

from storefront.cards.models import CardSetup, SavedCard, SetupState, StripeCustomer
from storefront.core.clock import now
from storefront.core.database import current_session, upsert
from storefront.core.jobs.queue import enqueue
from storefront.payments.ledger.models import Payment, PaymentAttempt
from storefront.stripe.objects import CardDetached, CardFacts, CardUpdate, CustomerUpdate, SetupIntentUpdate


def lock_wallet(user_id: int, *, livemode: bool) -> StripeCustomer | None:
    """Lock this user's wallet: whoever keeps, removes or chooses a card does it before touching one."""
    whose = (StripeCustomer.user_id == user_id, StripeCustomer.livemode == livemode)
    query = select(StripeCustomer).where(*whose).with_for_update().execution_options(populate_existing=True)
    return current_session().scalar(query)


def save_card(user_id: int, facts: CardFacts, *, livemode: bool) -> SavedCard:
    """The card's row, made if this is the first we hear of it; then Stripe is told that it may be shown again."""
    customer = lock_wallet(user_id, livemode=livemode)
    made = insert_card(user_id, facts, livemode=livemode)
    if made is not None:
        enqueue("allow_redisplay", {"card_id": made}, unique_key=f"redisplay:{made}")
        if customer and customer.default_card_id is None:
            make_default(customer, made)
    return card_by_payment_method(facts.payment_method)


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


def card_by_payment_method(payment_method: str) -> SavedCard:
    """The row of a card we know, by Stripe's name for it."""
    return (
        current_session().scalars(select(SavedCard).where(SavedCard.stripe_payment_method_id == payment_method)).one()
    )


def make_default(customer: StripeCustomer, card_id: int | None) -> None:
    """A click uses this card from now on, and Stripe is told; what it said of its default before now is out of date."""
    customer.default_card_id = card_id
    customer.synced_at = None
    invalidate_syncs(customer)
    enqueue("push_customer", {"customer_id": customer.id}, unique_key=f"push:{customer.id}")


def invalidate_syncs(customer: StripeCustomer) -> None:
    """Answers to what was asked before now are dropped when they come."""
    customer.looks_asked += 1
    customer.looks_seen = customer.looks_asked


def merge_same_number(card: SavedCard) -> None:
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


def clear_default(customer: StripeCustomer | None, card_id: int) -> None:
    """This card is gone: where a click used it, it uses the newest of those left."""
    if customer is None or customer.default_card_id != card_id:
        return
    mine = (SavedCard.user_id == customer.user_id, SavedCard.livemode == customer.livemode, SavedCard.id != card_id)
    left = select(SavedCard.id).where(*mine, SavedCard.removed_at.is_(None)).order_by(SavedCard.id.desc()).limit(1)
    make_default(customer, current_session().scalar(left))


SETUP_RANK = {
    SetupState.sending: 0,
    SetupState.unknown: 1,
    SetupState.requires_payment_method: 2,
    SetupState.requires_action: 2,
    SetupState.processing: 2,
    SetupState.never_sent: 3,
    SetupState.refused: 3,
    SetupState.canceled: 3,
    SetupState.succeeded: 4,
}


def save_paid_card(payment: Payment, card: CardFacts) -> None:
    """Keep the card an order was paid with, where its customer agreed to that; the consent goes along.

    A guest's waits at Stripe until they become a customer: a card is kept for whose customer it is with there.
    """
    attempt = next((one for one in reversed(payment.attempts) if one.consent_at), None)
    user_id = _user_of(payment.stripe_customer_id) if attempt else None
    if attempt and user_id is not None:
        kept = save_card(user_id, card, livemode=payment.livemode)
        if kept.consent_at is None:
            kept.consent_at, kept.consent_words = attempt.consent_at, attempt.consent_words
        merge_same_number(kept)


def apply_card(told: CardUpdate) -> None:
    """A card as it is now: shown to its customer, or gone. Looks answered out of order are dropped."""
    if told.customer is None:
        apply_card_detached(CardDetached(told.source, told.card.payment_method, told.livemode))
        return
    customer = current_session().scalar(select(StripeCustomer).where(StripeCustomer.stripe_id == told.customer))
    if customer is None or customer.user_id is None or customer.deleted_at:
        return
    card = save_card(customer.user_id, told.card, livemode=told.livemode)
    if told.number < card.looks_seen:
        return
    card.looks_seen = told.number
    _show(card, told.card)
    _consent_from_anywhere(card)
    merge_same_number(card)


def apply_card_detached(told: CardDetached) -> None:
    """Detached, for good: a card we never saw leaves a row too, so that older news cannot bring it back."""
    session = current_session()
    user_id = _whose(told)
    customer = lock_wallet(user_id, livemode=told.livemode) if user_id is not None else None
    if user_id is not None and told.card:
        insert_card(user_id, told.card, livemode=told.livemode)
    gone = update(SavedCard).where(
        SavedCard.stripe_payment_method_id == told.payment_method, SavedCard.removed_at.is_(None)
    )
    card_id = session.scalar(gone.values(removed_at=now()).returning(SavedCard.id))
    if card_id is not None:
        clear_default(customer, card_id)


def _whose(told: CardDetached) -> int | None:
    by_card = select(SavedCard.user_id).where(SavedCard.stripe_payment_method_id == told.payment_method)
    by_customer = select(StripeCustomer.user_id).where(StripeCustomer.stripe_id == told.customer)
    session = current_session()
    known = session.scalar(by_card)
    return known if known is not None or told.customer is None else session.scalar(by_customer)


def apply_customer(told: CustomerUpdate) -> None:
    """A deleted customer takes its cards along; a new one is only made when its user adds a card."""
    session = current_session()
    customer = session.scalar(select(StripeCustomer).where(StripeCustomer.stripe_id == told.customer).with_for_update())
    if customer is None or customer.deleted_at:
        return
    if told.deleted:
        customer.deleted_at = now()
        customer.default_card_id = None
        cards = update(SavedCard).where(SavedCard.user_id == customer.user_id, SavedCard.livemode == told.livemode)
        session.execute(cards.where(SavedCard.removed_at.is_(None)).values(removed_at=now()))
        return
    if told.number < customer.looks_seen:
        return
    customer.looks_seen = told.number
    _follow_default(customer, told.default_payment_method)


def apply_setup_intent(told: SetupIntentUpdate) -> None:
    """A card set-up moved; once it succeeded its card is kept, with the consent given before."""
    setup = _lock_setup(told)
    if setup is None or setup.livemode != told.livemode:
        return
    setup.stripe_setup_intent_id = told.setup
    state = SetupState(told.status) if told.status in set(SetupState) else SetupState.processing
    if SETUP_RANK[state] >= SETUP_RANK[setup.state]:
        setup.state = state
        setup.decline_code = told.decline.code if told.decline else ""
        setup.decline_words = told.decline.words if told.decline else ""
    if state is SetupState.succeeded and told.card and _user_of(told.customer) is not None:
        card = save_card(setup.user_id, told.card, livemode=told.livemode)
        card.consent_at, card.consent_words = setup.consent_at, setup.consent_words
        setup.saved_card_id = card.id
        merge_same_number(card)


def _user_of(stripe_id: str | None) -> int | None:
    """Whose customer it is. Cards of one that was deleted at Stripe went with it, whatever is told of them later."""
    if stripe_id is None:
        return None
    alive = select(StripeCustomer.user_id).where(
        StripeCustomer.stripe_id == stripe_id, StripeCustomer.deleted_at.is_(None)
    )
    return current_session().scalar(alive)


def _lock_setup(told: SetupIntentUpdate) -> CardSetup | None:
    """Ours by Stripe's id, by our own, or by the key that asked for it; the wallet is locked first, as everywhere."""
    ways = (
        CardSetup.stripe_setup_intent_id == told.setup,
        CardSetup.public_id == told.our_id if told.our_id else None,
        CardSetup.idempotency_key == told.answers if told.answers else None,
    )
    session = current_session()
    for way in ways:
        found = (
            session.execute(select(CardSetup.id, CardSetup.user_id).where(way)).one_or_none()
            if way is not None
            else None
        )
        if found is not None:
            lock_wallet(found.user_id, livemode=told.livemode)
            return session.get(CardSetup, found.id, with_for_update=True)
    return None


def _show(card: SavedCard, facts: CardFacts) -> None:
    card.brand, card.last4, card.funding, card.fingerprint = facts.brand, facts.last4, facts.funding, facts.fingerprint
    card.exp_month, card.exp_year = facts.exp_month, facts.exp_year


def _consent_from_anywhere(card: SavedCard) -> None:
    """The consent was written down before the call that saved the card; whoever reports the card, it is found again."""
    if card.consent_at:
        return
    with_it = (
        PaymentAttempt.stripe_payment_method_id == card.stripe_payment_method_id,
        PaymentAttempt.consent_at.is_not(None),
    )
    given = current_session().scalar(select(PaymentAttempt).where(*with_it).order_by(PaymentAttempt.id.desc()).limit(1))
    if given:
        card.consent_at, card.consent_words = given.consent_at, given.consent_words


def _follow_default(customer: StripeCustomer, payment_method: str | None) -> None:
    """The default chosen in Stripe's dashboard is ours too, unless a choice of ours still waits to be pushed."""
    if payment_method is None or customer.synced_at is None:
        return
    session = current_session()
    mine = (
        SavedCard.stripe_payment_method_id == payment_method,
        SavedCard.user_id == customer.user_id,
        SavedCard.removed_at.is_(None),
    )
    card_id = session.scalar(select(SavedCard.id).where(*mine))
    if card_id is not None:
        customer.default_card_id = card_id
