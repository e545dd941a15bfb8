"""Finding one thing among others at Stripe, and what happens meanwhile."""

import threading
import time

import pytest

from storefront.core.database import transaction
from storefront.core.money import Money
from storefront.orders.models import Order
from storefront.payments.ledger.models import AttemptState, PaymentAttempt, Refund, RefundState
from storefront.payments.refunds import refund_order
from storefront.reconcile.attempt import reconcile_attempt
from storefront.reconcile.command import reconcile
from tests.people import Shopper
from tests.stack import INTENTS, PATIENCE, Sandbox, Shop

FAILS = "pm_card_chargeCustomerFail"
BOTH_TRIES = 2
REFUNDS = "/v1/refunds"


def give_back(shop: Shop, amount: int) -> None:
    with shop.inside():
        refund_order(1, amount=amount, reason="requested_by_customer", requested_by="olive", request_token=str(amount))


def test_a_charge_is_found_among_later_ones(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("error_after")
    alice.buys()
    alice.buys("Mug")
    alice.buys("Notebook")
    before = alice.orders()

    with shop.inside():
        reconcile_attempt(1)

    assert before == [("Teapot", "pending"), ("Mug", "paid"), ("Notebook", "paid")]
    assert alice.orders() == [("Teapot", "paid"), ("Mug", "paid"), ("Notebook", "paid")]
    assert alice.charged() == [Money(2400, "eur"), Money(1250, "eur"), Money(890, "eur")]


def test_a_refund_is_found_among_later_ones(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.buys()
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", REFUNDS, times=BOTH_TRIES)
    give_back(shop, 700)
    sandbox.stripe.v1.refunds.create({"payment_intent": shop.intents()[0], "amount": 300})

    shop.clock.forward(hours=30)
    shop.work()

    assert shop.all(Refund.amount, Refund.state) == [(700, RefundState.succeeded), (300, RefundState.succeeded)]
    assert shop.given_back() == [Money(700, "eur"), Money(300, "eur")]


@pytest.mark.parametrize(
    ("fault", "code"), [("refuse_400", "resource_missing"), ("forbid_403", "invalid_request_error")]
)
def test_a_refund_that_stripe_will_not_show_stays_as_it_was(
    shop: Shop, sandbox: Sandbox, alice: Shopper, fault: str, code: str
) -> None:
    sandbox.control("POST", "/tasks", hold=True)
    button = alice.one_click_button()
    button.fields["card_id"] = str(alice.has_card("pm_card_pendingRefund"))
    alice.presses(button)
    give_back(shop, 700)
    sandbox.fault(fault, f"{REFUNDS}/*", verb="GET", code="resource_missing")
    said: list[str] = []

    with shop.inside():
        found = reconcile(progress=said.append)

    [name] = shop.all(Refund.public_id)
    assert said[0] == f"1/1 refund {name}: Stripe refused ({code})"
    assert (found.asked, found.changed, found.open, found.unmatched) == (1, 0, 1, 0)
    assert shop.all(Refund.state) == [RefundState.pending]


def test_given_up_while_it_is_looked_at_it_is_not_sent_again(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    button = alice.one_click_button()
    button.fields["card_id"] = str(alice.has_card(FAILS))
    declined = alice.presses(button)
    sandbox.hold_webhooks()
    sandbox.fault("cut_before", f"{INTENTS}/*/confirm", times=BOTH_TRIES)
    alice.sends(f"/orders/{declined.page.order}/payment", {"attempt": "2", "card_id": str(alice.cards["pm_card_visa"])})
    sent = len(sandbox.requests("POST", INTENTS))
    looked = len(sandbox.requests("GET", INTENTS))
    sandbox.fault("delay_after", f"{INTENTS}/*", verb="GET", seconds=1.5)

    def ask() -> None:
        with shop.inside():
            reconcile_attempt(2)

    asking = threading.Thread(target=ask)
    asking.start()
    until = time.monotonic() + PATIENCE
    while len(sandbox.requests("GET", INTENTS)) == looked and time.monotonic() < until:
        time.sleep(0.02)
    with shop.inside(), transaction() as session:
        order = session.get_one(Order, 1)
        order.cancel_wanted_at = order.placed_at
    asking.join()

    assert len(sandbox.requests("POST", INTENTS)) == sent
    assert shop.all(PaymentAttempt.state) == [AttemptState.declined, AttemptState.unknown]
    assert alice.charged() == []
