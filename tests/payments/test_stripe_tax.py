"""Stripe works out the tax: ahead of the button where it can, at the button where it must, and never for an order that is not placed."""

import time
from typing import Any

import pytest
from limits import parse

from storefront.core.money import Money
from storefront.extensions import limiter
from storefront.orders.models import Order, OrderTax
from storefront.payments.ledger.models import Payment
from storefront.payments.refunds import refund_order
from storefront.payments.stripe_tax import MAX_PER_ADDRESS, delete_old_calculations
from storefront.shipping_and_tax.models import TaxCalculation
from tests.journeys.hosted import goes_to_stripe
from tests.payments.test_one_click_cost import MOST_STATEMENTS, counting
from tests.people import HOME, Answer, Shopper, at_once
from tests.stack import Sandbox, Shop

TAX = "/v1/tax/calculations"
PAY = "/v1/payment_intents"
ON_TOP = pytest.mark.parametrize("shop_settings", [{"STRIPE_TAX": "yes", "PRICES_INCLUDE_TAX": "no"}])
INCLUDED = pytest.mark.parametrize("shop_settings", [{"STRIPE_TAX": "yes"}])


def asked(sandbox: Sandbox) -> list[str]:
    """What was asked that costs or charges, oldest first."""
    told = [one for one in sandbox.requests("POST", "/v1/") if one["path"] in {TAX, PAY}]
    return [one["path"] for one in sorted(told, key=lambda one: one["at"])]


def forgets_what_was_asked(sandbox: Sandbox) -> None:
    sandbox.control("DELETE", "/requests")


def committed(sandbox: Sandbox, intent: str) -> list[Any]:
    """The tax transactions that came of a payment and its refunds."""
    attempts = sandbox.stripe.v1.tax.associations.find({"payment_intent": intent}).tax_transaction_attempts or []
    tax = sandbox.stripe.v1.tax.transactions
    return [tax.retrieve(one.committed.transaction, {"expand": ["line_items"]}) for one in attempts if one.committed]


def refunds(shop: Shop, amount: int | None, form: str) -> None:
    with shop.inside():
        refund_order(1, amount=amount, reason="requested_by_customer", requested_by="olive", request_token=form)


