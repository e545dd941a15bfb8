"""A code is used once, is free again after a decline, and counts when the money comes: at the same moment and in any order."""

from functools import partial
from typing import Any

import pytest
from sqlalchemy import update

from storefront.carts.models import Cart, CartState
from storefront.core.database import transaction
from storefront.core.money import Money
from storefront.discounts.models import Discount, DiscountUse
from storefront.discounts.rules import DiscountKind
from storefront.orders.models import Order
from storefront.payments.cancel import cancel_at_stripe
from storefront.payments.ledger.models import PaymentAttempt
from storefront.privacy.erase import delete_account
from tests.orders.codes import offer
from tests.people import Answer, Shopper, at_once
from tests.reading import Form
from tests.stack import Sandbox, Shop

DECLINES = "pm_card_chargeCustomerFail"
OFF: dict[str, Any] = {"kind": DiscountKind.amount, "value": 400}
TEAPOT = 2400


@pytest.fixture
def once(shop: Shop) -> None:
    """A code that takes 4,00 € off, for one order in all."""
    with shop.inside():
        offer("ONCE", most_uses=1, **OFF)


def has_code(person: Shopper, code: str = "ONCE", thing: str = "Teapot") -> None:
    """Something is in their cart, and the code on it."""
    person.puts_in_cart(thing)
    with person.shop.inside(), transaction() as session:
        mine = update(Cart).where(Cart.user_id == person.user_id, Cart.state == CartState.open)
        session.execute(mine.values(discount_code=code))


def clicks(person: Shopper, button: Form | None = None, *, card: str = "") -> Answer:
    """One click on their cart, with the usual card or another."""
    button = button or person.cart_button()
    if card:
        button.fields["card_id"] = str(person.cards.get(card) or person.has_card(card))
    return person.presses(button)


def paying(person: Shopper) -> Any:
    """What confirms an intent past the shop, as if the bank had changed its mind."""
    return {"payment_method": person.card_at_stripe(), "return_url": person.shop.url}


def used(shop: Shop) -> tuple[int, list[bool]]:
    """What the code counts, and of each order that had it whether it holds it."""
    [count] = shop.all(Discount.uses)
    return count, [released is None for released in shop.all(DiscountUse.released_at)]


def test_one_click_on_a_cart_uses_its_code(shop: Shop, alice: Shopper, once: None) -> None:
    has_code(alice)

    button = alice.cart_button()
    paid = clicks(alice, button)

    assert button.fields["expected_total"] == "2000"
    assert paid.state == "paid"
    assert shop.charged() == [Money(2000, "eur")]
    assert shop.all(Order.subtotal, Order.discount, Order.discount_code, Order.total) == [(2400, 400, "ONCE", 2000)]
    assert used(shop) == (1, [True])


def test_one_click_on_a_product_has_no_code(shop: Shop, alice: Shopper, once: None) -> None:
    has_code(alice, thing="Mug")

    alice.buys("Teapot")

    assert shop.charged() == [Money(TEAPOT, "eur")]
    assert used(shop) == (0, [])


def test_two_buyers_of_a_code_with_one_use_left(shop: Shop, alice: Shopper, bob: Shopper, once: None) -> None:
    for person in (alice, bob):
        has_code(person)
    buttons = [alice.cart_button(), bob.cart_button()]

    answers = at_once([partial(clicks, alice, buttons[0]), partial(clicks, bob, buttons[1])])

    assert sorted((answer.status, answer.panel) for answer in answers) == [(200, "paid"), (409, "changed")]
    assert shop.charged() == [Money(2000, "eur")]
    assert used(shop) == (1, [True])
    loser = alice if answers[0].status == 409 else bob
    asked = next(answer for answer in answers if answer.status == 409)
    assert "The code ONCE " in asked.page.text
    assert "used up" in asked.page.text
    again = asked.page.form("/checkout/one-click")
    assert again.fields["expected_total"] == "2400"
    assert clicks(loser, again).state == "paid"
    assert shop.charged() == [Money(2000, "eur"), Money(2400, "eur")]


def test_one_customer_in_two_tabs_uses_it_once(shop: Shop, alice: Shopper) -> None:
    with shop.inside():
        offer("MINE", once=True, **OFF)
    has_code(alice, "MINE")
    button = alice.cart_button()

    answers = alice.presses_at_once(button, 4)

    assert {answer.status for answer in answers} <= {200, 503}
    assert shop.charged() == [Money(2000, "eur")]
    assert used(shop) == (1, [True])
    has_code(alice, "MINE")
    assert alice.cart_button().fields["expected_total"] == "2400"


def test_37_declined_then_another_buyer_then_the_first_again(
    shop: Shop, alice: Shopper, bob: Shopper, once: None
) -> None:
    has_code(alice)
    has_code(bob)
    declined = clicks(alice, card=DECLINES)
    assert declined.state == "declined"
    assert used(shop) == (0, [False])

    assert clicks(bob).state == "paid"
    tries_again = alice.tries_again(declined.page)

    assert tries_again.status == 409
    assert tries_again.state == "declined"
    assert "The code ONCE was used up in the meantime. Cancel this order" in tries_again.page.text
    assert shop.charged() == [Money(2000, "eur")]
    assert len(shop.all(PaymentAttempt)) == 2
    assert used(shop) == (1, [False, True])

    given_up = alice.presses(tries_again.page.form("/cancellation"))
    assert given_up.state == "canceled"
    cart = alice.opens("/cart").page.form("/checkout/one-click")
    assert cart.fields["expected_total"] == "2400"
    assert clicks(alice, cart).state == "paid"
    assert shop.charged() == [Money(2000, "eur"), Money(2400, "eur")]
    assert used(shop) == (1, [False, True])


