"""Stripe's lists beside our books: what no webhook and no answer told us is found, recorded, given back, or shown to the owner."""

from typing import Any

import pytest
from sqlalchemy import select, update

from storefront.cards.models import SavedCard
from storefront.core.database import Base, transaction
from storefront.core.installation import this_shop
from storefront.core.mail.models import OutboundMail
from storefront.core.money import Money
from storefront.orders.models import Order, OrderStatus
from storefront.payments.ledger.models import (
    AttemptState,
    Dispute,
    IntentState,
    Payment,
    PaymentAttempt,
    Refund,
    RefundKind,
)
from storefront.reconcile import lists as sweeping
from storefront.reconcile.command import reconcile
from storefront.reconcile.compare import compare_intents
from storefront.reconcile.cursors import Sweep
from storefront.stripe import api
from storefront.stripe.api import ListedObject, page_of
from storefront.stripe.errors import OutcomeUnknownError
from storefront.webhooks.models import EventState, StripeEvent, Unmatched
from tests.catalog.goods import counted_statements
from tests.people import Shopper
from tests.stack import INTENTS, Sandbox, Shop

BOTH_TRIES = 2
STAYS_DOWN = 200


def sweep(shop: Shop, *, minutes: float = 20) -> None:
    """Let time pass, and have the job done."""
    shop.clock.forward(minutes=minutes)
    with shop.inside():
        sweeping.compare_lists()


def unmatched(shop: Shop) -> list[tuple[str, str]]:
    return shop.all(Unmatched.object_id, Unmatched.why)


def alarms(shop: Shop) -> list[str]:
    """What the owner was written about."""
    keys = shop.all(OutboundMail.kind, OutboundMail.dedupe_key)
    return [key.removeprefix("alarm:") for kind, key in keys if kind == "owner_alarm"]


def charge_by_hand(sandbox: Sandbox, **marks: str) -> str:
    """An intent that nobody in the shop has asked for."""
    intent = sandbox.stripe.v1.payment_intents.create(
        {
            "amount": 2400, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True, "metadata": marks,
            "return_url": "https://shop.test/",
        }
    )  # fmt: skip
    return intent.id


def shop_mark(shop: Shop) -> str:
    with shop.inside():
        return this_shop()


