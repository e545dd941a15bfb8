"""Money on its way back, and disputes: every row of the list of failures that is about them."""

from functools import partial

from storefront.core.errors import InvalidRequestError
from storefront.core.money import Money
from storefront.orders.models import Order
from storefront.payments.ledger.models import Payment, Refund, RefundState
from storefront.payments.order_view import order_view
from storefront.payments.refunds import RefundView, refund_order
from storefront.webhooks.models import StripeEvent
from tests.people import Shopper, at_once
from tests.stack import Sandbox, Shop

TEAPOT = Money(2400, "eur")


def gives_back(shop: Shop, amount: int | None, form: str) -> RefundView | str:
    """The owner's form; or what it says instead."""
    with shop.inside():
        try:
            return refund_order(
                1, amount=amount, reason="requested_by_customer", requested_by="olive", request_token=form
            )
        except InvalidRequestError as refused:
            return refused.words


def test_42_a_refund_is_asked_for_twice(shop: Shop, alice: Shopper) -> None:
    alice.buys()

    both = at_once([partial(gives_back, shop, None, "one form")] * 2)
    another = gives_back(shop, None, "another form")

    assert both[0].public_id == both[1].public_id
    assert another == "All of it has been given back already."
    assert shop.given_back() == [TEAPOT]
    assert shop.all(Payment.amount_captured, Payment.amount_refunded) == [(2400, 2400)]


def test_42_two_partial_refunds_at_once(shop: Shop, alice: Shopper) -> None:
    alice.buys()

    at_once([partial(gives_back, shop, 1300, f"form {number}") for number in range(3)])

    assert shop.given_back() == [Money(1300, "eur")]
    assert shop.all(Refund.amount) == [1300]
    assert alice.orders() == [("Teapot", "partially_refunded")]


def test_43_a_refund_made_in_the_dashboard_and_one_of_ours(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.buys()
    gives_back(shop, 900, "a form")
    sandbox.stripe.v1.refunds.create({"payment_intent": shop.intents()[0], "amount": 400})
    sandbox.wait_for_webhooks()
    sandbox.release_webhooks(repeat=2)
    shop.settle()

    assert sorted(shop.all(Refund.amount, Refund.requested_by)) == [(400, "Stripe dashboard"), (900, "olive")]
    assert shop.all(Payment.amount_refunded) == [1300]
    assert sorted(money.minor for money in shop.given_back()) == [400, 900]
    assert len(alice.mails("refunded")) == 2


def test_44_a_refund_that_succeeded_fails_days_later(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.control("POST", "/tasks", hold=True)
    button = alice.one_click_button()
    button.fields["card_id"] = str(alice.has_card("pm_card_refundFail"))
    alice.presses(button)
    first = gives_back(shop, None, "a form")
    given_back = alice.orders()

    shop.clock.forward(hours=72)
    sandbox.control("POST", "/tasks", hold=False)
    shop.settle()

    assert isinstance(first, RefundView)
    assert (first.state, given_back) == (RefundState.succeeded, [("Teapot", "refunded")])
    assert shop.all(Refund.state) == [RefundState.failed]
    assert shop.all(Payment.amount_captured, Payment.amount_refunded) == [(2400, 0)]
    assert alice.orders() == [("Teapot", "paid")]
    assert alice.mails("refund_failed") == ["refund_failed"]
    assert len(shop.mails("owner_alarm")) == 1


def test_45_a_dispute_on_a_refunded_order(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.buys("Vase")
    gives_back(shop, None, "a form")
    stock = shop.stock("Vase")

    sandbox.control("POST", "/disputes", charge=shop.intents_at_stripe()[0]["latest_charge"])
    sandbox.wait_for_webhooks()
    sandbox.release_webhooks(repeat=2)
    shop.settle()

    with shop.inside():
        [(status, deadline)] = order_view(shop.order_ids()[0]).disputes
    assert (status, deadline is not None) == ("needs response", True)
    assert shop.stock("Vase") == stock
    assert shop.all(Order.status) == ["refunded"]
    assert len(shop.mails("owner_alarm")) == 1


def test_45_a_dispute_on_a_canceled_order(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=2)  # charged, and nobody heard of it
    checking = alice.buys("Vase")
    alice.presses(checking.page.form("/cancellation"))
    shop.clock.forward(minutes=2)
    shop.work()
    canceled, stock = alice.orders(), shop.stock("Vase")

    sandbox.control("POST", "/disputes", charge=shop.intents_at_stripe()[0]["latest_charge"])
    sandbox.release_webhooks()
    shop.settle()

    assert (canceled, stock) == ([("Vase", "canceled")], 1)
    assert alice.orders() == canceled
    assert shop.stock("Vase") == stock
    assert {state.value for state in shop.all(StripeEvent.state)} <= {"applied", "ignored"}
    assert len(shop.mails("owner_alarm")) == 1