@ON_TOP
def test_one_click_with_a_fresh_calculation_is_one_call(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    button = alice.presses(alice.one_click_button()).page.form("/checkout/one-click")
    forgets_what_was_asked(sandbox)
    sandbox.hold_webhooks()
    shop.settle()

    with counting(shop) as counted:
        answer = alice.presses(button)

    assert (answer.state, asked(sandbox)) == ("paid", [PAY])
    assert counted.commits == 2
    assert len(counted.statements) <= MOST_STATEMENTS, "\n".join(one[:150] for one in counted.statements)


@ON_TOP
def test_a_cart_is_paid_with_the_tax_that_was_worked_out_when_it_changed(
    shop: Shop, sandbox: Sandbox, alice: Shopper
) -> None:
    alice.puts_in_cart("Teapot", 2)
    forgets_what_was_asked(sandbox)

    answer = alice.presses(alice.cart_button())

    assert (answer.state, asked(sandbox)) == ("paid", [PAY])
    assert shop.charged() == [Money(5712, "eur")]
    assert shop.all(Order.subtotal, Order.tax, Order.total) == [(4800, 912, 5712)]
    taxes = shop.all(OrderTax.name, OrderTax.percentage, OrderTax.base, OrderTax.amount, OrderTax.included)
    assert taxes == [("VAT 19 %", 19_000, 4800, 912, False)]


@ON_TOP
def test_stripe_books_the_tax_of_a_payment_and_of_its_refunds(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.puts_in_cart("Teapot")
    alice.presses(alice.cart_button())
    (intent,) = shop.intents()
    (calculation,) = shop.all(TaxCalculation.stripe_id)

    hooks = sandbox.stripe.v1.payment_intents.retrieve(intent).to_dict()["hooks"]
    assert hooks == {"inputs": {"tax": {"calculation": calculation}}}
    assert shop.all(Order.tax_calculation) == shop.all(Payment.stripe_tax_calculation) == [calculation]
    refunds(shop, 1190 * 2, "a part")
    refunds(shop, None, "the rest")
    booked = [line.amount_tax for one in committed(sandbox, intent) for line in one.line_items.data]
    assert booked == [456, -380, -76]


@INCLUDED
def test_one_click_without_a_calculation_makes_two_calls(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    button = alice.one_click_button()

    answer = alice.presses(button)

    assert answer.state == "paid"
    assert asked(sandbox) == [TAX, PAY]
    assert shop.charged() == [Money(2400, "eur")]
    assert shop.all(Order.tax, Order.total) == [(0, 2400)]
    assert shop.all(OrderTax.base, OrderTax.amount, OrderTax.included) == [(2017, 383, True)]


@ON_TOP
def test_a_total_that_grows_by_its_tax_is_asked_about_and_not_charged(
    shop: Shop, sandbox: Sandbox, alice: Shopper
) -> None:
    refused = alice.presses(alice.one_click_button())
    asked_first = asked(sandbox)
    paid = alice.presses(refused.page.form("/checkout/one-click"))

    assert (refused.status, asked_first) == (409, [TAX])
    assert "28,56" in refused.page.text
    assert (paid.state, asked(sandbox)) == ("paid", [TAX, PAY])
    assert shop.charged() == [Money(2856, "eur")]


@ON_TOP
def test_a_calculation_of_yesterday_is_made_anew(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.puts_in_cart("Teapot")
    button = alice.cart_button()
    shop.clock.forward(hours=25)
    forgets_what_was_asked(sandbox)

    answer = alice.presses(button)

    assert (answer.state, asked(sandbox)) == ("paid", [TAX, PAY])
    assert shop.all(Order.tax_calculation) == shop.all(TaxCalculation.stripe_id)[1:]
    assert len(committed(sandbox, shop.intents()[0])) == 1


@ON_TOP
def test_another_orders_calculation_only_serves_to_be_shown(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    for _ in range(2):
        alice.puts_in_cart("Teapot")
        alice.presses(alice.cart_button())

    assert shop.charged() == [Money(2856, "eur")] * 2
    assert shop.all(Order.tax_calculation) == shop.all(TaxCalculation.stripe_id)
    assert [len(committed(sandbox, intent)) for intent in shop.intents()] == [1, 1]


@ON_TOP
def test_two_customers_with_one_calculation_pay_in_the_same_moment(
    shop: Shop, sandbox: Sandbox, alice: Shopper, bob: Shopper
) -> None:
    alice.puts_in_cart("Teapot")
    bob.puts_in_cart("Teapot")
    kept = shop.all(TaxCalculation.stripe_id)
    alices, bobs = alice.cart_button(), bob.cart_button()

    answers = at_once([lambda: alice.presses(alices), lambda: bob.presses(bobs)])

    assert len(kept) == 1
    assert [one.state for one in answers] == ["paid", "paid"]
    assert sorted(shop.all(Order.tax_calculation)) == sorted(shop.all(TaxCalculation.stripe_id))
    assert [len(committed(sandbox, intent)) for intent in shop.intents()] == [1, 1]


@ON_TOP
def test_while_stripe_is_silent_the_cart_is_drawn_and_nothing_is_charged(
    shop: Shop, sandbox: Sandbox, alice: Shopper
) -> None:
    sandbox.fault("error_before", TAX, times=2)
    drawn = alice.puts_in_cart("Teapot")
    words = alice.opens("/cart").page.text
    refused = alice.presses(alice.cart_button())
    orders = shop.orders()
    changed = alice.presses(alice.cart_button())
    paid = alice.presses(alice.cart_button())

    assert (drawn.status, "worked out at the next step" in words) == (200, True)
    assert (refused.status, orders) == (503, [])
    assert (changed.status, paid.state) == (409, "paid")
    assert shop.charged() == [Money(2856, "eur")]
    assert asked(sandbox) == [TAX, TAX, TAX, PAY]


@ON_TOP
def test_a_slow_stripe_keeps_no_cart_waiting(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.fault("delay", TAX, seconds=7)
    began = time.monotonic()

    alice.puts_in_cart("Teapot")

    assert time.monotonic() - began < 6.5
    assert shop.all(TaxCalculation.stripe_id) == [None]
    while asked(sandbox) != [TAX]:  # the sandbox is still at it, and would tell the next test of it
        time.sleep(0.2)


@ON_TOP
def test_nobody_has_taxes_worked_out_for_nothing(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    with shop.inside():
        limiter.limiter.hit(parse(MAX_PER_ADDRESS), "tax", "127.0.0.1", cost=299)

    for thing in ("Teapot", "Mug"):
        alice.puts_in_cart(thing)
    answer = alice.presses(alice.cart_button())

    assert (answer.status, asked(sandbox), shop.orders()) == (429, [TAX], [])


@ON_TOP
def test_drawing_pages_asks_nobody(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.puts_in_cart("Teapot")
    shop.clock.forward(hours=25)
    forgets_what_was_asked(sandbox)

    for page in ("/cart", "/checkout", "/products/teapot", "/account/addresses"):
        assert alice.opens(page).status == 200
    assert asked(sandbox) == []


@ON_TOP
def test_another_address_is_another_tax(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.puts_in_cart("Teapot")
    forgets_what_was_asked(sandbox)
    fields = {"name": "Alice", "line1": "Rue 1", "postal_code": "75001", "city": "Paris", "country": "FR"}

    alice.sends("/account/addresses", fields)
    default = alice.opens("/account/addresses").page
    alice.presses(next(form for form in default.forms if form.action.endswith("/default")))

    assert "28,80" in alice.opens("/cart").page.text
    assert alice.presses(alice.cart_button()).state == "paid"
    assert shop.all(OrderTax.percentage, OrderTax.amount) == [(20_000, 480)]


@ON_TOP
def test_what_is_typed_at_the_checkout_is_taxed_before_it_is_paid(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.puts_in_cart("Teapot")
    typed = HOME | {"name": "Alice", "line1": "1 Rue", "city": "Paris", "postal_code": "75001", "country": "FR"}
    form = alice.opens("/checkout").page.form("/checkout/pay")
    drawn = alice.sends("/checkout", form.fields | typed, htmx=False)
    forgets_what_was_asked(sandbox)

    button = drawn.page.form("/checkout/pay")
    answer = alice.presses(button, typed=typed | {"confirmation_token": sandbox.confirmation_token()})

    assert "28,80" in drawn.page.text
    assert asked(sandbox) == [PAY], answer.html
    assert shop.all(Order.total, Order.tax) == [(2880, 480)]


@ON_TOP
def test_signing_in_brings_the_cart_along_with_its_tax(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.sends("/auth/logout", {})
    alice.puts_in_cart("Teapot")
    alice.signs_in()
    forgets_what_was_asked(sandbox)

    answer = alice.presses(alice.cart_button())

    assert (answer.state, asked(sandbox)) == ("paid", [PAY])


@ON_TOP
def test_an_address_without_taxes_of_its_own_is_refused_in_words(shop: Shop, sandbox: Sandbox, bob: Shopper) -> None:
    bob.puts_in_cart("Teapot")
    sandbox.fault("refuse_400", TAX, code="customer_tax_location_invalid")
    bob.has_address(postal_code="99999", city="Nowhere")
    form = bob.opens("/checkout").page.form("/checkout/pay")
    typed = {
        "name": "Bob", "line1": "1 Road", "postal_code": "00000", "city": "Nowhere", "region": "Texas", "country": "US",
        "confirmation_token": sandbox.confirmation_token(),
    }  # fmt: skip

    answer = bob.presses(form, typed=typed)

    assert (answer.status, shop.orders()) == (422, [])
    assert "check the postcode" in answer.page.text
    assert "customer_tax_location_invalid" in shop.all(TaxCalculation.refusal)


@ON_TOP
def test_the_next_card_pays_the_same_intent_and_its_tax(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.puts_in_cart("Teapot")
    sandbox.fault("decline_402", "/v1/payment_intents")
    alice.pays_at_checkout("pm_card_visa_chargeDeclined")
    again = alice.sees_order()

    answer: Answer = alice.tries_again(again.page)

    assert answer.state == "paid"
    assert [one.type for one in committed(sandbox, shop.intents()[0])] == ["transaction"]


@ON_TOP
def test_stripes_page_lists_the_tax_and_reckons_none_of_its_own(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.puts_in_cart("Teapot", 2)
    session = goes_to_stripe(alice).at_stripe()

    lines = sandbox.stripe.v1.checkout.sessions.line_items.list(session.id).data
    assert [(line.description, line.amount_total) for line in lines] == [("Teapot", 4800), ("Tax", 912)]
    assert (session.amount_total, session.automatic_tax.enabled) == (5712, False)


@ON_TOP
def test_what_is_a_day_old_is_forgotten(shop: Shop, alice: Shopper) -> None:
    alice.puts_in_cart("Teapot")
    shop.clock.forward(hours=20)
    alice.puts_in_cart("Mug")
    shop.clock.forward(hours=5)

    with shop.inside():
        delete_old_calculations()

    assert shop.all(TaxCalculation.id) == [2]


def test_without_the_setting_stripe_is_not_asked(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.puts_in_cart("Teapot")

    assert alice.presses(alice.cart_button()).state == "paid"
    assert (asked(sandbox), shop.count(TaxCalculation)) == ([PAY], 0)
