"""Everything open is asked about: sent again while it is wanted, only looked for after that, and let go at the end."""

import time
from collections.abc import Callable
from contextlib import suppress

import pytest
import requests
from sqlalchemy import delete

from storefront.cards.models import StripeCustomer
from storefront.core.database import transaction
from storefront.core.jobs.models import Job
from storefront.core.money import Money
from storefront.orders.models import Order
from storefront.payments.cancel import cancel_at_stripe
from storefront.payments.ledger.models import AttemptState, PaymentAttempt, Refund, RefundKind, RefundState
from storefront.reconcile.attempt import reconcile_attempt, release_order
from storefront.reconcile.command import reconcile
from tests.people import Shopper, at_once
from tests.stack import INTENTS, Sandbox, Shop

TEAPOT = Money(2400, "eur")
BOTH_TRIES = 2
STAYS_DOWN = 200


def test_after_its_hold_an_attempt_is_only_looked_for(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("error_after")  # charged, and this key will say 500 for ever
    alice.buys("Vase")
    sent = len(sandbox.requests())

    shop.clock.forward(minutes=31)
    shop.work()

    assert len(sandbox.requests()) == sent
    assert alice.orders() == [("Vase", "paid")]
    assert alice.charged() == [Money(6900, "eur")]
    assert shop.stock("Vase") == 0


def test_what_has_no_answer_is_asked_about_although_nobody_queued_it(
    shop: Shop, sandbox: Sandbox, alice: Shopper
) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=BOTH_TRIES)
    checking = alice.buys()
    with shop.inside(), transaction() as session:
        session.execute(delete(Job).where(Job.kind == "ask_about_attempt"))

    shop.clock.forward(minutes=2)
    shop.work()

    assert checking.state == "checking"
    assert alice.orders() == [("Teapot", "paid")]
    assert alice.charged() == [TEAPOT]


def test_what_was_never_sent_is_let_go_after_an_hour(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.fault("error_before", times=STAYS_DOWN)
    alice.buys("Vase")
    sandbox.forget_faults()
    shop.clock.forward(minutes=31)
    shop.work()
    after_the_hold = (alice.orders(), shop.stock("Vase"))
    shop.clock.forward(minutes=65)
    shop.work()

    assert after_the_hold == ([("Vase", "pending")], 0)
    assert shop.all(PaymentAttempt.state) == [AttemptState.never_sent]
    assert alice.orders() == [("Vase", "canceled")]
    assert shop.stock("Vase") == 1
    assert alice.charged() == []
    assert alice.mails("order_canceled") == ["order_canceled"]


def test_given_up_while_unknown_the_money_goes_back(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=BOTH_TRIES)
    checking = alice.buys("Vase")
    sent = len(sandbox.requests())

    given_up = alice.presses(checking.page.form("/cancellation"))
    shop.clock.forward(minutes=2)
    shop.work()

    assert given_up.state in {"checking", "canceled"}
    assert len(sandbox.requests()) == sent
    assert alice.orders() == [("Vase", "canceled")]
    assert shop.all(Refund.kind, Refund.amount) == [(RefundKind.late, 6900)]
    assert shop.given_back() == [Money(6900, "eur")]
    assert shop.stock("Vase") == 1
    assert alice.mails("late_money_returned") == ["late_money_returned"]


def test_given_up_while_unknown_and_refunded_in_part_by_the_owner_the_rest_goes_back(
    shop: Shop, sandbox: Sandbox, alice: Shopper
) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=BOTH_TRIES)
    alice.presses(alice.buys("Vase").page.form("/cancellation"))
    intent = shop.intents_at_stripe()[0]["id"]
    sandbox.stripe.v1.refunds.create({"payment_intent": intent, "amount": 900})

    shop.clock.forward(minutes=2)
    shop.work()
    refused = shop.all(Refund.kind, Refund.amount, Refund.state)
    sandbox.release_webhooks()
    shop.settle()

    assert refused == [(RefundKind.late, 6900, RefundState.failed)]
    assert shop.all(Refund.kind, Refund.amount)[1:] == [(RefundKind.dashboard, 900), (RefundKind.late, 6000)]
    assert shop.given_back() == [Money(900, "eur"), Money(6000, "eur")]
    assert alice.orders() == [("Vase", "canceled")]


def test_given_up_while_unknown_the_money_goes_back_though_stripe_keeps_a_fault(
    shop: Shop, sandbox: Sandbox, alice: Shopper
) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=BOTH_TRIES)
    alice.presses(alice.buys("Vase").page.form("/cancellation"))
    sandbox.fault("error_before", "/v1/refunds", times=BOTH_TRIES, remembered=True)
    shop.clock.forward(minutes=2)
    shop.work()
    kept = shop.all(Refund.kind, Refund.state)

    shop.clock.forward(hours=30)
    shop.work()

    assert kept == [(RefundKind.late, RefundState.unknown)]
    assert shop.all(Refund.kind, Refund.state)[1:] == [(RefundKind.late, RefundState.succeeded)]
    assert shop.given_back() == [Money(6900, "eur")]
    assert shop.mails("owner_alarm") == []


