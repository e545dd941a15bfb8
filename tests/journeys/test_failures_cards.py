"""Saved cards that are somebody else's, a stranger's, or gone."""

from collections.abc import Callable

import pytest

from storefront.money import Money
from storefront.orders.models import Order
from storefront.payments.models import SavedCard, StripeCustomer
from tests.people import Shopper
from tests.stack import Sandbox, Shop

VISA, MASTERCARD = "ending in 4242", "ending in 4444"


@pytest.mark.parametrize("htmx", [True, False])
def test_32_another_accounts_card_in_the_form(
    shop: Shop, sandbox: Sandbox, alice: Shopper, bob: Shopper, htmx: bool  # noqa: FBT001
) -> None:
    form = bob.one_click_button()
    asked_before = len(sandbox.requests("POST", "/v1/"))

    answer = bob.presses(form, htmx=htmx, typed={"card_id": str(alice.cards["pm_card_visa"])})

    assert answer.status == 404
    assert len(sandbox.requests("POST", "/v1/")) == asked_before
    assert shop.count(Order) == 0
    assert shop.charged() == []


def test_32_another_accounts_card_for_another_try(shop: Shop, sandbox: Sandbox, alice: Shopper, bob: Shopper) -> None:
    bob.has_card("pm_card_chargeCustomerFail")
    button = bob.one_click_button()
    button.fields["card_id"] = str(bob.cards["pm_card_chargeCustomerFail"])
    form = next(one for one in bob.presses(button).page.forms if one.action.endswith("/payment"))
    asked_before = len(sandbox.requests("POST", "/v1/"))

    answer = bob.presses(form, typed={"card_id": str(alice.cards["pm_card_visa"])})

    assert answer.status == 404
    assert len(sandbox.requests("POST", "/v1/")) == asked_before
    assert bob.orders() == [("Teapot", "failed")]
    assert shop.charged() == []


def test_33_registering_with_a_strangers_email(shop: Shop, sandbox: Sandbox, someone: Callable[[str], Shopper]) -> None:
    strangers = sandbox.stripe.v1.customers.create({"email": "mallory@example.org"}).id
    sandbox.stripe.v1.payment_methods.attach("pm_card_visa", {"customer": strangers})

    mallory = someone("Mallory")
    shop.settle()

    assert shop.all(StripeCustomer.user_id) == [mallory.user_id]
    assert shop.all(StripeCustomer.stripe_id) != [strangers]
    assert shop.count(SavedCard) == 0
    assert VISA not in mallory.opens("/account/cards").page.text


def test_34_the_customer_was_deleted_in_the_dashboard(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    button = alice.one_click_button()
    sandbox.stripe.v1.customers.delete(alice.customer)
    shop.settle()

    clicked = alice.presses(button)
    cards_page = alice.opens("/account/cards")
    customers_after_the_click = shop.all(StripeCustomer.stripe_id)
    alice.puts_in_cart("Teapot")
    paid = alice.pays_at_checkout("pm_card_mastercard", keep=True)
    shop.settle()

    assert clicked.status == 422
    assert VISA not in cards_page.page.text
    assert customers_after_the_click == [alice.customer]
    assert paid.state == "paid"
    assert alice.orders() == [("Teapot", "paid")]
    [healed] = shop.all(StripeCustomer.stripe_id)
    assert healed not in {None, alice.customer}
    assert MASTERCARD in alice.opens("/account/cards").page.text
    assert alice.buys("Mug").state == "paid"
    assert shop.charged() == [Money(2400, "eur"), Money(1250, "eur")]


def test_34_deleted_just_before_the_click(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    """Its webhook has not come yet: Stripe refuses, nothing is charged, and the shop heals."""
    sandbox.wait_for_webhooks()
    sandbox.hold_webhooks()
    sandbox.stripe.v1.customers.delete(alice.customer)

    clicked = alice.buys()
    sandbox.release_webhooks()
    shop.settle()

    assert clicked.state == "declined"
    assert alice.orders() == [("Teapot", "failed")]
    assert VISA not in alice.opens("/account/cards").page.text
    assert shop.charged() == []


def test_34_a_card_was_detached_in_the_dashboard(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.has_card("pm_card_mastercard")
    button = alice.one_click_button()
    sandbox.stripe.v1.payment_methods.detach(alice.card_at_stripe("pm_card_visa"))
    shop.settle()

    clicked = alice.presses(button, typed={"card_id": str(alice.cards["pm_card_visa"])})
    page = alice.opens("/account/cards").page

    assert clicked.status == 422
    assert VISA not in page.text
    assert MASTERCARD in page.text
    assert shop.count(Order) == 0
    assert alice.buys().state == "paid"
    assert shop.all(StripeCustomer.stripe_id) == [alice.customer]
