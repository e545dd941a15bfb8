"""Paid means paid: what Stripe took money for is an order, whoever tells us so and however late."""

import socketserver
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from storefront.core.mail.models import MailState, OutboundMail
from storefront.core.money import Money
from storefront.payments.ledger.models import AttemptState, PaymentAttempt, Source
from storefront.payments.ledger.record import record
from storefront.payments.retry import give_up
from storefront.reconcile.attempt import release_order
from storefront.stripe.api import fetch_intent
from storefront.stripe.objects import PaymentIntentUpdate, payment_intent_update
from storefront.webhooks.models import StripeEvent
from tests.people import Shopper, at_once
from tests.stack import INTENTS, OWNER, Sandbox, Shop

TEAPOT = Money(2400, "eur")
BOTH_TRIES = 2


def test_10_a_stale_save_and_the_timer_come_after_the_page_and_the_webhook(
    shop: Shop, sandbox: Sandbox, carol: Shopper
) -> None:
    sandbox.wait_for_webhooks()
    sandbox.hold_webhooks()
    carol.buys("Vase")
    with shop.inside():
        stale = payment_intent_update(fetch_intent(shop.intents()[0]), Source.api, challenge=1)
    sandbox.answer_bank(shop.intents()[0], passed=True)
    carol.sends(f"/orders/{shop.order_ids()[0]}/challenge", {})
    paid = carol.orders()
    shop.clock.forward(hours=1)

    at_once([partial(says_late, shop, stale), partial(sandbox.release_webhooks, repeat=2), shop.work, carol.sees_order])
    shop.settle()

    assert paid == carol.orders() == [("Vase", "paid")]
    assert shop.stock("Vase") == 0
    assert carol.charged() == [Money(6900, "eur")]
    assert sent(shop, "receipt") == [carol.email]
    assert sent(shop, "order_canceled") == []


def says_late(shop: Shop, stale: PaymentIntentUpdate) -> None:
    """An answer that was on its way for long; then the timer, and an old tab that wants to cancel."""
    with shop.inside():
        record(stale)
        release_order(1)
        give_up(1)


