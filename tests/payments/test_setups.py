"""Saving a card without paying, where Stripe does not answer, refuses, or has forgotten."""

import pytest

from storefront.cards import setup_intents as saving
from storefront.cards import setup_intents as setups
from storefront.cards.models import CardSetup, SavedCard, SetupState, StripeCustomer
from storefront.core.database import end_read, transaction
from storefront.core.errors import BusyError
from storefront.reconcile.command import reconcile
from storefront.stripe.errors import StripeRefusedError
from tests.journeys.wallet import adds_card, kept, starts_adding
from tests.journeys.wallet import setups as states
from tests.people import Shopper
from tests.stack import Sandbox, Shop

SETUPS = "/v1/setup_intents"
BOTH_TRIES = 2
STAYS_DOWN = 200


def begin(shop: Shop, person: Shopper) -> None:
    with shop.inside():
        saving.begin(person.user_id)


def begin_unanswered(shop: Shop, sandbox: Sandbox, person: Shopper, kind: str) -> None:
    sandbox.fault(kind, SETUPS, times=BOTH_TRIES)
    with pytest.raises(BusyError):
        begin(shop, person)


def test_what_stripe_refuses_is_closed_and_told_on(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.fault("refuse_400", SETUPS, code="parameter_invalid_empty")

    with pytest.raises(StripeRefusedError) as refused:
        begin(shop, alice)

    assert refused.value.code == "parameter_invalid_empty"
    assert states(shop) == ["refused"]
    assert len(sandbox.requests("POST", SETUPS)) == 1
    assert shop.all(StripeCustomer.deleted_at) == [None]


def test_without_a_customer_there_is_none_begun(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    shop.settle()
    with shop.inside(), transaction() as session:
        session.delete(session.query(StripeCustomer).one())
    sandbox.fault("cut_before", "/v1/customers", times=BOTH_TRIES)

    with pytest.raises(BusyError, match="does not answer just now"):
        begin(shop, alice)

    assert shop.count(CardSetup) == 0
    assert sandbox.requests("POST", SETUPS) == []


@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
def test_a_lost_answer_is_asked_for_again_with_its_own_key(
    shop: Shop, sandbox: Sandbox, alice: Shopper, kind: str
) -> None:
    sandbox.hold_webhooks()
    begin_unanswered(shop, sandbox, alice, kind)
    unknown = states(shop)

    shop.clock.forward(minutes=2)
    shop.work()

    assert (unknown, states(shop)) == (["unknown"], ["requires_payment_method"])
    assert len({one["idempotency_key"] for one in sandbox.requests("POST", SETUPS)}) == 1


def test_while_stripe_stays_silent_it_stays_unknown(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    begin_unanswered(shop, sandbox, alice, "cut_before")
    sandbox.fault("cut_before", SETUPS, times=STAYS_DOWN)
    said: list[str] = []

    with shop.inside():
        found = reconcile(progress=said.append)

    assert said[0] == "1/1 card set-up 1: no answer, asked again later"
    assert (found.open, states(shop)) == (1, ["unknown"])


def test_refused_when_asked_again_is_the_end_of_it(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    begin_unanswered(shop, sandbox, alice, "cut_before")
    sandbox.fault("refuse_400", SETUPS, code="resource_missing")
    said: list[str] = []

    with shop.inside():
        found = reconcile(progress=said.append)

    assert said[0] == "1/1 card set-up 1: Stripe refused (resource_missing)"
    assert (found.open, states(shop)) == (0, ["refused"])


def test_a_key_that_has_lost_its_rights_says_nothing_of_it(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    begin_unanswered(shop, sandbox, alice, "cut_before")
    sandbox.fault("forbid_403", SETUPS)
    said: list[str] = []

    with shop.inside():
        reconcile(progress=said.append)

    assert said[0].partition(" (")[0] == "1/1 card set-up 1: Stripe refused"
    assert states(shop) == ["unknown"]


def test_an_old_key_is_never_sent_again(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    begin_unanswered(shop, sandbox, alice, "cut_before")
    sent = len(sandbox.requests("POST", SETUPS))

    shop.clock.forward(hours=21)
    shop.work()

    assert states(shop) == ["never_sent"]
    assert len(sandbox.requests("POST", SETUPS)) == sent


def test_what_nobody_finishes_is_canceled_after_an_hour(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    adding = starts_adding(alice)
    shop.settle()

    shop.clock.forward(minutes=61)
    shop.work()

    assert states(shop) == ["canceled"]
    assert sandbox.stripe.v1.setup_intents.retrieve(adding.setup_intent).status == "canceled"


def test_what_cannot_be_canceled_is_looked_at(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    adding = starts_adding(alice)
    shop.settle()
    sandbox.fault("refuse_400", f"{SETUPS}/*/cancel", code="setup_intent_unexpected_state")

    shop.clock.forward(minutes=61)
    shop.work()
    refused = states(shop)
    shop.clock.forward(minutes=11)
    shop.work()

    assert (refused, states(shop)) == (["requires_payment_method"], ["canceled"])
    assert sandbox.stripe.v1.setup_intents.retrieve(adding.setup_intent).status == "canceled"


def test_what_is_over_is_not_asked_about(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    adds_card(alice, "pm_card_mastercard")
    shop.settle()
    sandbox.control("DELETE", "/requests")

    with shop.inside():
        setups.ask_about_setup(1)
        end_read()
        setups.ask_about_setup(4711)

    assert sandbox.requests("GET", SETUPS) == sandbox.requests("POST", SETUPS) == []
    assert states(shop) == ["succeeded"]


def test_news_that_came_before_the_lost_answer_counts(shop: Shop, alice: Shopper) -> None:
    adds_card(alice, "pm_card_mastercard")
    shop.settle()

    with shop.inside():
        setups.close_setup(1, SetupState.unknown)

    assert states(shop) == ["succeeded"]
    assert ("4444", True) in [(last4, there) for last4, _, there in kept(shop)]
    assert shop.count(SavedCard) == 2
