"""Saved cards as news tells of them: old news, news of strangers, and news without a consent change nothing."""

from dataclasses import replace
from typing import Any

from sqlalchemy import select

from storefront.cards.models import CardSetup, SavedCard, SetupState, StripeCustomer
from storefront.core.clock import now
from storefront.core.database import current_session, transaction
from storefront.payments.ledger.models import Source
from storefront.payments.ledger.record import record
from storefront.stripe import statuses
from storefront.stripe.objects import CardFacts, CardUpdate, CustomerUpdate, SetupIntentUpdate
from tests.payments.conftest import CUSTOMER, Books, Placed

WORDS = "Yes, keep it."
OTHER = CardFacts("pm_other", "mastercard", "4444", 12, 2099, "credit", "print_other")
OTHERS = CardUpdate(Source.webhook, OTHER, CUSTOMER, livemode=False)


def cards() -> list[tuple[str, str, bool]]:
    """Every card: what Stripe calls it, its consent, and whether it is still there."""
    rows = current_session().scalars(select(SavedCard).order_by(SavedCard.id).execution_options(populate_existing=True))
    return [(one.stripe_payment_method_id, one.consent_words, one.removed_at is None) for one in rows]


def customer() -> StripeCustomer:
    query = select(StripeCustomer).execution_options(populate_existing=True)
    return current_session().scalars(query).one()


def agrees(books: Books, placed: Placed, method: str | None = None) -> None:
    """Ticked the box before paying, with this card or one that is not known yet."""
    with transaction():
        attempt = books.payment(placed).attempts[0]
        attempt.consent_at, attempt.consent_words = now(), WORDS
        attempt.stripe_payment_method_id = method


def paid_with_other(books: Books, placed: Placed) -> None:
    books.tell(placed, statuses.SUCCEEDED, answer_to=1, method="pm_other", card=OTHER, keeps_card=True)


def test_a_card_is_kept_with_the_consent_to_that(books: Books) -> None:
    placed = books.place()
    agrees(books, placed)

    paid_with_other(books, placed)

    assert cards() == [("pm_alice", "", True), ("pm_other", WORDS, True)]


def test_a_card_that_nobody_agreed_to_keep_is_not(books: Books) -> None:
    paid_with_other(books, books.place())

    assert cards() == [("pm_alice", "", True)]


def test_a_guests_card_is_not_kept(books: Books) -> None:
    placed = books.place()
    agrees(books, placed)
    with transaction() as session:
        books.order(placed).user_id = None
        session.query(StripeCustomer).one().user_id = None

    paid_with_other(books, placed)

    assert cards() == [("pm_alice", "", True)]


def test_a_consent_given_before_stays_as_it_was(books: Books) -> None:
    placed = books.place()
    agrees(books, placed)
    record(OTHERS)
    with transaction() as session:
        card = session.query(SavedCard).filter_by(stripe_payment_method_id="pm_other").one()
        card.consent_at, card.consent_words = now(), "Said earlier."

    paid_with_other(books, placed)

    assert cards()[1] == ("pm_other", "Said earlier.", True)


def test_whoever_reports_the_card_the_consent_is_found(books: Books) -> None:
    agrees(books, books.place(), "pm_other")

    record(OTHERS)

    assert cards() == [("pm_alice", "", True), ("pm_other", WORDS, True)]


def test_an_older_look_at_a_card_is_dropped(books: Books) -> None:
    record(replace(OTHERS, number=2))

    record(replace(OTHERS, number=1, card=replace(OTHER, last4="0000")))

    assert current_session().scalars(select(SavedCard.last4).order_by(SavedCard.id)).all() == ["4242", "4444"]


def test_an_older_look_at_a_customer_is_dropped(books: Books) -> None:
    record(OTHERS)
    with transaction():
        held = customer()
        held.default_card_id, held.synced_at = books.card_id, now()
    told = CustomerUpdate(Source.webhook, CUSTOMER, deleted=False, livemode=False, number=7)
    record(replace(told, default_payment_method="pm_alice"))

    record(replace(told, default_payment_method="pm_other", number=6))

    assert (customer().default_card_id, customer().looks_seen) == (books.card_id, 7)


def test_a_default_that_is_no_card_of_ours_changes_nothing(books: Books) -> None:
    with transaction():
        held = customer()
        held.default_card_id, held.synced_at = books.card_id, now()

    told = CustomerUpdate(Source.webhook, CUSTOMER, deleted=False, livemode=False, number=7)
    record(replace(told, default_payment_method="pm_never_heard_of"))
    after_a_stranger = customer().default_card_id
    record(OTHERS)
    record(replace(told, default_payment_method="pm_other", number=8))

    assert after_a_stranger == books.card_id
    assert current_session().get_one(SavedCard, customer().default_card_id).stripe_payment_method_id == "pm_other"


def begun(books: Books, state: SetupState = SetupState.sending) -> int:
    """A card set-up; its id."""
    with transaction() as session:
        setup = CardSetup(
            public_id="setup-1", user_id=books.user_id, idempotency_key="setup-key", request={}, consent_at=now(), consent_words=WORDS,
            asked_at=now(), livemode=False, state=state,
        )  # fmt: skip
        session.add(setup)
        session.flush()
        return setup.id


def told_of_setup(status: str, **other: Any) -> SetupIntentUpdate:
    told = SetupIntentUpdate(
        source=Source.api, setup="seti_1", status=status, customer=CUSTOMER, livemode=False, card=None, our_id="setup-1"
    )
    return replace(told, **other)


def state_of(setup_id: int) -> SetupState:
    return current_session().get_one(CardSetup, setup_id, populate_existing=True).state


def test_a_set_up_that_succeeded_is_not_reopened(books: Books) -> None:
    setup_id = begun(books)
    record(told_of_setup("succeeded", card=OTHER))

    record(told_of_setup("requires_action"))

    assert state_of(setup_id) is SetupState.succeeded
    assert cards() == [("pm_alice", "", True), ("pm_other", WORDS, True)]


def test_a_set_up_is_found_by_the_key_that_asked_for_it(books: Books) -> None:
    setup_id = begun(books)

    record(told_of_setup("processing", our_id=None, answers="setup-key"))

    assert state_of(setup_id) is SetupState.processing


def test_a_set_up_of_another_shop_or_of_other_keys_is_none_of_ours(books: Books) -> None:
    setup_id = begun(books)

    record(told_of_setup("succeeded", our_id=None, card=OTHER))
    record(told_of_setup("succeeded", our_id="setup-of-another", answers="another-key", card=OTHER))
    record(told_of_setup("succeeded", livemode=True, card=OTHER))

    assert state_of(setup_id) is SetupState.sending
    assert cards() == [("pm_alice", "", True)]


def test_a_status_never_heard_of_is_waited_for(books: Books) -> None:
    setup_id = begun(books)

    record(told_of_setup("something_new"))

    assert state_of(setup_id) is SetupState.processing