def test_declined_then_paid_with_another_card_uses_it_once(shop: Shop, alice: Shopper, once: None) -> None:
    has_code(alice)
    declined = clicks(alice, card=DECLINES)

    paid = alice.tries_again(declined.page)
    shop.settle()

    assert paid.state == "paid"
    assert shop.charged() == [Money(2000, "eur")]
    assert used(shop) == (1, [True])


def test_declined_twice_frees_it_twice(shop: Shop, alice: Shopper, once: None) -> None:
    has_code(alice)
    declined = clicks(alice, card=DECLINES)
    for _ in range(2):
        form = next(one for one in declined.page.forms if one.action.endswith("/payment") and one.buttons)
        declined = alice.sends(form.action, form.fields | {"card_id": str(alice.cards[DECLINES])})
        assert declined.state == "declined"
    shop.settle()

    assert used(shop) == (0, [False])


def test_while_the_bank_is_asked_nobody_else_has_it(shop: Shop, alice: Shopper, bob: Shopper, once: None) -> None:
    has_code(alice)
    has_code(bob)
    asked = clicks(alice, card="pm_card_authenticationRequired")
    assert asked.state == "challenge"

    button = bob.cart_button()

    assert button.fields["expected_total"] == "2400"
    assert used(shop) == (1, [True])
    # To Alice her own open order does not stand in the way.
    assert alice.cart_button().fields["expected_total"] == "2000"


def test_canceled_twice_it_is_freed_once(shop: Shop, alice: Shopper, once: None) -> None:
    has_code(alice)
    clicks(alice, card="pm_card_authenticationRequired")
    [order_id] = shop.all(Order.id)

    def cancel() -> None:
        with shop.inside():
            cancel_at_stripe(order_id)

    at_once([cancel, cancel])
    shop.settle()

    assert [status for _, status in shop.orders()] == ["canceled"]
    assert used(shop) == (0, [False])


def test_a_refund_does_not_free_it(shop: Shop, sandbox: Sandbox, alice: Shopper, once: None) -> None:
    has_code(alice)
    clicks(alice)
    [intent] = shop.intents()

    sandbox.stripe.v1.refunds.create({"payment_intent": intent})
    shop.settle()

    assert [status for _, status in shop.orders()] == ["refunded"]
    assert used(shop) == (1, [True])


def test_money_that_comes_after_a_decline_counts_beyond_the_maximum(
    shop: Shop, sandbox: Sandbox, alice: Shopper, bob: Shopper, once: None
) -> None:
    has_code(alice)
    has_code(bob)
    clicks(alice, card=DECLINES)
    clicks(bob)
    [intent, _] = shop.intents()

    sandbox.stripe.v1.payment_intents.confirm(intent, paying(alice))
    shop.settle()

    assert shop.orders() == [(2000, "paid"), (2000, "paid")]
    assert used(shop) == (2, [True, True])
    assert "The code ONCE was used once more than it may be" in shop.letter("owner_alarm")


def test_money_that_comes_while_the_code_is_still_there_is_no_alarm(
    shop: Shop, sandbox: Sandbox, alice: Shopper, once: None
) -> None:
    has_code(alice)
    clicks(alice, card=DECLINES)
    [intent] = shop.intents()

    sandbox.stripe.v1.payment_intents.confirm(intent, paying(alice))
    shop.settle()

    assert shop.orders() == [(2000, "paid")]
    assert used(shop) == (1, [True])
    assert shop.mails("owner_alarm") == []


def test_many_buyers_many_codes_at_once(shop: Shop, alice: Shopper, bob: Shopper) -> None:
    """Orders, variants, discounts: always in this order, so nobody waits in a circle."""
    with shop.inside():
        offer("ALL", **OFF)
    for _ in range(3):
        for person, things in ((alice, ("Mug", "Notebook")), (bob, ("Notebook", "Mug"))):
            for thing in things:
                has_code(person, "ALL", thing)
        buttons = [alice.cart_button(), bob.cart_button()]
        answers = at_once([partial(clicks, alice, buttons[0]), partial(clicks, bob, buttons[1])])
        assert [answer.state for answer in answers] == ["paid", "paid"]
    assert used(shop) == (6, [True] * 6)


def test_giving_up_beside_a_purchase_of_the_same_with_the_same_code(
    shop: Shop, alice: Shopper, bob: Shopper, once: None
) -> None:
    with shop.inside(), transaction() as session:
        session.execute(update(Discount).values(most_uses=2))
    for person in (alice, bob):
        has_code(person, thing="Mug")
    waiting = clicks(alice, card="pm_card_authenticationRequired")
    button = bob.cart_button()

    cancel: Any = partial(alice.another_tab().sends, f"/orders/{waiting.page.order}/cancellation", {})
    at_once([cancel, partial(clicks, bob, button)])
    shop.settle()

    assert sorted(status for _, status in shop.orders()) == ["canceled", "paid"]
    assert used(shop) == (1, [False, True])


def test_of_who_leaves_no_address_stays_at_a_code_that_was_never_paid_with(
    shop: Shop, alice: Shopper, once: None
) -> None:
    has_code(alice)
    clicks(alice, card="pm_card_authenticationRequired")
    [order_id] = shop.all(Order.id)
    with shop.inside():
        cancel_at_stripe(order_id)
        delete_account(alice.user_id)

    assert shop.all(DiscountUse.email_key) == [None]
