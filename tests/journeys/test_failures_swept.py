"""No webhook comes, for days: what happened at Stripe is in the books all the same. The numbers are those of the table of failures."""

from storefront.core.money import Money
from storefront.payments.ledger.models import Payment, PaymentEvent, Refund, RefundKind, Source
from storefront.webhooks.models import StripeEvent, Unmatched
from tests.people import Shopper
from tests.stack import INTENTS, Sandbox, Shop

TEAPOT = Money(2400, "eur")
BOTH_TRIES = 2
STAYS_DOWN = 200


def test_01_the_answer_dies_and_no_webhook_comes(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=BOTH_TRIES)
    alice.buys()

    shop.clock.forward(hours=48)
    shop.work()

    assert alice.orders() == [("Teapot", "paid")]
    assert alice.charged() == [TEAPOT]
    assert shop.given_back() == []


def test_02_a_saved_500_and_no_webhook(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("error_after")
    alice.buys()

    shop.clock.forward(hours=48)
    shop.work()

    assert alice.orders() == [("Teapot", "paid")]
    assert alice.charged() == [TEAPOT]


def test_12_webhooks_are_lost_for_days(shop: Shop, sandbox: Sandbox, alice: Shopper, carol: Shopper) -> None:
    alice.buys("Mug")
    sandbox.hold_webhooks()
    carol.buys()
    sandbox.answer_bank(shop.intents()[1], passed=True)
    sandbox.stripe.v1.refunds.create({"payment_intent": shop.intents()[0], "amount": 250})
    sandbox.stripe.v1.payment_methods.detach(alice.card_at_stripe())

    shop.clock.forward(hours=72)
    shop.work()
    shop.work()

    assert carol.orders() == [("Teapot", "paid")]
    assert alice.orders() == [("Mug", "partially_refunded")]
    assert "4242" not in alice.opens("/account/cards").page.text
    sandbox.release_webhooks(order="shuffled", repeat=2, seed=12)
    before = shop.count(PaymentEvent)
    shop.settle()
    assert shop.count(PaymentEvent) == before


def test_13_reading_times_out_and_the_list_tells(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    sandbox.hold_webhooks()
    carol.buys()
    sandbox.fault("error_before", f"{INTENTS}/*", verb="GET", times=STAYS_DOWN)
    sandbox.answer_bank(shop.intents()[0], passed=True)

    shop.clock.forward(minutes=20)
    shop.work()

    assert carol.orders() == [("Teapot", "paid")]
    assert Source.reconciliation in shop.all(PaymentEvent.source)


def test_15_money_for_an_order_that_is_not_here_without_a_webhook(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.buys()
    shop.settle()
    sandbox.hold_webhooks()
    known = sandbox.stripe.v1.payment_intents.retrieve(shop.intents()[0]).to_dict(for_json=True)
    stray = sandbox.stripe.v1.payment_intents.create(
        {
            "amount": 990, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True, "return_url": "https://shop.test/",
            "metadata": known["metadata"] | {"order_id": "from-a-backup"},
        }
    )  # fmt: skip

    shop.clock.forward(hours=24)
    shop.work()

    assert shop.all(Unmatched.object_id, Unmatched.amount) == [(stray.id, 990)]
    assert alice.orders() == [("Teapot", "paid")]


def test_43_a_refund_of_the_dashboard_and_one_of_ours_without_webhooks(
    shop: Shop, sandbox: Sandbox, alice: Shopper
) -> None:
    alice.buys()
    sandbox.hold_webhooks()
    sandbox.stripe.v1.refunds.create({"payment_intent": shop.intents()[0], "amount": 400})
    sandbox.fault("cut_after", "/v1/refunds", times=BOTH_TRIES)
    result = shop.app.test_cli_runner().invoke(args=["payments", "refund", "K-1001", "--amount", "5"])

    shop.clock.forward(hours=24)
    shop.work()
    found = sorted(shop.all(Refund.kind, Refund.amount))
    sandbox.release_webhooks(repeat=2)
    shop.settle()

    assert result.exit_code == 0, result.output
    assert found == [(RefundKind.asked, 500), (RefundKind.dashboard, 400)]
    assert sorted(shop.all(Refund.kind, Refund.amount)) == found
    assert shop.all(Payment.amount_refunded) == [900]
    assert shop.count(StripeEvent) == len(set(shop.all(StripeEvent.stripe_event_id)))
