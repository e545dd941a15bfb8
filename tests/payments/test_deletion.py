"""Whoever leaves is deleted at Stripe, once, whatever is known of them there."""

from collections.abc import Callable

import pytest

from storefront.cards.models import StripeCustomer
from storefront.cards.saved_cards import choose_default, detach, remove_card
from storefront.core.database import transaction
from storefront.core.errors import NotFoundError
from storefront.core.installation import Installation
from storefront.core.jobs.models import Job
from storefront.orders.fulfilment import ship
from storefront.privacy.erase import delete_account
from storefront.privacy.export import everything_of
from storefront.stripe.errors import StripeRefusedError
from tests.people import Shopper
from tests.stack import Sandbox, Shop

CUSTOMERS = "/v1/customers"
BOTH_TRIES = 2


def leaves(shop: Shop, person: Shopper) -> None:
    with shop.inside():
        delete_account(person.user_id)


def jobs(shop: Shop, kind: str) -> int:
    return shop.all(Job.kind).count(kind)


def test_leaving_twice_is_leaving_once(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    shop.settle()
    leaves(shop, alice)
    shop.settle()

    leaves(shop, alice)
    shop.settle()

    assert len(shop.mails("goodbye")) == 1
    assert len(sandbox.requests("DELETE", CUSTOMERS)) == 1


def test_whom_stripe_never_heard_of_is_not_asked_about(
    shop: Shop, sandbox: Sandbox, someone: Callable[[str], Shopper]
) -> None:
    ursula = someone("Ursula")

    leaves(shop, ursula)
    shop.settle()

    assert sandbox.stripe.v1.customers.list({"email": ursula.email}).data == []
    assert sandbox.requests("DELETE", CUSTOMERS) == []
    assert shop.all(StripeCustomer.stripe_id, StripeCustomer.user_id, StripeCustomer.request) == [(None, None, {})]


def test_whoever_is_gone_at_stripe_already_is_not_deleted_again(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    shop.settle()
    sandbox.stripe.v1.customers.delete(alice.customer)
    shop.settle()
    sandbox.control("DELETE", "/requests")

    leaves(shop, alice)
    shop.settle()

    assert sandbox.requests("DELETE", CUSTOMERS) == []
    assert shop.all(StripeCustomer.user_id, StripeCustomer.request) == [(None, {})]


def test_made_without_an_answer_and_found_when_the_key_is_old(
    shop: Shop, sandbox: Sandbox, someone: Callable[[str], Shopper]
) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", CUSTOMERS, times=BOTH_TRIES)
    xenia = someone("Xenia")
    shop.work()
    [made] = sandbox.stripe.v1.customers.list({"email": xenia.email}).data
    asked = len(sandbox.requests("POST", CUSTOMERS))
    leaves(shop, xenia)

    shop.clock.forward(hours=21)
    shop.work()

    assert shop.all(StripeCustomer.stripe_id) == [made.id]
    assert len(sandbox.requests("POST", CUSTOMERS)) == asked
    assert sandbox.stripe.v1.customers.list({"email": xenia.email}).data == []


def test_made_without_an_answer_and_kept_when_the_key_is_old(
    shop: Shop, sandbox: Sandbox, someone: Callable[[str], Shopper]
) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", CUSTOMERS, times=BOTH_TRIES)
    yvonne = someone("Yvonne")
    shop.work()

    shop.clock.forward(hours=21)
    shop.work()

    [this_shop] = shop.all(Installation.shop)
    at_stripe = sandbox.stripe.v1.customers.list({"email": yvonne.email}).data
    [made] = [one.id for one in at_stripe if one.metadata and one.metadata["shop"] == this_shop]
    assert shop.all(StripeCustomer.stripe_id) == [made]


def test_a_deletion_that_stripe_refuses_is_tried_again(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    shop.settle()
    sandbox.fault("forbid_403", f"{CUSTOMERS}/*", verb="DELETE")

    leaves(shop, alice)
    shop.work()
    failed = [kind for kind, _ in shop.failed_jobs()]
    shop.clock.forward(hours=1)
    shop.settle()

    assert failed == ["delete_customer"]
    assert sandbox.stripe.v1.customers.retrieve(alice.customer).to_dict(for_json=True)["deleted"] is True
    assert shop.all(StripeCustomer.request) == [{}]


def test_what_they_take_along_has_their_invoices_and_mails(shop: Shop, alice: Shopper) -> None:
    alice.buys()
    shop.settle()
    with shop.inside():
        ship(1001)
    shop.settle()

    with shop.inside():
        [order] = dict(everything_of(alice.user_id))["orders"]

    assert [(one["kind"], one["number"]) for one in order["invoices"]] == [("invoice", "INV-1001")]


@pytest.mark.parametrize("first", ["the dashboard", "the deletion of its customer"])
def test_a_card_that_is_gone_at_stripe_already_is_simply_gone(
    shop: Shop, sandbox: Sandbox, alice: Shopper, first: str
) -> None:
    shop.settle()
    sandbox.hold_webhooks()
    if first == "the dashboard":
        sandbox.stripe.v1.payment_methods.detach(alice.card_at_stripe())
    else:
        sandbox.stripe.v1.customers.delete(alice.customer)

    with shop.inside():
        remove_card(alice.user_id, alice.cards["pm_card_visa"])
    shop.work()

    assert shop.failed_jobs() == []
    assert "4242" not in alice.opens("/account/cards").page.text


def test_a_card_that_may_not_be_detached_is_tried_again(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    shop.settle()
    sandbox.fault("forbid_403", "/v1/payment_methods/*/detach")
    with shop.inside():
        remove_card(alice.user_id, alice.cards["pm_card_visa"])

    with shop.inside(), pytest.raises(StripeRefusedError):
        detach(alice.cards["pm_card_visa"])
    meanwhile = sandbox.stripe.v1.payment_methods.retrieve(alice.card_at_stripe()).customer
    shop.settle()

    assert meanwhile == alice.customer
    assert sandbox.stripe.v1.payment_methods.retrieve(alice.card_at_stripe()).customer is None


def test_a_default_needs_a_customer(shop: Shop, alice: Shopper) -> None:
    shop.settle()
    with shop.inside(), transaction() as session:
        session.delete(session.query(StripeCustomer).one())

    with shop.inside(), pytest.raises(NotFoundError):
        choose_default(alice.user_id, alice.cards["pm_card_visa"])

    assert shop.count(StripeCustomer) == 0
    assert jobs(shop, "push_customer") == 0