def test_an_expired_hold_asks_stripe_first(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    carol.buys("Vase")
    sandbox.hold_webhooks()
    sandbox.answer_bank(shop.intents()[0], passed=True)

    shop.clock.forward(minutes=31)
    shop.work()

    assert carol.orders() == [("Vase", "paid")]
    assert shop.stock("Vase") == 0


def test_an_expired_hold_cancels_at_stripe_before_stock_goes_back(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    carol.buys("Vase")

    shop.clock.forward(minutes=31)
    shop.work()
    shop.work()

    assert [one["status"] for one in shop.intents_at_stripe()] == ["canceled"]
    assert carol.orders() == [("Vase", "canceled")]
    assert shop.stock("Vase") == 1


@pytest.mark.parametrize("wait", [0.0, 0.02, 0.05])
def test_the_customer_passes_in_the_moment_of_release(
    shop: Shop, sandbox: Sandbox, carol: Shopper, wait: float
) -> None:
    carol.buys("Vase")
    intent = shop.intents()[0]
    shop.clock.forward(minutes=31)

    def passes() -> None:
        time.sleep(wait)
        # Stripe refuses it where the shop was faster.
        with suppress(requests.HTTPError):
            sandbox.answer_bank(intent, passed=True)

    def releases() -> None:
        with shop.inside():
            release_order(1)

    at_once([passes, releases])
    shop.settle()

    [(_, became)] = carol.orders()
    paid = became == "paid"
    assert became in {"paid", "canceled"}
    assert shop.stock("Vase") == (0 if paid else 1)
    assert carol.charged() == ([Money(6900, "eur")] if paid else [])


def test_stock_stays_while_stripe_is_away(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    carol.buys("Vase")
    sandbox.fault("error_before", f"{INTENTS}*", verb="*", times=STAYS_DOWN)

    shop.clock.forward(minutes=31)
    shop.work()
    meanwhile = (carol.orders(), shop.stock("Vase"))
    sandbox.forget_faults()
    shop.clock.forward(minutes=2)
    shop.work()

    assert meanwhile == ([("Vase", "pending")], 0)
    assert carol.orders() == [("Vase", "canceled")]
    assert shop.stock("Vase") == 1


def test_somebody_joins_while_stripe_is_away(shop: Shop, sandbox: Sandbox, someone: Callable[[str], Shopper]) -> None:
    sandbox.fault("error_before", "/v1/customers", times=STAYS_DOWN)
    someone("Dora Dean")
    shop.work()
    meanwhile = shop.all(StripeCustomer.stripe_id)
    sandbox.forget_faults()
    shop.clock.forward(minutes=5)
    shop.work()

    [made] = shop.all(StripeCustomer.stripe_id)
    assert meanwhile == [None]
    assert sandbox.stripe.v1.customers.retrieve(made).to_dict()["metadata"]["userId"] == "1"


class TestTheOwnersCommand:
    """`flask payments reconcile`."""

    def test_it_asks_about_everything_open(self, shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
        carol.buys()
        sandbox.hold_webhooks()
        sandbox.answer_bank(shop.intents()[0], passed=True)
        said: list[str] = []

        with shop.inside():
            found = reconcile(progress=said.append)

        assert (found.asked, found.changed, found.open, found.unmatched) == (1, 1, 0, 0)
        assert said[0] == "1/1 attempt 1: changed"
        assert carol.orders() == [("Teapot", "paid")]

    def test_a_dry_run_changes_nothing(self, shop: Shop, carol: Shopper) -> None:
        carol.buys()
        said: list[str] = []
        placed_at = shop.all(Order.placed_at)[0]

        with shop.inside():
            found = reconcile(placed_at, dry_run=True, progress=said.append)

        assert (found.asked, found.changed, found.open, found.unmatched) == (1, 0, 1, 0)
        assert said[0] == "would ask about attempt 1"

    @pytest.mark.parametrize(
        ("kind", "said"),
        [
            ("error_before", "1/1 attempt 1: no answer, asked again later"),
            ("rate_limit_429", "1/1 attempt 1: no answer, asked again later"),
        ],
    )
    def test_it_says_when_there_is_no_answer(
        self, shop: Shop, sandbox: Sandbox, carol: Shopper, kind: str, said: str
    ) -> None:
        carol.buys()
        sandbox.fault(kind, f"{INTENTS}*", verb="GET", times=STAYS_DOWN)
        heard: list[str] = []

        with shop.inside():
            found = reconcile(progress=heard.append)

        assert heard[0] == said
        assert (found.asked, found.changed, found.open, found.unmatched) == (1, 0, 1, 0)

    def test_what_is_as_before(self, shop: Shop, carol: Shopper) -> None:
        carol.buys()
        heard: list[str] = []

        with shop.inside():
            reconcile(progress=heard.append)

        assert heard[0] == "1/1 attempt 1: as before"


def test_nothing_is_asked_about_what_is_closed(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.buys()
    asked = len(sandbox.requests("GET"))

    with shop.inside():
        reconcile_attempt(1)
        reconcile_attempt(999)
        cancel_at_stripe(1)

    assert len(sandbox.requests("GET")) == asked
    assert alice.orders() == [("Teapot", "paid")]


def test_giving_up_what_turns_out_to_be_paid(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    challenge = carol.buys()
    sandbox.hold_webhooks()
    sandbox.answer_bank(shop.intents()[0], passed=True)

    answer = carol.presses(challenge.page.form("/cancellation"))

    assert answer.state == "paid"
    assert carol.orders() == [("Teapot", "paid")]
    assert carol.charged() == [TEAPOT]
