"""What is refused before anything is placed, and where a used button leads."""

import secrets
from collections.abc import Callable

from storefront.cards.models import SavedCard
from storefront.carts.models import Cart
from storefront.core.database import transaction
from storefront.core.money import Money
from storefront.orders.models import Order, OrderStatus
from storefront.payments.ledger.models import AttemptState, Payment, PaymentAttempt
from storefront.shipping_and_tax.models import ShippingRate, ShippingZone
from tests.people import HOME, Shopper
from tests.stack import INTENTS, Sandbox, Shop


def test_a_price_that_changed_under_the_button(shop: Shop, alice: Shopper) -> None:
    button = alice.one_click_button()
    shop.set_price("Teapot", 2600)

    asked = alice.presses(button)
    paid = alice.presses(asked.page.form("/checkout/one-click"))

    assert (asked.status, asked.panel) == (409, "changed")
    assert paid.state == "paid"
    assert shop.charged() == [Money(2600, "eur")]


def test_under_the_least_that_can_be_charged(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    shop.set_price("Teapot", 40)

    refused = alice.buys()

    assert refused.status == 422
    assert "least" in refused.page.text
    assert (shop.count(Order), len(sandbox.requests())) == (0, 0)


def test_a_total_of_nothing_needs_no_payment(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    shop.set_price("Mug", 0)

    answer = alice.buys("Mug")

    assert answer.state == "paid"
    assert shop.orders() == [(0, "paid")]
    assert (shop.count(PaymentAttempt), len(sandbox.requests())) == (0, 0)
    assert alice.mails("receipt") == ["receipt"]
    assert shop.stock("Mug") == 39


def test_delivery_is_part_of_the_total(shop: Shop, alice: Shopper) -> None:
    with shop.inside(), transaction() as session:
        parcel = ShippingRate(name="Parcel", price_minor=490, free_from_minor=5000, days=2)
        session.add(ShippingZone(name="Everywhere", everywhere=True, rates=[parcel]))

    alice.buys()
    alice.buys("Vase")

    assert shop.charged() == [Money(2890, "eur"), Money(6900, "eur")]


def test_an_open_order_for_the_same_is_asked_about_first(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    button = alice.one_click_button()
    button.fields["card_id"] = str(alice.has_card("pm_card_chargeCustomerFail"))
    alice.presses(button)
    before = len(sandbox.requests())

    asked = alice.buys()
    sent_meanwhile = len(sandbox.requests()) - before
    second = alice.presses(asked.page.form("/checkout/one-click"), typed={"card_id": str(alice.cards["pm_card_visa"])})

    assert (asked.status, asked.panel, sent_meanwhile) == (409, "open_order", 0)
    assert second.state == "paid"
    assert alice.orders() == [("Teapot", "failed"), ("Teapot", "paid")]


def test_somebody_elses_button(shop: Shop, sandbox: Sandbox, alice: Shopper, bob: Shopper) -> None:
    button = alice.one_click_button()
    alice.presses(button)

    answer = bob.presses(bob.one_click_button(), typed={"checkout_token": button.fields["checkout_token"]})

    assert answer.status == 409
    assert answer.page.form("/checkout/one-click").fields["checkout_token"] != button.fields["checkout_token"]
    assert bob.orders() == []
    assert len(shop.charged()) == 1


def test_no_address(shop: Shop, someone: Callable[[str], Shopper]) -> None:
    carol = someone("Carol Clark")
    card_id = carol.has_card()

    answer = carol.sends(
        "/checkout/one-click",
        {
            "checkout_token": secrets.token_urlsafe(24),
            "expected_total": "2400",
            "variant_id": str(shop.products["Teapot"]),
            "card_id": str(card_id),
        },
    )

    assert answer.status == 422
    assert shop.count(Order) == 0


def test_a_new_card_at_the_checkout_is_kept_with_its_consent(shop: Shop, someone: Callable[[str], Shopper]) -> None:
    carol = someone("Carol Clark")
    carol.puts_in_cart("Teapot")

    paid = carol.pays_at_checkout(keep=True)
    again = carol.buys("Mug")

    assert (paid.state, again.state) == ("paid", "paid")
    [(last4, consent_at, words)] = shop.all(SavedCard.last4, SavedCard.consent_at, SavedCard.consent_words)
    assert (last4, consent_at is not None) == ("4242", True)
    assert words == shop.all(PaymentAttempt.consent_words)[0] != ""


def test_a_new_card_is_not_kept_without_consent(shop: Shop, someone: Callable[[str], Shopper]) -> None:
    carol = someone("Carol Clark")
    carol.puts_in_cart("Teapot")

    paid = carol.pays_at_checkout()
    shop.settle()

    assert paid.state == "paid"
    assert shop.count(SavedCard) == 0


def test_a_declined_new_card_then_another_on_the_same_order(shop: Shop, someone: Callable[[str], Shopper]) -> None:
    carol = someone("Carol Clark")
    carol.puts_in_cart("Teapot")

    declined = carol.pays_at_checkout("pm_card_visa_chargeDeclinedInsufficientFunds")
    form = carol.opens("/checkout").page.form("/checkout/pay")
    typed = HOME | {"name": carol.name, "confirmation_token": shop.sandbox.confirmation_token()}
    answer = carol.presses(form, typed=typed)

    assert declined.state == "declined"
    assert "insufficient funds" in declined.page.text
    assert carol.opens(answer.redirect or answer.url).state == "paid"
    assert shop.all(PaymentAttempt.state) == [AttemptState.declined, AttemptState.succeeded]
    assert shop.orders() == [(2400, "paid")]


def test_the_cart_changed_but_its_order_was_paid_after_all(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    carol.puts_in_cart("Teapot")
    carol.presses(carol.cart_button())
    sandbox.hold_webhooks()
    sandbox.answer_bank(shop.intents()[0], passed=True)
    carol.puts_in_cart("Mug")

    answer = carol.presses(carol.cart_button())

    assert answer.page.order == shop.order_ids()[0]
    assert shop.orders() == [(2400, "paid")]
    assert shop.charged() == [Money(2400, "eur")]


def test_the_cart_changed_while_stripe_is_away(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.puts_in_cart("Teapot")
    button = alice.cart_button()
    button.fields["card_id"] = str(alice.has_card("pm_card_chargeCustomerFail"))
    alice.presses(button)
    alice.puts_in_cart("Mug")
    sandbox.fault("error_before", f"{INTENTS}*", verb="*", times=50)

    answer = alice.presses(alice.cart_button())

    assert answer.page.order == shop.order_ids()[0]
    assert shop.all(Order.status) == [OrderStatus.failed]


def test_a_try_too_many(shop: Shop, alice: Shopper) -> None:
    alice.has_card("pm_card_chargeCustomerFail")
    button = alice.one_click_button()
    button.fields["card_id"] = str(alice.cards["pm_card_chargeCustomerFail"])
    page = alice.presses(button).page
    answers = []
    for _ in range(12):
        form = next(one for one in page.forms if one.action.endswith("/payment") and one.buttons)
        answer = alice.presses(form, typed={"card_id": str(alice.cards["pm_card_chargeCustomerFail"])})
        answers.append(answer.status)
        page = answer.page if answer.status == 200 else page

    assert answers[:9] == [200] * 9
    assert set(answers[9:]) == {429}
    assert shop.count(PaymentAttempt) == 10


def test_paying_pauses_when_stripe_cannot_be_reached(shop: Shop, alice: Shopper) -> None:
    gateway = shop.app.extensions["stripe_gateway"]
    for _ in range(5):
        gateway.not_reached()

    answer = alice.buys()

    assert (answer.status, answer.panel) == (503, "busy")
    assert (shop.count(Order), shop.count(Payment)) == (0, 0)


def test_an_order_of_a_cart_gives_the_cart_a_new_button(shop: Shop, alice: Shopper) -> None:
    alice.puts_in_cart("Teapot")
    button = alice.cart_button()
    button.fields["card_id"] = str(alice.has_card("pm_card_chargeCustomerFail"))
    declined = alice.presses(button)

    alice.sends(f"/orders/{declined.page.order}/cancellation", {})
    paid = alice.presses(alice.cart_button(), typed={"card_id": str(alice.cards["pm_card_visa"])})

    assert paid.state == "paid"
    assert shop.orders() == [(2400, "canceled"), (2400, "paid")]
    assert button.fields["checkout_token"] not in shop.all(Cart.checkout_token)
