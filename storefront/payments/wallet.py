"""Saved cards as news tells of them. A row is a display copy: Stripe keeps the card."""

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from storefront.clock import now
from storefront.database import current_session
from storefront.jobs.queue import enqueue
from storefront.payments import news
from storefront.payments.models import CardSetup, Payment, PaymentAttempt, SavedCard, SetupState, StripeCustomer

SETUP_RANK = {
    SetupState.sending: 0,
    SetupState.unknown: 1,
    SetupState.requires_payment_method: 2,
    SetupState.requires_action: 2,
    SetupState.processing: 2,
    SetupState.never_sent: 3,
    SetupState.canceled: 3,
    SetupState.succeeded: 4,
}


def keep_paid_with(payment: Payment, card: news.CardFacts) -> None:
    """Keep the card an order was paid with, where its customer agreed to that; the consent goes along."""
    if payment.order.user_id is None:
        return
    attempt = next((one for one in reversed(payment.attempts) if one.consent_at), None)
    if attempt:
        _keep(payment.order.user_id, card, livemode=payment.livemode)
        _note_consent(card.payment_method, attempt)


def settle_card(told: news.CardNews) -> None:
    """A card as it is now: shown to its customer, or gone. Looks answered out of order are dropped."""
    if told.customer is None:
        settle_gone(news.CardGoneNews(told.source, told.card.payment_method, told.livemode))
        return
    customer = current_session().scalar(select(StripeCustomer).where(StripeCustomer.stripe_id == told.customer))
    if customer is None or customer.user_id is None or customer.deleted_at:
        return
    card = _keep(customer.user_id, told.card, livemode=told.livemode)
    if told.number < card.looks_seen:
        return
    card.looks_seen = told.number
    _show(card, told.card)
    _consent_from_anywhere(card)


def settle_gone(told: news.CardGoneNews) -> None:
    """Detached, for good: a card we never saw leaves a row too, so that older news cannot bring it back."""
    session = current_session()
    owner = select(StripeCustomer.user_id).where(StripeCustomer.stripe_id == told.customer) if told.customer else None
    user_id = session.scalar(owner) if owner is not None else None
    if user_id is not None and told.card:
        _insert(user_id, told.card, livemode=told.livemode)
    gone = update(SavedCard).where(
        SavedCard.stripe_payment_method_id == told.payment_method, SavedCard.removed_at.is_(None)
    )
    card_id = session.scalar(gone.values(removed_at=now()).returning(SavedCard.id))
    if card_id is not None:
        session.execute(
            update(StripeCustomer).where(StripeCustomer.default_card_id == card_id).values(default_card_id=None)
        )


def settle_customer(told: news.CustomerNews) -> None:
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


def settle_setup(told: news.SetupNews) -> None:
    """A card set-up moved; once it succeeded its card is kept, with the consent given before."""
    session = current_session()
    ours = CardSetup.stripe_setup_intent_id == told.setup
    setup = session.scalar(select(CardSetup).where(ours).with_for_update())
    if setup is None and told.answers:
        setup = session.scalar(select(CardSetup).where(CardSetup.idempotency_key == told.answers).with_for_update())
    if setup is None:
        return
    setup.stripe_setup_intent_id = told.setup
    state = SetupState(told.status) if told.status in set(SetupState) else SetupState.processing
    if SETUP_RANK[state] >= SETUP_RANK[setup.state]:
        setup.state = state
    if state is SetupState.succeeded and told.card:
        card = _keep(setup.user_id, told.card, livemode=told.livemode)
        card.consent_at, card.consent_words = setup.consent_at, setup.consent_words


def _keep(user_id: int, facts: news.CardFacts, *, livemode: bool) -> SavedCard:
    """The card's row, made if this is the first we hear of it; then Stripe is told that it may be shown again."""
    session = current_session()
    made = _insert(user_id, facts, livemode=livemode)
    if made is not None:
        enqueue("allow_redisplay", {"card_id": made}, unique_key=f"redisplay:{made}")
        first = update(StripeCustomer).where(StripeCustomer.user_id == user_id, StripeCustomer.livemode == livemode)
        session.execute(first.where(StripeCustomer.default_card_id.is_(None)).values(default_card_id=made))
    return session.scalars(select(SavedCard).where(SavedCard.stripe_payment_method_id == facts.payment_method)).one()


def _insert(user_id: int, facts: news.CardFacts, *, livemode: bool) -> int | None:
    insert = postgresql.insert if current_session().get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(SavedCard).values(
        user_id=user_id, livemode=livemode, stripe_payment_method_id=facts.payment_method, brand=facts.brand, last4=facts.last4,
        exp_month=facts.exp_month, exp_year=facts.exp_year, funding=facts.funding, fingerprint=facts.fingerprint, consent_words="",
        created_at=now(), looks_asked=0, looks_seen=0,
    )  # fmt: skip
    return current_session().scalar(
        row.on_conflict_do_nothing(index_elements=["stripe_payment_method_id"]).returning(SavedCard.id)
    )


def _show(card: SavedCard, facts: news.CardFacts) -> None:
    card.brand, card.last4, card.funding, card.fingerprint = facts.brand, facts.last4, facts.funding, facts.fingerprint
    card.exp_month, card.exp_year = facts.exp_month, facts.exp_year


def _note_consent(payment_method: str, given: PaymentAttempt) -> None:
    card = update(SavedCard).where(SavedCard.stripe_payment_method_id == payment_method, SavedCard.consent_at.is_(None))
    current_session().execute(card.values(consent_at=given.consent_at, consent_words=given.consent_words))


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
