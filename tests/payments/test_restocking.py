"""Goods that come back with a refund are on the shelf again once, and never more than were sold."""

from collections.abc import Mapping
from functools import partial

import pytest

from storefront.core.errors import InvalidRequestError
from storefront.payments.ledger.models import Refund, RefundLine, RefundState
from storefront.payments.ledger.restock import Restock
from storefront.payments.refunds import RefundView, refund_order, request_token
from tests.people import Shopper, at_once
from tests.stack import Sandbox, Shop

REFUNDS = "/v1/refunds"
BOTH_TRIES = 2


def give_back(
    shop: Shop, amount: int | None = None, quantities: Mapping[str, int] | None = None, token: str = ""
) -> RefundView:
    """As the owner's command does, with goods."""
    with shop.inside():
        return refund_order(
            1, amount=amount, reason="requested_by_customer", requested_by="olive", request_token=token or request_token(),
            restock=Restock(quantities or {}),
        )  # fmt: skip


def test_all_of_it_comes_back(shop: Shop, alice: Shopper) -> None:
    alice.buys("Vase")
    sold = shop.stock("Vase")

    give_back(shop)
    shop.settle()

    assert (sold, shop.stock("Vase")) == (0, 1)
    assert shop.all(RefundLine.quantity) == [1]
    assert alice.mails("refunded") == ["refunded"]


def test_news_of_it_in_any_number_puts_it_back_once(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.buys("Vase")
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", REFUNDS, times=BOTH_TRIES)

    views = at_once([partial(give_back, shop, token="one form")] * 2)
    before_the_answer = shop.stock("Vase")
    sandbox.forget_faults()
    shop.clock.forward(minutes=2)
    shop.work()
    sandbox.release_webhooks(repeat=3)
    shop.settle()

    assert len({view.public_id for view in views}) == 1
    assert before_the_answer in {0, 1}
    assert shop.stock("Vase") == 1


def test_some_of_it_and_never_more_than_was_sold(shop: Shop, alice: Shopper) -> None:
    alice.puts_in_cart("Mug", 3)
    alice.presses(alice.cart_button())
    assert shop.stock("Mug") == 37

    give_back(shop, 1250, {"mug": 2})
    with pytest.raises(InvalidRequestError, match="Of mug, 1 can be put back on the shelf, not 2"):
        give_back(shop, 1250, {"mug": 2})
    give_back(shop)

    assert shop.stock("Mug") == 40
    assert shop.all(RefundLine.quantity) == [2, 1]


def test_two_at_once_bring_back_what_was_sold_and_no_more(shop: Shop, alice: Shopper) -> None:
    alice.buys("Mug")

    def tries() -> str:
        try:
            give_back(shop, 300, {"mug": 1})
        except InvalidRequestError:
            return "refused"
        return "done"

    assert sorted(at_once([tries] * 3)) == ["done", "refused", "refused"]
    assert shop.stock("Mug") == 40


def test_a_refund_that_stripe_refuses_brings_nothing_back(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.buys("Vase")
    sandbox.fault("refuse_400", REFUNDS, code="charge_disputed")

    give_back(shop)
    refused = (shop.all(Refund.state), shop.stock("Vase"))
    sandbox.forget_faults()
    give_back(shop)

    assert refused == ([RefundState.failed], 0)
    assert shop.stock("Vase") == 1


def test_one_that_fails_later_leaves_the_goods_in_the_shop(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.buys("Vase")
    give_back(shop)
    shop.settle()
    [refund] = shop.all(Refund.stripe_refund_id)

    sandbox.decide_refund(refund, "failed")
    shop.settle()

    assert alice.orders() == [("Vase", "paid")]
    assert shop.stock("Vase") == 1
    with pytest.raises(InvalidRequestError, match="Nothing of this order can be put back"):
        give_back(shop)


@pytest.mark.parametrize(
    ("amount", "quantities", "words"),
    [
        (100, {}, "which goods come back"),
        (None, {"spoon": 1}, "Of spoon, 0 can be put back on the shelf, not 1"),
        (None, {"mug": 0}, "Of mug, 1 can be put back on the shelf, not 0"),
    ],
)
def test_what_cannot_come_back(
    shop: Shop, alice: Shopper, amount: int | None, quantities: dict[str, int], words: str
) -> None:
    alice.buys("Mug")

    with pytest.raises(InvalidRequestError, match=words):
        give_back(shop, amount, quantities)

    assert shop.count(Refund) == 0
    assert shop.given_back() == []


def test_what_is_not_counted_is_not_put_back(shop: Shop, alice: Shopper) -> None:
    alice.buys("Teapot")

    with pytest.raises(InvalidRequestError, match="Nothing of this order can be put back"):
        give_back(shop)

    assert shop.stock("Teapot") is None


def test_without_the_wish_stock_stays(shop: Shop, alice: Shopper) -> None:
    alice.buys("Vase")
    with shop.inside():
        refund_order(1, amount=None, reason="requested_by_customer", requested_by="olive", request_token="form")
    shop.settle()

    assert shop.stock("Vase") == 0


def test_one_that_is_pending_first_brings_them_back_once(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.control("POST", "/tasks", hold=True)
    button = alice.one_click_button("Vase")
    button.fields["card_id"] = str(alice.has_card("pm_card_pendingRefund"))
    alice.presses(button)

    pending = give_back(shop).state
    while_pending = shop.stock("Vase")
    sandbox.control("POST", "/tasks")
    shop.settle()

    assert (pending, while_pending) == (RefundState.pending, 1)
    assert shop.all(Refund.state) == [RefundState.succeeded]
    assert shop.stock("Vase") == 1
