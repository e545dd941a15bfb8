"""Changing who one is, and leaving: what Stripe holds of it afterwards."""

from collections.abc import Callable

import pytest

from storefront.cards.customers import customer_to_charge
from storefront.cards.models import SavedCard, StripeCustomer
from storefront.core.errors import NotFoundError
from storefront.core.jobs.leases import MAX_TRIES
from storefront.orders.fulfilment import ship
from storefront.orders.models import Order, OrderStatus
from storefront.payments.ledger.models import PaymentAttempt, Refund
from storefront.payments.refunds import refund_order
from storefront.webhooks.models import StripeEvent
from tests.people import Shopper
from tests.stack import Sandbox, Shop

CUSTOMERS = "/v1/customers"


def at_stripe(sandbox: Sandbox, customer: str) -> dict[str, object]:
    """What Stripe says of a customer."""
    held: dict[str, object] = sandbox.stripe.v1.customers.retrieve(customer).to_dict(for_json=True)
    return held


def leaves(person: Shopper) -> str:
    """Press the button on the page: where that leads."""
    form = person.opens("/account/deletion").page.form("/account/deletion")
    return person.presses(form, htmx=False).url


def test_name_and_email_go_to_stripe_once_they_count(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.sends("/account/profile/name", {"name": "Ada Archer"}, htmx=False)
    alice.sends("/account/profile/email", {"email": "ada@example.org"}, htmx=False)
    shop.settle()
    before = at_stripe(sandbox, alice.customer)

    link = next(word for word in shop.letter("change_email").split() if "/account/email/" in word)
    alice.presses(alice.opens(link).page.form(link.removeprefix(shop.url)), htmx=False)
    shop.settle()

    after = at_stripe(sandbox, alice.customer)
    assert (before["name"], before["email"]) == ("Ada Archer", "alice@example.org")
    assert (after["name"], after["email"]) == ("Ada Archer", "ada@example.org")
    assert shop.mails("email_changed") == [("email_changed", "alice@example.org"), ("email_changed", "ada@example.org")]


def test_a_name_is_pushed_again_when_stripe_did_not_answer(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    shop.settle()
    sandbox.fault("error_before", f"{CUSTOMERS}/{alice.customer}", times=2)

    alice.sends("/account/profile/name", {"name": "Ada Archer"})
    shop.settle()
    failed = shop.failed_jobs()
    shop.clock.forward(hours=1)
    shop.settle()

    assert [kind for kind, _ in failed] == ["push_customer"]
    assert at_stripe(sandbox, alice.customer)["name"] == "Ada Archer"


def test_with_an_open_refund_nobody_leaves_and_afterwards_stripe_holds_no_customer(
    shop: Shop, sandbox: Sandbox, alice: Shopper
) -> None:
    button = alice.one_click_button()
    button.fields["card_id"] = str(alice.has_card("pm_card_pendingRefund"))
    alice.presses(button)
    sandbox.control("POST", "/tasks", hold=True)
    with shop.inside():
        ship(1001)
        refund_order(1, amount=900, reason="requested_by_customer", requested_by="olive", request_token="form-1")

    page = alice.opens("/account/deletion").page
    refused = alice.sends("/account/deletion", {})
    still_there = at_stripe(sandbox, alice.customer)
    sandbox.control("POST", "/tasks", hold=False)
    sandbox.decide_refund(shop.all(Refund.stripe_refund_id)[0], "succeeded")
    shop.settle()
    left = leaves(alice)
    shop.settle()

    assert "Money for K-1001 is on its way back to you: the refund is still open." in page.text
    assert (refused.status, "the refund is still open" in refused.page.text) == (422, True)
    assert still_there["email"] == "alice@example.org"
    assert left == f"{shop.url}/account/goodbye"
    assert at_stripe(sandbox, alice.customer) == {"id": alice.customer, "object": "customer", "deleted": True}
    assert shop.count(SavedCard) == 0
    assert shop.all(StripeCustomer.user_id) == [None]
    assert shop.all(PaymentAttempt.request) == [{}]
    assert shop.all(Order.email, Order.status) == [("alice@example.org", OrderStatus.partially_refunded)]
    assert "your account at Kiesel is deleted" in shop.letter("goodbye")


def test_what_stripe_tells_of_the_deletion_finds_it_settled(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    shop.settle()
    sandbox.hold_webhooks()
    leaves(alice)
    shop.work()
    before = shop.all(StripeCustomer.deleted_at)

    sandbox.release_webhooks(repeat=2)
    shop.settle()

    told = [(kind, state.value) for kind, state in shop.all(StripeEvent.type, StripeEvent.state)]
    assert ("customer.deleted", "applied") in told
    assert shop.all(StripeCustomer.deleted_at) == before
    assert shop.all(StripeCustomer.request) == [{}]
    assert shop.count(SavedCard) == 0
    assert shop.failed_jobs() == []


def test_a_deletion_whose_answer_is_lost_is_tried_until_the_customer_is_gone(
    shop: Shop, sandbox: Sandbox, alice: Shopper
) -> None:
    shop.settle()
    sandbox.fault("error_before", f"{CUSTOMERS}/{alice.customer}", verb="DELETE", times=2)
    sandbox.fault("cut_after", f"{CUSTOMERS}/{alice.customer}", verb="DELETE", nth=3, times=2)

    leaves(alice)
    for _ in range(3):
        shop.settle()
        shop.clock.forward(hours=1)

    assert at_stripe(sandbox, alice.customer)["deleted"] is True
    assert shop.all(StripeCustomer.request) == [{}]


def test_however_long_stripe_is_silent_the_customer_goes_in_the_end(
    shop: Shop, sandbox: Sandbox, alice: Shopper
) -> None:
    shop.settle()
    sandbox.fault("error_before", f"{CUSTOMERS}/{alice.customer}", verb="DELETE", times=100)

    leaves(alice)
    for _ in range(MAX_TRIES + 2):
        shop.work()
        shop.clock.forward(minutes=61)
    silent = at_stripe(sandbox, alice.customer).get("deleted")
    sandbox.forget_faults()
    shop.settle()

    assert silent is None
    assert at_stripe(sandbox, alice.customer)["deleted"] is True


def test_a_customer_whose_making_was_never_answered_is_found_and_deleted(
    shop: Shop, sandbox: Sandbox, someone: Callable[[str], Shopper]
) -> None:
    sandbox.fault("cut_after", CUSTOMERS, times=2)
    wanda = someone("Wanda")  # nobody else is called so: Stripe is asked for her by e-mail
    shop.work()
    unanswered = shop.all(StripeCustomer.stripe_id)
    made = sandbox.stripe.v1.customers.list({"email": wanda.email}).data

    leaves(wanda)
    shop.clock.forward(hours=1)
    shop.settle()

    assert unanswered == [None]
    assert [one.id for one in made] != []
    assert [one.id for one in sandbox.stripe.v1.customers.list({"email": wanda.email}).data] == []
    assert all(at_stripe(sandbox, one.id)["deleted"] for one in made)


def test_whoever_comes_back_is_somebody_new(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.buys()
    with shop.inside():
        ship(1001)
    leaves(alice)
    shop.settle()

    again = Shopper(shop, "Alice Again", alice.email)
    again.registers()
    shop.settle()

    assert again.user_id != alice.user_id
    assert again.is_at_stripe() != alice.customer
    assert at_stripe(sandbox, again.is_at_stripe())["metadata"]["userId"] == str(again.user_id)  # type: ignore[index]
    assert again.orders() == []
    assert "Teapot" not in again.opens("/account/orders").page.text
    assert again.opens("/account/profile").page.text.count("Alice Again") == 1
    assert again.browser.post(f"{shop.url}/auth/logout").status_code == 200
    assert alice.signs_in().status == 200  # the same address, the password she chose anew
    again.browser.close()


def test_what_was_on_its_way_makes_no_customer_for_somebody_who_left(shop: Shop, alice: Shopper) -> None:
    leaves(alice)
    shop.settle()

    with shop.inside(), pytest.raises(NotFoundError):
        customer_to_charge(alice.user_id)

    assert shop.count(StripeCustomer) == 1
    assert shop.failed_jobs() == []
