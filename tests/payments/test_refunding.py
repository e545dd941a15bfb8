"""Money goes back once a request, and never more than was paid."""

from functools import partial

import pytest

from storefront.core.errors import InvalidRequestError, NotFoundError
from storefront.core.money import Money
from storefront.orders.models import Order
from storefront.payments.ledger.models import Payment, Refund, RefundState
from storefront.payments.refunds import RefundView, RepeatedRefundError, refund_order, request_token
from tests.people import Shopper, at_once
from tests.stack import Sandbox, Shop

REFUNDS = "/v1/refunds"
BOTH_TRIES = 2
STAYS_DOWN = 200


def give_back(
    shop: Shop, amount: int | None = None, token: str = "", order: int = 1, *, may_repeat: bool = True
) -> RefundView:
    """As the owner's form does."""
    with shop.inside():
        return refund_order(
            order,
            amount=amount,
            reason="requested_by_customer",
            requested_by="olive",
            request_token=token or request_token(),
            may_repeat=may_repeat,
        )


def test_all_of_it(shop: Shop, alice: Shopper) -> None:
    alice.buys()

    view = give_back(shop)

    assert (view.amount, view.state) == (Money(2400, "eur"), RefundState.succeeded)
    assert alice.orders() == [("Teapot", "refunded")]
    assert shop.given_back() == [Money(2400, "eur")]
    assert alice.mails("refunded") == ["refunded"]
    assert alice.sees_order().state == "refunded"


def test_the_same_form_twice_is_one_refund(shop: Shop, alice: Shopper) -> None:
    alice.buys()

    views = at_once([partial(give_back, shop, 500, "one form")] * 2)

    assert views[0].public_id == views[1].public_id
    assert shop.given_back() == [Money(500, "eur")]
    assert alice.orders() == [("Teapot", "partially_refunded")]


def test_two_partial_refunds_at_once_are_never_more_than_was_paid(shop: Shop, alice: Shopper) -> None:
    alice.buys()

    def try_to() -> str:
        try:
            give_back(shop, 1500)
        except InvalidRequestError as refused:
            return refused.words
        return "given"

    said = at_once([try_to] * 3)

    assert said.count("given") == 1
    assert shop.given_back() == [Money(1500, "eur")]
    assert shop.all(Payment.amount_refunded) == [1500]


def test_two_that_may_not_repeat_each_other_are_one(shop: Shop, alice: Shopper) -> None:
    alice.buys()

    def try_to() -> str:
        try:
            give_back(shop, 500, may_repeat=False)
        except RepeatedRefundError as repeated:
            return repeated.words
        return "given"

    said = sorted(at_once([try_to] * 2))

    assert said[1] == "given"
    assert "of it went on its way a moment ago" in said[0]
    assert shop.given_back() == [Money(500, "eur")]


@pytest.mark.parametrize("amount", [0, -1, 2401])
def test_no_such_amount(shop: Shop, alice: Shopper, amount: int) -> None:
    alice.buys()

    with pytest.raises(InvalidRequestError, match="can be given back"):
        give_back(shop, amount)

    assert shop.count(Refund) == 0


def test_what_is_given_back_already(shop: Shop, alice: Shopper) -> None:
    alice.buys()
    give_back(shop)

    with pytest.raises(InvalidRequestError, match="already"):
        give_back(shop)


def test_what_is_not_paid(shop: Shop, alice: Shopper) -> None:
    button = alice.one_click_button()
    button.fields["card_id"] = str(alice.has_card("pm_card_chargeCustomerFail"))
    alice.presses(button)

    with pytest.raises(InvalidRequestError, match="not paid"):
        give_back(shop)
    with pytest.raises(NotFoundError):
        give_back(shop, order=999)


def test_a_lost_answer_is_asked_for_again_with_its_own_key(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.buys()
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", REFUNDS, times=BOTH_TRIES)

    view = give_back(shop, 700)
    shop.clock.forward(minutes=2)
    shop.work()

    assert view.state is RefundState.unknown
    assert shop.all(Refund.state) == [RefundState.succeeded]
    assert len({one["idempotency_key"] for one in sandbox.requests("POST", REFUNDS)}) == 1
    assert shop.given_back() == [Money(700, "eur")]


def test_an_old_key_is_never_sent_again(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.buys()
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", REFUNDS, times=BOTH_TRIES)
    give_back(shop, 700)
    sandbox.fault("error_before", REFUNDS, times=STAYS_DOWN)
    sent = len(sandbox.requests("POST", REFUNDS))

    shop.clock.forward(hours=30)
    sandbox.forget_faults()
    shop.work()

    assert len(sandbox.requests("POST", REFUNDS)) == sent
    assert shop.all(Refund.state) == [RefundState.succeeded]
    assert shop.given_back() == [Money(700, "eur")]


def test_an_old_one_that_never_got_there(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.buys()
    sandbox.fault("error_before", REFUNDS, times=STAYS_DOWN)
    give_back(shop, 700)

    shop.clock.forward(hours=30)
    sandbox.forget_faults()
    shop.work()

    assert shop.all(Refund.state, Refund.failure_reason) == [(RefundState.failed, "never_sent")]
    assert shop.given_back() == []
    assert alice.orders() == [("Teapot", "paid")]
    assert len(shop.mails("owner_alarm")) == 1


def test_stripe_refuses_it(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.buys()
    sandbox.hold_webhooks()
    sandbox.stripe.v1.refunds.create({"payment_intent": shop.intents()[0]})  # in the dashboard, a moment ago

    view = give_back(shop)
    sandbox.release_webhooks()
    shop.settle()

    assert view.state is RefundState.failed
    assert shop.given_back() == [Money(2400, "eur")]
    assert alice.orders() == [("Teapot", "refunded")]
    assert shop.all(Payment.amount_refunded) == [2400]


def test_one_that_fails_days_later(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    button = alice.one_click_button()
    button.fields["card_id"] = str(alice.has_card("pm_card_refundFail"))
    alice.presses(button)

    first = give_back(shop)
    sandbox.control("POST", "/tasks")
    shop.settle()

    assert first.state is RefundState.succeeded
    assert shop.all(Refund.state) == [RefundState.failed]
    assert shop.all(Order.status) == ["paid"]
    assert alice.mails("refunded", "refund_failed") == ["refunded", "refund_failed"]
    assert len(shop.mails("owner_alarm")) == 1


def test_one_that_is_pending_is_asked_about(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.control("POST", "/tasks", hold=True)
    button = alice.one_click_button()
    button.fields["card_id"] = str(alice.has_card("pm_card_pendingRefund"))
    alice.presses(button)
    first = give_back(shop)
    sandbox.hold_webhooks()
    sandbox.control("POST", "/tasks", hold=False)

    shop.clock.forward(hours=2)
    shop.work()

    assert first.state is RefundState.pending
    assert shop.all(Refund.state) == [RefundState.succeeded]
    assert shop.all(Order.status) == ["refunded"]
