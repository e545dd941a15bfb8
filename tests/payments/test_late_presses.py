"""Presses that come when things have moved on: on somebody else's order, an emptied cart, an order that is over."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from storefront.catalog.models import Variant
from storefront.core.database import transaction
from storefront.core.errors import InvalidRequestError, NotFoundError
from storefront.core.money import Money
from storefront.orders.models import Order
from storefront.payments.attempts import PaymentInstructions
from storefront.payments.ledger.models import AttemptState, PaymentAttempt
from storefront.payments.order_view import order_view
from storefront.payments.retry import give_up, pay_again
from storefront.reconcile.attempt import reconcile_order
from tests.people import HOME, Shopper
from tests.stack import INTENTS, Sandbox, Shop

FAILS = "pm_card_chargeCustomerFail"


def declined_from_cart(person: Shopper, thing: str = "Teapot") -> None:
    """An order from the cart that is still to be paid; the cart stays open."""
    person.puts_in_cart(thing)
    button = person.cart_button()
    button.fields["card_id"] = str(person.has_card(FAILS))
    assert person.presses(button).state == "declined"


def test_somebody_elses_button_buys_nothing(shop: Shop, sandbox: Sandbox, alice: Shopper, bob: Shopper) -> None:
    button, own = alice.one_click_button(), bob.one_click_button()
    alice.presses(button)
    asked = len(sandbox.requests())

    answer = bob.presses(own, typed={"checkout_token": button.fields["checkout_token"]})

    assert answer.status == 409
    assert bob.orders() == []
    assert len(sandbox.requests()) == asked


def test_an_emptied_cart_is_not_charged(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.puts_in_cart("Teapot")
    button = alice.cart_button()
    variant = shop.products["Teapot"]
    alice.sends(f"/cart/items/{variant}", {"quantity": "0"})

    answer = alice.presses(button)

    assert answer.status == 409
    assert shop.count(Order) == 0
    assert sandbox.requests() == []


def test_another_try_needs_a_card(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    declined_from_cart(alice)
    asked = len(sandbox.requests())

    with shop.inside(), pytest.raises(InvalidRequestError, match="Please choose a card"):
        pay_again(1, 2, PaymentInstructions(None, in_page=True))

    assert len(sandbox.requests()) == asked
    assert shop.all(PaymentAttempt.state) == [AttemptState.declined]
    assert alice.orders() == [("Teapot", "failed")]


def test_no_other_card_is_tried_while_one_has_no_answer(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=2)  # both tries of one call
    checking = alice.buys()
    asked = len(sandbox.requests("POST", "/"))
    order, other = shop.order_ids()[0], alice.has_card("pm_card_mastercard")

    alice.sends(f"/orders/{order}/payment", {"attempt": "2", "card_id": str(other)})
    confirmed = [one["path"] for one in sandbox.requests("POST", "/")[asked:] if one["path"].endswith("/confirm")]
    shop.work()

    assert checking.state == "checking"
    assert confirmed == []
    assert shop.all(PaymentAttempt.number, PaymentAttempt.state) == [(1, AttemptState.succeeded)]
    assert alice.charged() == [Money(2400, "eur")]


def test_a_cart_that_costs_nothing_by_now_takes_the_place_of_its_unpaid_order(
    shop: Shop, sandbox: Sandbox, alice: Shopper
) -> None:
    declined_from_cart(alice)
    shop.set_price("Teapot", 0)
    asked = len(sandbox.requests("POST", INTENTS))

    answer = alice.presses(alice.cart_button())

    assert answer.state == "paid"
    assert shop.orders() == [(2400, "canceled"), (0, "paid")]
    assert [one["path"].rpartition("/")[2] for one in sandbox.requests("POST", INTENTS)[asked:]] == ["cancel"]
    assert alice.charged() == []


def test_what_is_paid_cannot_be_given_up(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.buys()
    sandbox.control("DELETE", "/requests")

    with shop.inside():
        give_up(1)
        reconcile_order(1)

    assert sandbox.requests("POST", INTENTS) == sandbox.requests("GET", INTENTS) == []
    assert alice.orders() == [("Teapot", "paid")]
    assert len(alice.charged()) == 1


def test_an_order_that_stripe_never_took_has_nothing_to_look_at(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.fault("refuse_400", INTENTS, code="parameter_invalid_empty")
    alice.buys()

    with shop.inside():
        reconcile_order(1)

    assert sandbox.requests("GET", INTENTS) == []
    assert alice.orders() == [("Teapot", "failed")]


def test_an_order_that_is_not_there_is_not_shown(shop: Shop) -> None:
    with shop.inside(), pytest.raises(NotFoundError):
        order_view("0" * 32)


def test_a_dispute_is_shown_with_its_deadline_while_it_has_one(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.buys()
    opened = sandbox.control("POST", "/disputes", charge=shop.intents_at_stripe()[0]["latest_charge"])
    shop.settle()
    with shop.inside():
        [(status, deadline)] = order_view(shop.order_ids()[0]).disputes
    sandbox.control("POST", f"/disputes/{opened['id']}", status="lost")
    shop.settle()
    shop.clock.forward(hours=24 * 60)

    with shop.inside():
        after = order_view(shop.order_ids()[0]).disputes

    assert (status, deadline is not None) == ("needs response", True)
    assert after == (("lost", None),)


def test_the_checkouts_button_pressed_again_after_it_paid_shows_its_order(
    shop: Shop, sandbox: Sandbox, alice: Shopper
) -> None:
    alice.puts_in_cart("Mug")
    form = alice.opens("/checkout").page.form("/checkout/pay")
    typed = HOME | {"confirmation_token": sandbox.confirmation_token()}
    alice.presses(form, htmx=False, typed=typed)

    again = alice.presses(form, htmx=False, typed=HOME | {"confirmation_token": sandbox.confirmation_token()})

    assert again.url.endswith(f"/orders/{shop.order_ids()[0]}")
    assert again.state == "paid"
    assert alice.orders() == [("Mug", "paid")]
    assert len(alice.charged()) == 1


def test_of_two_presses_that_wait_for_the_same_shelf_one_buys(shop: Shop, alice: Shopper) -> None:
    path, fields = alice.one_click_button("Vase").pressed()
    with ThreadPoolExecutor(2) as crowd:
        with shop.inside(), transaction() as session:
            session.get_one(Variant, shop.products["Vase"], with_for_update=True)
            presses = [crowd.submit(alice.another_tab().sends, path, fields) for _ in range(2)]
            time.sleep(1)  # neither has found an order of this button; both wait
        answers = [press.result() for press in presses]

    assert [answer.status for answer in answers] == [200, 200]
    assert alice.orders() == [("Vase", "paid")]
    assert alice.charged() == [Money(6900, "eur")]
    assert shop.stock("Vase") == 0