def test_13_a_timeout_while_reading_a_succeeded_intent(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    carol.buys()
    order, intent = shop.order_ids()[0], shop.intents()[0]
    sandbox.hold_webhooks()
    sandbox.answer_bank(intent, passed=True)
    sandbox.fault("cut_before", f"{INTENTS}/{intent}", verb="GET", times=BOTH_TRIES)

    back = carol.opens(f"/checkout/return/{order}")
    shop.clock.forward(minutes=2)
    shop.work()

    assert back.status == 200
    assert back.state in {"challenge", "checking"}
    assert carol.orders() == [("Teapot", "paid")]
    assert carol.sees_order(order).state == "paid"
    assert carol.charged() == [TEAPOT]


def test_14_the_tab_is_closed_after_paying(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    carol.buys()
    sandbox.answer_bank(shop.intents()[0], passed=True)

    shop.settle()

    assert carol.orders() == [("Teapot", "paid")]
    assert sent(shop, "receipt") == [carol.email]
    assert sent(shop, "order_for_owner") == [OWNER]


def test_14_the_tab_is_closed_and_no_webhook_comes(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    carol.buys()
    sandbox.hold_webhooks()
    sandbox.answer_bank(shop.intents()[0], passed=True)

    shop.clock.forward(minutes=2)
    shop.work()

    assert carol.orders() == [("Teapot", "paid")]
    assert sent(shop, "receipt") == [carol.email]


def test_15_the_webhook_comes_before_our_row_knows_the_intent(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.fault("delay_after", seconds=1.5)
    form = alice.one_click_button()
    click = threading.Thread(target=alice.another_tab().presses, args=(form,))
    click.start()

    while "payment_intent.succeeded" not in shop.all(StripeEvent.type):
        assert click.is_alive()
    orders_meanwhile = alice.orders()
    click.join()

    assert orders_meanwhile == [("Teapot", "paid")]
    assert alice.orders() == [("Teapot", "paid")]
    assert shop.all(PaymentAttempt.state) == [AttemptState.succeeded]
    assert alice.mails("receipt") == ["receipt"]
    assert alice.charged() == [TEAPOT]


def test_15_money_for_an_order_that_is_not_here(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.buys()
    ours = shop.intents_at_stripe()[0]["metadata"]
    lost = ours | {"order_id": "0" * 32}

    sandbox.stripe.v1.payment_intents.create(
        {
            "amount": 500,
            "currency": "eur",
            "confirm": True,
            "payment_method": "pm_card_visa",
            "return_url": "https://shop.example/",
            "metadata": lost,
        }
    )
    shop.settle()

    states = {kind: state.value for kind, state in shop.all(StripeEvent.type, StripeEvent.state)}
    assert states["payment_intent.succeeded"] == "unmatched"
    assert ("owner_alarm", OWNER) in shop.mails()
    assert alice.orders() == [("Teapot", "paid")]


def test_16_the_first_cards_failure_comes_after_the_second_cards_success(
    shop: Shop, sandbox: Sandbox, alice: Shopper
) -> None:
    alice.has_card("pm_card_chargeCustomerFail")
    sandbox.wait_for_webhooks()
    sandbox.hold_webhooks()
    button = alice.one_click_button()
    button.fields["card_id"] = str(alice.cards["pm_card_chargeCustomerFail"])
    declined = alice.presses(button)
    paid = alice.tries_again(declined.page)

    sandbox.release_webhooks(order="reversed", repeat=2)
    shop.settle()

    assert (declined.state, paid.state) == ("declined", "paid")
    assert alice.orders() == [("Teapot", "paid")]
    assert shop.all(PaymentAttempt.state) == [AttemptState.declined, AttemptState.succeeded]
    assert alice.charged() == [TEAPOT]
    assert len(shop.mails("order_for_owner")) == 1
    assert sent(shop, "receipt") == [alice.email]
    assert sent(shop, "payment_failed") == []


class TestReceiptFails:
    """Case 18."""

    @pytest.fixture
    def post_office(self) -> Iterator["PostOffice"]:
        with PostOffice() as office:
            yield office

    @pytest.fixture
    def shop_settings(self, post_office: "PostOffice") -> dict[str, str]:
        return {"MAIL_URL": f"smtp://127.0.0.1:{post_office.port}"}

    def test_18_the_receipt_fails(self, shop: Shop, alice: Shopper, post_office: "PostOffice") -> None:
        shop.work()
        post_office.is_open = False
        post_office.received.clear()
        alice.buys()
        shop.work()
        failed = shop.all(OutboundMail.kind, OutboundMail.state)

        post_office.is_open = True
        shop.clock.forward(minutes=10)
        shop.work()

        assert ("receipt", MailState.failed) in failed
        assert alice.orders() == [("Teapot", "paid")]
        assert sent(shop, "receipt") == [alice.email]
        assert sorted(post_office.received) == sorted([alice.email, OWNER])


def sent(shop: Shop, kind: str) -> list[str]:
    """Who got such a mail."""
    mails = shop.all(OutboundMail.kind, OutboundMail.state, OutboundMail.to)
    return [to for mail, state, to in mails if mail == kind and state is MailState.sent]


class PostOffice(socketserver.ThreadingTCPServer):
    """Takes mail as a mail server does, or says "try again later"."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Counter)
        self.is_open = True
        self.received: list[str] = []
        self.port: int = self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def __exit__(self, *args: Any) -> None:  # noqa: PYI036  handed on as it came
        self.shutdown()
        super().__exit__(*args)


class _Counter(socketserver.StreamRequestHandler):
    server: PostOffice

    def handle(self) -> None:
        self._say("220 post office")
        to = ""
        while line := self.rfile.readline().decode().strip():
            verb = line.partition(" ")[0].upper()
            if verb == "RCPT":
                to = line.partition("<")[2].partition(">")[0]
            if verb == "DATA" and self.server.is_open:
                self._say("354 go on")
                while self.rfile.readline().strip() != b".":
                    pass
                self.server.received.append(to)
            if verb == "QUIT":
                self._say("221 good bye")
                return
            self._say("451 try again later" if verb == "MAIL" and not self.server.is_open else "250 fine")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())
