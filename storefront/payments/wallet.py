"""Saved cards as news tells of them. A row is a display copy: Stripe keeps the card."""

from sqlalchemy import select, update

from storefront.clock import now
from storefront.database import current_session
from storefront.payments import keeping
from storefront.payments.card_models import CardSetup, SavedCard, SetupState, StripeCustomer
from storefront.payments.models import Payment, PaymentAttempt
from storefront.payments.news.cards import CardFacts, CardGoneNews, CardNews
from storefront.payments.news.customers import CustomerNews
from storefront.payments.news.setups import SetupNews

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


def keep_paid_with(payment: Payment, card: CardFacts) -> None:
    """Keep the card an order was paid with, where its customer agreed to that; the consent goes along.

    A guest's waits at Stripe until they become a customer: a card is kept for whose customer it is with there.
    """
    attempt = next((one for one in reversed(payment.attempts) if one.consent_at), None)
    user_id = _user_of(payment.stripe_customer_id) if attempt else None
    if attempt and user_id is not None:
        kept = keeping.keep(user_id, card, livemode=payment.livemode)
        if kept.consent_at is None:
            kept.consent_at, kept.consent_words = attempt.consent_at, attempt.consent_words
        keeping.settle_same_number(kept)


def settle_card(told: CardNews) -> None:
    """A card as it is now: shown to its customer, or gone. Looks answered out of order are dropped."""
    if told.customer is None:
        settle_gone(CardGoneNews(told.source, told.card.payment_method, told.livemode))
        return
    customer = current_session().scalar(select(StripeCustomer).where(StripeCustomer.stripe_id == told.customer))
    if customer is None or customer.user_id is None or customer.deleted_at:
        return
    card = keeping.keep(customer.user_id, told.card, livemode=told.livemode)
    if told.number < card.looks_seen:
        return
    card.looks_seen = told.number
    _show(card, told.card)
    _consent_from_anywhere(card)
    keeping.settle_same_number(card)


def settle_gone(told: CardGoneNews) -> None:
    """Detached, for good: a card we never saw leaves a row too, so that older news cannot bring it back."""
    session = current_session()
    user_id = _whose(told)
    customer = keeping.lock_wallet(user_id, livemode=told.livemode) if user_id is not None else None
    if user_id is not None and told.card:
        keeping.insert_card(user_id, told.card, livemode=told.livemode)
    gone = update(SavedCard).where(
        SavedCard.stripe_payment_method_id == told.payment_method, SavedCard.removed_at.is_(None)
    )
    card_id = session.scalar(gone.values(removed_at=now()).returning(SavedCard.id))
    if card_id is not None:
        keeping.forget_default(customer, card_id)


def _whose(told: CardGoneNews) -> int | None:
    by_card = select(SavedCard.user_id).where(SavedCard.stripe_payment_method_id == told.payment_method)
    by_customer = select(StripeCustomer.user_id).where(StripeCustomer.stripe_id == told.customer)
    session = current_session()
    known = session.scalar(by_card)
    return known if known is not None or told.customer is None else session.scalar(by_customer)


def settle_customer(told: CustomerNews) -> None:
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


def settle_setup(told: SetupNews) -> None:
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
        card = keeping.keep(setup.user_id, told.card, livemode=told.livemode)
        card.consent_at, card.consent_words = setup.consent_at, setup.consent_words
        setup.saved_card_id = card.id
        keeping.settle_same_number(card)


def _user_of(stripe_id: str | None) -> int | None:
    """Whose customer it is. Cards of one that was deleted at Stripe went with it, whatever is told of them later."""
    if stripe_id is None:
        return None
    alive = select(StripeCustomer.user_id).where(
        StripeCustomer.stripe_id == stripe_id, StripeCustomer.deleted_at.is_(None)
    )
    return current_session().scalar(alive)


def _lock_setup(told: SetupNews) -> CardSetup | None:
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
            keeping.lock_wallet(found.user_id, livemode=told.livemode)
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
