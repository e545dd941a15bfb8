"""Our customers at Stripe: made once, kept up to date, and never for somebody who left."""

import threading
import time

import pytest

from storefront.cards.customers import (
    create_customer_at_stripe,
    customer_to_charge,
    make_in_background,
    request_customer,
    request_customer_sync,
    update_customer_at_stripe,
)
from storefront.cards.models import StripeCustomer
from storefront.cards.saved_cards import choose_default
from storefront.core.database import end_read, transaction
from storefront.core.errors import NotFoundError
from storefront.core.jobs.queue import RetryLaterError
from storefront.core.mail.models import OutboundMail
from storefront.customers.models import User
from tests.people import Shopper
from tests.stack import Sandbox, Shop

CUSTOMERS = "/v1/customers"
BOTH_TRIES = 2


def default_at_stripe(sandbox: Sandbox, customer: str) -> str | None:
    kept = sandbox.stripe.v1.customers.retrieve(customer).to_dict(for_json=True)
    default: str | None = kept["invoice_settings"]["default_payment_method"]
    return default


def push_again(shop: Shop, person: Shopper) -> None:
    """As if they had changed their name."""
    with shop.inside(), transaction():
        request_customer_sync(person.user_id)
    shop.work()


def test_nobody_who_left_gets_a_customer(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    shop.settle()
    sandbox.control("DELETE", "/requests")
    with shop.inside(), transaction() as session:
        session.delete(session.query(StripeCustomer).one())
        session.get_one(User, alice.user_id).deleted_at = session.get_one(User, alice.user_id).created_at

    with shop.inside(), pytest.raises(NotFoundError), transaction() as session:
        request_customer(session.get_one(User, alice.user_id))
    shop.work()

    assert shop.count(StripeCustomer) == 0
    assert sandbox.requests("POST", CUSTOMERS) == []


def test_asking_for_one_that_is_gone_makes_nothing(shop: Shop, sandbox: Sandbox) -> None:
    with shop.inside():
        made = create_customer_at_stripe(4711)
        end_read()
        make_in_background(4711)

    assert made is None
    assert sandbox.requests("POST", CUSTOMERS) == []


def test_it_is_made_once(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    shop.settle()
    sandbox.control("DELETE", "/requests")
    [customer_id] = shop.all(StripeCustomer.id)

    with shop.inside():
        again = create_customer_at_stripe(customer_id)

    assert again == alice.customer
    assert sandbox.requests("POST", CUSTOMERS) == []


def test_whoever_has_one_keeps_it(shop: Shop, alice: Shopper) -> None:
    shop.settle()

    with shop.inside(), transaction() as session:
        wanted = request_customer(session.get_one(User, alice.user_id)).stripe_id

    assert wanted == alice.customer
    assert shop.all(StripeCustomer.stripe_id) == [alice.customer]


def test_whoever_has_none_yet_gets_one_on_the_way_to_pay(shop: Shop, alice: Shopper) -> None:
    shop.settle()
    with shop.inside(), transaction() as session:
        session.delete(session.query(StripeCustomer).one())

    with shop.inside():
        made = customer_to_charge(alice.user_id)

    assert shop.all(StripeCustomer.stripe_id, StripeCustomer.user_id) == [(made, alice.user_id)]
    assert made not in {None, alice.customer}


@pytest.mark.parametrize(("kind", "times"), [("cut_before", BOTH_TRIES), ("refuse_400", 1)])
def test_while_stripe_makes_none_there_is_none_to_charge(
    shop: Shop, sandbox: Sandbox, alice: Shopper, kind: str, times: int
) -> None:
    shop.settle()
    with shop.inside(), transaction() as session:
        session.delete(session.query(StripeCustomer).one())
    sandbox.fault(kind, CUSTOMERS, times=times)

    with shop.inside():
        made = customer_to_charge(alice.user_id)
    meanwhile = shop.all(StripeCustomer.stripe_id)
    shop.work()

    assert (made, meanwhile) == (None, [None])
    [caught_up] = shop.all(StripeCustomer.stripe_id)
    assert sandbox.stripe.v1.customers.retrieve(caught_up).email == alice.email


def test_the_default_card_is_told_to_stripe(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.has_card("pm_card_mastercard")
    shop.settle()

    with shop.inside():
        choose_default(alice.user_id, alice.cards["pm_card_mastercard"])
    shop.settle()

    assert default_at_stripe(sandbox, alice.customer) == alice.card_at_stripe("pm_card_mastercard")
    [(synced, error)] = shop.all(StripeCustomer.synced_at, StripeCustomer.sync_error)
    assert synced is not None
    assert error == ""


def test_what_stripe_refuses_is_noted_and_gone_after_the_next(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    shop.settle()
    sandbox.fault("refuse_400", f"{CUSTOMERS}/*", code="email_invalid")

    push_again(shop, alice)
    refused = shop.all(StripeCustomer.sync_error)
    push_again(shop, alice)

    assert refused == ["email_invalid"]
    assert shop.all(StripeCustomer.sync_error) == [""]


def test_a_card_chosen_while_stripe_hears_of_the_one_before(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.has_card("pm_card_mastercard")
    shop.settle()
    [customer_id] = shop.all(StripeCustomer.id)
    with shop.inside():
        choose_default(alice.user_id, alice.cards["pm_card_visa"])
    sandbox.fault("delay", f"{CUSTOMERS}/*", seconds=2.5)

    def push() -> None:
        with shop.inside():
            update_customer_at_stripe(customer_id)

    slow = threading.Thread(target=push)
    slow.start()
    time.sleep(0.7)  # it has read which card it tells
    with shop.inside():
        choose_default(alice.user_id, alice.cards["pm_card_mastercard"])
    slow.join()
    after_the_first = shop.all(StripeCustomer.synced_at)
    shop.settle()

    assert after_the_first == [None]
    assert default_at_stripe(sandbox, alice.customer) == alice.card_at_stripe("pm_card_mastercard")
    assert shop.all(StripeCustomer.synced_at) != [None]


def test_what_is_not_made_yet_is_told_later(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    shop.settle()
    [customer_id] = shop.all(StripeCustomer.id)
    with shop.inside(), transaction() as session:
        session.get_one(StripeCustomer, customer_id).stripe_id = None
    sandbox.control("DELETE", "/requests")

    with shop.inside(), pytest.raises(RetryLaterError):
        update_customer_at_stripe(customer_id)

    assert sandbox.requests("POST", CUSTOMERS) == []


def test_however_long_stripe_is_silent_it_is_told_in_the_end(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    shop.settle()
    sandbox.fault("cut_before", f"{CUSTOMERS}/{alice.customer}", times=200)

    push_again(shop, alice)
    for _ in range(30):
        shop.clock.forward(minutes=11)
        shop.work()
    [silent] = shop.all(StripeCustomer.synced_at)
    sandbox.forget_faults()
    shop.clock.forward(minutes=61)  # in the end it is tried every hour
    shop.work()

    assert silent is None
    assert shop.all(StripeCustomer.synced_at) != [None]


def test_what_was_deleted_meanwhile_is_told_nothing(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    shop.settle()
    [customer_id] = shop.all(StripeCustomer.id)
    sandbox.stripe.v1.customers.delete(alice.customer)
    shop.settle()
    sandbox.control("DELETE", "/requests")

    with shop.inside():
        update_customer_at_stripe(customer_id)
        end_read()
        update_customer_at_stripe(4711)

    assert sandbox.requests("POST", CUSTOMERS) == []


def test_a_field_that_stripe_refuses_holds_up_none_of_the_others(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.has_card("pm_card_mastercard")
    shop.settle()
    sandbox.hold_webhooks()
    sandbox.stripe.v1.payment_methods.detach(alice.card_at_stripe("pm_card_mastercard"))
    with shop.inside():
        choose_default(alice.user_id, alice.cards["pm_card_mastercard"])

    renames(shop, alice, "Alice Baker")
    shop.work()

    assert sandbox.stripe.v1.customers.retrieve(alice.customer).name == "Alice Baker"
    [error] = shop.all(StripeCustomer.sync_error)
    assert error.startswith("invoice_settings[default_payment_method]: ")
    [(key, context)] = [
        one for one in shop.all(OutboundMail.dedupe_key, OutboundMail.context) if "customer-sync" in one[0]
    ]
    assert alice.customer in context["what"]
    assert "@" not in key + str(context)


def test_a_new_name_arrives_after_the_last_card_is_gone(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    """Through the pages: the card is removed, then the name is changed."""
    shop.settle()
    alice.sends(f"/account/cards/{alice.cards['pm_card_visa']}/removal", {})
    shop.settle()

    alice.sends("/account/profile/name", {"name": "Alice Baker"})
    shop.settle()

    assert sandbox.stripe.v1.customers.retrieve(alice.customer).name == "Alice Baker"
    assert default_at_stripe(sandbox, alice.customer) is None
    assert shop.all(StripeCustomer.sync_error) == [""]
    assert shop.failed_jobs() == []


def renames(shop: Shop, shopper: Shopper, name: str) -> None:
    with shop.inside(), transaction() as session:
        session.get_one(User, shopper.user_id).name = name
        request_customer_sync(shopper.user_id)