def tables(shop: Shop) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the shop."""
    with shop.inside() as session:
        return {
            table.name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
        }


def test_money_without_an_order_is_shown_to_the_owner_once(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    ours = charge_by_hand(sandbox, shop=shop_mark(shop), order_id="nobody-knows")
    charge_by_hand(sandbox, shop="another", order_id="theirs")
    charge_by_hand(sandbox)

    sweep(shop)
    sweep(shop)
    sandbox.release_webhooks()
    shop.settle()

    why = f"money without order: {ours} is succeeded and ours, but order nobody-knows is not here"
    assert unmatched(shop) == [(ours, why)]
    assert alarms(shop) == [f"unmatched:{ours}"]


def test_an_answer_lost_for_good_is_found_in_the_list(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=BOTH_TRIES)
    alice.buys()

    sweep(shop)

    assert alice.orders() == [("Teapot", "paid")]
    assert alice.charged() == [Money(2400, "eur")]


def test_money_for_an_order_that_was_let_go_goes_back(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_before", times=STAYS_DOWN)
    alice.buys("Vase")
    with shop.inside(), transaction() as session:
        order = session.scalars(select(Payment)).one().order
        order.status = OrderStatus.canceled
        session.execute(update(PaymentAttempt).values(state=AttemptState.never_sent))
        request = session.scalars(select(PaymentAttempt.request)).one()
    sandbox.forget_faults()
    sandbox.stripe.v1.payment_intents.create(request["params"])

    sweep(shop)
    with shop.inside():
        dry = reconcile(dry_run=True)
    shop.work()
    sandbox.release_webhooks()
    shop.settle()

    assert (dry.recorded, dry.refunded) == (0, 0)  # it has been found already
    assert shop.all(Refund.kind, Refund.amount) == [(RefundKind.late, 6900)]
    assert shop.given_back() == [Money(6900, "eur")]
    assert alice.orders() == [("Vase", "canceled")]


def test_a_challenge_of_a_canceled_order_is_closed_at_stripe(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=BOTH_TRIES)
    carol.buys()
    with shop.inside(), transaction() as session:
        session.scalars(select(Payment)).one().order.status = OrderStatus.canceled
        session.execute(update(PaymentAttempt).values(state=AttemptState.never_sent))

    sweep(shop)

    assert [one["status"] for one in shop.intents_at_stripe()] == ["canceled"]


def test_a_refund_made_in_the_dashboard_is_in_the_books_once(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    """Failure 43, without its webhook."""
    alice.buys()
    sandbox.hold_webhooks()
    sandbox.stripe.v1.refunds.create({"payment_intent": shop.intents()[0], "amount": 300})

    sweep(shop)
    found = shop.all(Refund.kind, Refund.amount, Refund.state)
    sandbox.release_webhooks(repeat=2)
    shop.settle()

    assert found == [(RefundKind.dashboard, 300, "succeeded")]
    assert shop.all(Refund.kind, Refund.amount, Refund.state) == found
    assert shop.all(Payment.amount_refunded) == [300]


def test_a_refund_of_ours_for_a_payment_that_is_not_here(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    intent = charge_by_hand(sandbox, shop="another")
    marks = {"shop": shop_mark(shop), "refund_id": "lost"}
    refund = sandbox.stripe.v1.refunds.create({"payment_intent": intent, "amount": 300, "metadata": marks}).id
    sandbox.stripe.v1.refunds.create({"payment_intent": intent, "amount": 200})

    sweep(shop)

    assert unmatched(shop) == [(refund, f"refund {refund} is ours, but the payment it belongs to is not here")]


def test_a_dispute_that_nobody_told_of(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.buys()
    sandbox.hold_webhooks()
    [charge] = shop.all(Payment.stripe_charge_id)
    sandbox.control("POST", "/disputes", charge=charge)
    theirs = sandbox.stripe.v1.payment_intents.retrieve(charge_by_hand(sandbox, shop="another")).latest_charge
    sandbox.control("POST", "/disputes", charge=str(theirs))

    sweep(shop)
    sweep(shop)

    assert shop.all(Dispute.status, Dispute.amount) == [("needs_response", 2400)]
    [dispute] = shop.all(Dispute.stripe_dispute_id)
    assert f"dispute:{dispute}:needs_response" in alarms(shop)


class TestEvents:
    """Undelivered ones are applied as if they had been delivered."""

    def test_a_later_delivery_is_a_repetition(self, shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
        sandbox.hold_webhooks()
        sandbox.stripe.v1.payment_methods.detach(alice.card_at_stripe())

        sweep(shop)
        [removed_at] = shop.all(SavedCard.removed_at)
        received = shop.all(StripeEvent.stripe_event_id, StripeEvent.tries)
        sandbox.release_webhooks()
        shop.settle()

        assert removed_at is not None
        assert shop.all(SavedCard.removed_at) == [removed_at]
        assert set(received) <= set(shop.all(StripeEvent.stripe_event_id, StripeEvent.tries))

    def test_one_that_failed_here_is_tried_again(self, shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
        sandbox.hold_webhooks()
        alice.buys()
        shop.settle()
        sandbox.release_webhooks()
        with shop.inside(), transaction() as session:
            applied = update(StripeEvent).where(StripeEvent.state == EventState.applied)
            session.execute(applied.values(state=EventState.failed, error="once"))

        sweep(shop)

        assert EventState.failed not in shop.all(StripeEvent.state)
        assert alice.orders() == [("Teapot", "paid")]

    def test_what_another_shop_was_told_is_not_kept(self, shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
        shop.settle()
        before = shop.count(StripeEvent)
        sandbox.hold_webhooks()
        charge_by_hand(sandbox, shop="another")

        sweep(shop)

        assert shop.count(StripeEvent) == before


class TestAnOrderWithoutMoney:
    """It is paid here, and not at Stripe."""

    def test_the_list_shows_it(self, shop: Shop, carol: Shopper) -> None:
        carol.buys()
        self.is_called_paid(shop)

        sweep(shop)
        sweep(shop)

        intent = shop.intents()[0]
        why = f"order without money: K-1001 is paid here, but {intent} is requires_action at Stripe"
        assert unmatched(shop) == [(intent, why)]

    def test_no_list_shows_it(self, shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
        alice.buys()
        shop.settle()
        order = shop.order_ids()[0]
        with shop.inside(), transaction() as session:
            session.execute(update(Payment).values(stripe_payment_intent_id="pi_gone"))
            session.execute(update(Order).values(public_id="another"))

        sweep(shop)
        within_the_hour = unmatched(shop)
        sweep(shop, minutes=60)
        sweep(shop)

        why = "order without money: K-1001 is paid here, but pi_gone is unknown at Stripe"
        [mine] = [one["id"] for one in sandbox.ledger()["payment_intents"] if one["customer"] == alice.customer]
        lost = f"money without order: {mine} is succeeded and ours, but order {order} is not here"
        assert within_the_hour == [(mine, lost)]
        assert unmatched(shop) == [(mine, lost), ("pi_gone", why)]

    def test_what_stripe_has_is_looked_at_once(self, shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
        alice.buys()

        sweep(shop, minutes=70)

        assert shop.all(Payment.money_checked_at) != [None]
        assert unmatched(shop) == []
        assert sandbox.requests("GET", f"{INTENTS}/") == []

    @staticmethod
    def is_called_paid(shop: Shop) -> None:
        with shop.inside(), transaction() as session:
            session.execute(update(Payment).values(intent_state=IntentState.succeeded))
            session.execute(update(PaymentAttempt).values(state=AttemptState.succeeded))


class TestOnTheWay:
    """A sweep that is interrupted goes on where it was."""

    def test_page_by_page(self, shop: Shop, sandbox: Sandbox, alice: Shopper, monkeypatch: pytest.MonkeyPatch) -> None:
        sandbox.hold_webhooks()
        ours = [charge_by_hand(sandbox, shop=shop_mark(shop), order_id=f"lost-{number}") for number in range(5)]
        monkeypatch.setattr(api, "PAGE_SIZE", 2)
        monkeypatch.setattr(sweeping, "MAX_PAGES", 2)

        sweep(shop)
        on_the_way = shop.all(Sweep.kind, Sweep.after)
        first = [about for about, _ in unmatched(shop)]
        shop.work()

        assert (ListedObject.intents, "") not in on_the_way
        assert 0 < len(first) < 5
        assert sorted(about for about, _ in unmatched(shop)) == sorted(ours)
        assert set(shop.all(Sweep.after)) == {""}
        assert set(shop.all(Sweep.since)) == {None}

    def test_nothing_is_forgotten_while_stripe_is_away(self, shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
        sandbox.hold_webhooks()
        ours = charge_by_hand(sandbox, shop=shop_mark(shop), order_id="lost")
        sandbox.fault("error_before", f"{INTENTS}*", verb="GET", times=STAYS_DOWN)

        with pytest.raises(OutcomeUnknownError):
            sweep(shop)
        sandbox.forget_faults()
        sweep(shop, minutes=60 * 24)

        assert [about for about, _ in unmatched(shop)] == [ours]

    def test_a_list_that_is_not_shown_keeps_no_other_back(self, shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
        alice.buys()
        sandbox.hold_webhooks()
        sandbox.stripe.v1.refunds.create({"payment_intent": shop.intents()[0], "amount": 300})
        sandbox.fault("forbid_403", f"{INTENTS}*", verb="GET", times=STAYS_DOWN)

        sweep(shop)

        assert shop.all(Refund.amount) == [300]

    def test_a_place_that_is_gone_means_from_the_top(
        self, shop: Shop, sandbox: Sandbox, alice: Shopper, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sandbox.hold_webhooks()
        ours = charge_by_hand(sandbox, shop=shop_mark(shop), order_id="lost")
        shop.clock.forward(minutes=20)
        with shop.inside():
            from storefront.reconcile import cursors  # noqa: PLC0415

            span = cursors.next_span(ListedObject.intents, wide=False)
            assert span is not None
            cursors.advance(ListedObject.intents, span, "pi_of_another_account", wide=False)

            sweeping.compare_lists()

        assert [about for about, _ in unmatched(shop)] == [ours]

    def test_a_wide_sweep_goes_back_a_week(self, shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
        sweep(shop, minutes=60 * 24 * 3)
        sandbox.hold_webhooks()
        with shop.inside(), transaction() as session:
            session.execute(update(StripeEvent).values(state=EventState.failed))

        sweep(shop)
        after_the_narrow = set(shop.all(StripeEvent.state))
        with shop.inside():
            sweeping.compare_lists_widely()

        assert after_the_narrow == {EventState.failed}
        assert EventState.failed not in shop.all(StripeEvent.state)


class TestADryRun:
    """It changes nothing, and says what would be."""

    def test_it_is_true_to_its_word(self, shop: Shop, sandbox: Sandbox, alice: Shopper, carol: Shopper) -> None:
        sandbox.hold_webhooks()
        alice.buys()
        sandbox.fault("cut_after", times=BOTH_TRIES)
        alice.buys("Mug")
        carol.buys()
        sandbox.stripe.v1.refunds.create({"payment_intent": shop.intents()[0], "amount": 300})
        charge_by_hand(sandbox, shop=shop_mark(shop), order_id="lost")
        sandbox.control("POST", "/tasks")  # what Stripe does by itself a moment later
        rows, ledger = tables(shop), sandbox.ledger()

        with shop.inside():
            dry = reconcile(dry_run=True)
        same = (tables(shop), sandbox.ledger())
        with shop.inside():
            wet = reconcile()

        assert same[0] == rows
        assert {kind: same[1][kind] == ledger[kind] for kind in ledger} == dict.fromkeys(ledger, True)
        # The Mug's attempt is settled by asking before the lists are compared; a dry run does not ask.
        assert (
            (dry.recorded, dry.refunded, dry.unmatched) == (wet.recorded + 1, wet.refunded, wet.unmatched) == (2, 0, 1)
        )
        assert dry.events == wet.events > 0

    def test_a_copy_of_the_shop_only_rehearses(self, shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
        sandbox.hold_webhooks()
        charge_by_hand(sandbox, shop=shop_mark(shop), order_id="lost")
        settings = shop.app.config["SETTINGS"]
        shop.app.config["SETTINGS"] = type(settings)(**(vars(settings) | {"staging_copy": True}))
        rows = tables(shop)

        sweep(shop)
        with shop.inside():
            found = reconcile()

        assert tables(shop) == rows
        assert found.unmatched == 1


def test_a_page_of_three_takes_as_many_questions_as_one(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.buys()
    shop.settle()
    with shop.inside():
        page = page_of(ListedObject.intents, shop.seconds_now() - 60, shop.seconds_now() + 60, "")
        [mine] = [one for one in page.found if one["id"] in shop.intents()]
        compare_intents([mine], trial=False)

        with counted_statements() as one:
            compare_intents([mine], trial=False)
        strangers = [mine | {"id": f"pi_{number}", "metadata": {}} for number in range(2)]
        with counted_statements() as three:
            compare_intents([mine, *strangers], trial=False)

    assert 0 < len(one) == len(three)
