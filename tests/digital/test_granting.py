"""What was bought is there once it is paid, and as long as it is."""

from pathlib import Path

import pytest

from storefront.core.database import transaction
from storefront.digital import assets
from storefront.digital.models import Grant
from storefront.orders.models import FulfilmentStatus, Order
from tests.digital.goods import (
    buys_with_teapot,
    decides,
    dispute,
    give_back,
    grants,
    refund_fails,
    sells_booklet,
    sells_link,
)
from tests.payments.test_one_click_cost import counting
from tests.people import Shopper
from tests.stack import Sandbox, Shop

OPEN = [("Glazes & Brände.pdf", None)]
REFUNDED = [("Glazes & Brände.pdf", "refunded")]
LOST = [("Glazes & Brände.pdf", "dispute_lost")]


def test_a_paid_order_is_given_everything_once(shop: Shop, sandbox: Sandbox, alice: Shopper, tmp_path: Path) -> None:
    sells_booklet(shop, tmp_path)
    sells_link(shop)
    sandbox.hold_webhooks()

    alice.buys("Notebook")
    sandbox.release_webhooks(repeat=3, order="reversed")
    shop.settle()

    assert grants(shop) == [*OPEN, ("The film", None)]
    assert shop.failed_jobs() == []


def test_an_order_without_them_never_asks(shop: Shop, alice: Shopper, tmp_path: Path) -> None:
    sells_booklet(shop, tmp_path)

    with counting(shop) as counted:
        alice.buys("Teapot")
        give_back(shop)
        shop.settle()

    assert grants(shop) == []
    assert [one for one in counted.statements if "assets" in one.replace("has_assets", "") or "grants" in one] == []


def test_nothing_is_given_while_it_is_not_paid(shop: Shop, alice: Shopper, tmp_path: Path) -> None:
    sells_booklet(shop, tmp_path)
    alice.has_card("pm_card_chargeCustomerFail")
    button = alice.one_click_button("Notebook")

    alice.presses(button, typed={"card_id": str(alice.cards["pm_card_chargeCustomerFail"])})
    shop.settle()

    assert shop.orders() == [(890, "failed")]
    assert grants(shop) == []


def test_a_total_of_nothing_gives_too(shop: Shop, alice: Shopper, tmp_path: Path) -> None:
    sells_booklet(shop, tmp_path)
    shop.set_price("Notebook", 0)

    alice.buys("Notebook")

    assert shop.orders() == [(0, "paid")]
    assert grants(shop) == OPEN


def test_a_full_refund_closes_and_its_failure_opens_again(
    shop: Shop, sandbox: Sandbox, alice: Shopper, tmp_path: Path
) -> None:
    sells_booklet(shop, tmp_path)
    alice.buys("Notebook")

    give_back(shop)
    assert grants(shop) == REFUNDED
    refund_fails(shop, sandbox)

    assert grants(shop) == OPEN
    assert shop.all(Grant.revoked_at) == [None]


def test_a_part_given_back_closes_nothing_until_it_is_all(
    shop: Shop, sandbox: Sandbox, alice: Shopper, tmp_path: Path
) -> None:
    sells_booklet(shop, tmp_path)
    alice.buys("Notebook")

    give_back(shop, 400)
    shop.settle()
    assert grants(shop) == OPEN
    give_back(shop, 490, token="twice")
    shop.settle()

    assert grants(shop) == REFUNDED


def test_only_a_lost_dispute_closes(shop: Shop, sandbox: Sandbox, alice: Shopper, tmp_path: Path) -> None:
    sells_booklet(shop, tmp_path)
    alice.buys("Notebook")

    opened = dispute(shop, sandbox)
    assert grants(shop) == OPEN
    decides(shop, sandbox, opened, "lost")
    assert grants(shop) == LOST
    decides(shop, sandbox, opened, "won")

    assert grants(shop) == OPEN


def test_money_told_of_in_any_order_ends_the_same(shop: Shop, sandbox: Sandbox, alice: Shopper, tmp_path: Path) -> None:
    sells_booklet(shop, tmp_path)
    sandbox.hold_webhooks()
    sandbox.fault("cut_after")
    sandbox.fault("cut_after")
    alice.buys("Notebook")
    sandbox.forget_faults()
    paid = shop.intents_at_stripe()[0]["id"]
    sandbox.stripe.v1.refunds.create({"payment_intent": paid})

    sandbox.release_webhooks(repeat=2, order="reversed")
    shop.settle()

    assert shop.orders() == [(890, "refunded")]
    assert grants(shop) == REFUNDED


@pytest.mark.parametrize("is_alone", [True, False])
def test_what_is_only_downloaded_is_fulfilled_at_once(
    shop: Shop, alice: Shopper, tmp_path: Path, *, is_alone: bool
) -> None:
    sells_booklet(shop, tmp_path)

    if is_alone:
        alice.buys("Notebook")
    else:
        buys_with_teapot(alice)

    expected = FulfilmentStatus.fulfilled if is_alone else FulfilmentStatus.unfulfilled
    assert shop.all(Order.fulfilment_status) == [expected]
    assert grants(shop) == OPEN


def test_an_order_is_given_what_there_was_when_it_was_placed(shop: Shop, alice: Shopper, tmp_path: Path) -> None:
    booklet = sells_booklet(shop, tmp_path)
    alice.buys("Notebook")
    shop.clock.forward(seconds=5)
    with shop.inside():
        assets.remove(booklet)
    sells_link(shop)
    shop.clock.forward(seconds=5)

    alice.buys("Notebook")

    assert grants(shop) == [*OPEN, ("The film", None)]


def test_three_copies_may_be_fetched_three_times_as_often(shop: Shop, alice: Shopper, tmp_path: Path) -> None:
    sells_booklet(shop, tmp_path, max_downloads=4, days=30)
    alice.puts_in_cart("Notebook", 3)

    alice.presses(alice.cart_button())

    assert shop.all(Grant.max_downloads) == [12]
    with shop.inside() as session, transaction():
        given = session.query(Grant).one()
        assert given.expires_at is not None
        assert (given.expires_at - given.granted_at).days == 30
