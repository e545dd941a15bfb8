"""What happens in the same moment must not wait for itself in a circle, nor happen twice."""

import threading
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import select, update

from storefront.carts.models import Cart
from storefront.catalog.models import Variant
from storefront.core.database import current_session, transaction
from storefront.core.money import Money
from storefront.orders.models import Order, OrderSource, OrderStatus
from storefront.orders.placing import AlreadyPlacedError, Buyer, OrderRequest, place_order
from storefront.orders.pricing import price_goods
from storefront.orders.totals import Totals
from storefront.payments.ledger.models import AttemptState, PaymentAttempt
from tests.people import Shopper, at_once
from tests.stack import PATIENCE, Sandbox, Shop

ROUNDS = 4


def test_carts_with_the_same_things_in_another_order(
    shop: Shop, alice: Shopper, bob: Shopper, sandbox: Sandbox
) -> None:
    sandbox.hold_webhooks()
    for _ in range(ROUNDS):
        for who, things in ((alice, ("Mug", "Notebook")), (bob, ("Notebook", "Mug"))):
            for thing in things:
                who.puts_in_cart(thing)
        buttons = [alice.cart_button(), bob.cart_button()]

        answers = at_once([partial(alice.presses, buttons[0]), partial(bob.presses, buttons[1])])

        assert [answer.state for answer in answers] == ["paid", "paid"]
    assert (shop.stock("Mug"), shop.stock("Notebook")) == (40 - 2 * ROUNDS, 40 - 2 * ROUNDS)
    assert shop.charged() == [Money(2140, "eur")] * 2 * ROUNDS


@pytest.mark.parametrize("presses", [1, 3])
def test_another_try_beside_the_webhook_of_the_first(
    shop: Shop, sandbox: Sandbox, alice: Shopper, presses: int
) -> None:
    sandbox.wait_for_webhooks()
    sandbox.hold_webhooks()
    button = alice.one_click_button()
    button.fields["card_id"] = str(alice.has_card("pm_card_chargeCustomerFail"))
    declined = alice.presses(button).page

    tries = [partial(alice.another_tab().tries_again, declined)] * presses
    answers = at_once([sandbox.release_webhooks, *tries])[1:]
    shop.settle()

    assert {answer.status for answer in answers} <= {200, 503}
    assert alice.orders() == [("Teapot", "paid")]
    assert shop.all(PaymentAttempt.state) == [AttemptState.declined, AttemptState.succeeded]
    assert alice.charged() == [Money(2400, "eur")]
    assert alice.mails("receipt") == ["receipt"]
    assert shop.failed_jobs() == []


def test_giving_up_beside_another_try(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    """Whichever comes first: never an order canceled with its money kept, nor paid with its stock given back."""
    button = alice.one_click_button("Vase")
    button.fields["card_id"] = str(alice.has_card("pm_card_chargeCustomerFail"))
    declined = alice.presses(button).page

    at_once(
        [
            partial(alice.another_tab().tries_again, declined),
            partial(alice.another_tab().sends, f"/orders/{declined.order}/cancellation", {}),
        ]
    )
    shop.clock.forward(minutes=2)
    shop.settle()

    [(_, status)] = alice.orders()
    kept = sum(one.minor for one in shop.charged()) - sum(one.minor for one in shop.given_back())
    assert (status, kept, shop.stock("Vase")) in {("paid", 6900, 0), ("canceled", 0, 1)}


def test_a_carts_button_pressed_by_many_hands(shop: Shop, alice: Shopper) -> None:
    """Two unique indexes can refuse the second: whichever does, it lands on the first one's order."""
    told = []
    for _ in range(6):
        alice.puts_in_cart("Notebook")
        told += [answer.status for answer in alice.presses_at_once(alice.cart_button(), 3)]

    assert set(told) <= {200, 503}
    assert len(alice.orders()) == len(alice.charged()) == 6


def test_a_carts_order_written_by_many_hands(shop: Shop, alice: Shopper) -> None:
    """Whichever of two unique indexes refuses an order, its transaction goes on, and nobody waits in a circle.

    The second of two meets the cart's index before the token's in about one meeting of fifty.
    """
    alice.puts_in_cart("Notebook")
    [cart_id] = shop.all(Cart.id)
    buyer = Buyer(alice.user_id, alice.email, alice.email)
    wanted = OrderRequest("", 0, OrderSource.cart, cart_id, buyer, None, livemode=False)
    with shop.inside():
        totals = price_goods({shop.products["Notebook"]: 1}, wanted.deal)
    wanted = replace(wanted, expected_total=totals.total.minor)
    hands, rounds = 4, 400
    ready = threading.Barrier(hands)

    def press() -> list[bool]:
        told = []
        for number in range(rounds):
            with shop.inside() as session:
                session.scalar(select(1))
                ready.wait(PATIENCE)
                with transaction():
                    told.append(_is_first(replace(wanted, checkout_token=f"token-{number}"), totals))
            if ready.wait(PATIENCE) == 0:
                with shop.inside(), transaction() as session:
                    session.execute(update(Order).values(status=OrderStatus.canceled))
                    session.execute(update(Variant).values(stock=40))
            ready.wait(PATIENCE)
        return told

    told = at_once([press] * hands)

    assert [sum(at) for at in zip(*told, strict=True)] == [1] * rounds


def _is_first(wanted: OrderRequest, totals: Totals) -> bool:
    try:
        place_order(wanted, totals)
    except AlreadyPlacedError:
        current_session().scalars(select(Order.id).where(Order.checkout_token == wanted.checkout_token)).one()
        return False
    return True
