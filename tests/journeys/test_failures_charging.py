"""One charge, whatever happens on the way to it and back. The numbers are those of the table of failures."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Self

import pytest

from storefront.core.mail.models import MailState, OutboundMail
from storefront.core.money import Money
from storefront.payments.cancel import fetch_and_record_intent
from storefront.payments.ledger.models import AttemptState, PaymentAttempt
from storefront.stripe import client as stripe_line
from tests.people import Answer, LostAnswerError, Shopper, at_once
from tests.reading import Form
from tests.stack import INTENTS, KEY, OWNER, PATIENCE, Sandbox, Shop

TEAPOT = Money(2400, "eur")
BOTH_TRIES = 2  # the SDK tries once more by itself


def keys_sent(sandbox: Sandbox) -> set[str]:
    """Every key that an intent was made or confirmed with."""
    return {one["idempotency_key"] for one in sandbox.requests()}


def test_01_the_process_dies_after_stripe_charged(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    form = alice.one_click_button()
    path, fields = form.pressed()
    sandbox.fault("delay_after", seconds=3)

    with process_of_its_own(shop) as other:
        click = threading.Thread(target=lose, args=(lambda: alice.another_tab().sends(other.url + path, fields),))
        click.start()
        wait_until(lambda: len(sandbox.requests()) == 1)
        other.kill()
        click.join()
    pressed_again = alice.presses(form)
    left_by_the_dead = shop.all(PaymentAttempt.state)
    shop.clock.forward(minutes=2)
    shop.work()

    assert (pressed_again.state, left_by_the_dead) == ("checking", [AttemptState.sending])
    assert alice.orders() == [("Teapot", "paid")]
    assert alice.charged() == [TEAPOT]
    assert len(keys_sent(sandbox)) == 1
    assert alice.mails("receipt") == ["receipt"]


def test_01_the_answer_dies_on_its_way(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=BOTH_TRIES)

    first = alice.buys()
    shop.work()

    assert first.state == "checking"
    assert alice.orders() == [("Teapot", "paid")]
    assert alice.charged() == [TEAPOT]
    assert alice.sees_order().state == "paid"


def test_02_stripe_answers_500_after_charging(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("error_after")
    form = alice.one_click_button()

    shown = [alice.presses(form).state, alice.presses(form).state]
    before_the_webhook = alice.orders()
    sandbox.release_webhooks()

    # The same key gets the same 500 again, so the second press finds the charge among the intents made since.
    assert shown == ["checking", "paid"]
    assert before_the_webhook == [("Teapot", "paid")]
    assert len(keys_sent(sandbox)) == 1
    assert shop.all(PaymentAttempt.number, PaymentAttempt.state) == [(1, AttemptState.succeeded)]
    assert alice.orders() == [("Teapot", "paid")]
    assert alice.charged() == [TEAPOT]


def test_03_the_answer_to_the_browser_is_lost(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.fault("delay", seconds=1)
    path, fields = alice.one_click_button().pressed()
    with pytest.raises(LostAnswerError):
        alice.sends(path, fields, timeout=0.3)
    wait_until(lambda: alice.orders() == [("Teapot", "paid")])

    again = alice.sends(path, fields)
    without_scripts = alice.sends(path, fields, htmx=False)

    assert (again.panel, again.page.order) == ("already", shop.order_ids()[0])
    assert without_scripts.url.endswith(f"/orders/{shop.order_ids()[0]}")
    assert alice.orders() == [("Teapot", "paid")]
    assert alice.charged() == [TEAPOT]


def test_04_stripe_takes_longer_than_anybody_waits(
    shop: Shop, sandbox: Sandbox, alice: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe_line, "TIMEOUT", (1, 0.5))
    shop.app.extensions["stripe_gateway"]._client = None  # it was built with more patience
    sandbox.hold_webhooks()
    sandbox.fault("delay", seconds=2)
    form = alice.one_click_button()

    shown = [answer.state for answer in presses_one_after_the_other(alice, form, pauses=(0, 0.2, 0.2))]
    wait_until(lambda: sandbox.ledger()["by_customer"].get(alice.customer, {}).get("charges") == 1)
    shop.clock.forward(minutes=2)
    shop.work()

    assert set(shown) == {"checking"}
    assert alice.orders() == [("Teapot", "paid")]
    assert alice.charged() == [TEAPOT]
    assert len(keys_sent(sandbox)) == 1


def test_05_a_double_click(shop: Shop, alice: Shopper) -> None:
    answers = alice.clicks_buy_now(times=2, at_once=True)

    assert {answer.page.order for answer in answers} == set(shop.order_ids())
    assert alice.orders() == [("Teapot", "paid")]
    assert alice.charged() == [TEAPOT]


def test_05_five_requests_in_the_same_moment(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    answers = alice.clicks_buy_now(times=5, at_once=True)

    # Only half of a process may be at Stripe at a time: the others are told that nothing was charged.
    assert {answer.status for answer in answers} <= {200, 503}
    assert alice.orders() == [("Teapot", "paid")]
    assert len(sandbox.requests()) == 1
    assert alice.charged() == [TEAPOT]
    assert alice.mails("receipt") == ["receipt"]


def test_06_two_tabs_both_pass_3d_secure(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    carol.puts_in_cart("Teapot")
    tabs = [carol.cart_button(), carol.cart_button()]
    asked = [carol.presses(form) for form in tabs]
    challenge = asked[0].page.form("/challenge")

    sandbox.hold_webhooks()
    sandbox.answer_bank(shop.intents()[0], passed=True)
    answers = carol.presses_at_once(challenge, 2)

    assert [answer.state for answer in asked] == ["challenge", "challenge"]
    assert [answer.state for answer in answers] == ["paid", "paid"]
    assert carol.orders() == [("Teapot", "paid")]
    assert carol.charged() == [TEAPOT]
    assert carol.mails("receipt") == ["receipt"]


def test_07_the_cart_changes_between_two_tries(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.has_card("pm_card_chargeCustomerFail")
    alice.puts_in_cart("Teapot")
    button = alice.cart_button()
    button.fields["card_id"] = str(alice.cards["pm_card_chargeCustomerFail"])
    declined = alice.presses(button)
    alice.puts_in_cart("Mug")

    refused = alice.presses(button)
    new_button = refused.page.form("/checkout/one-click")
    new_button.fields["card_id"] = str(alice.cards["pm_card_visa"])
    paid = alice.presses(new_button)

    assert declined.state == "declined"
    assert (refused.status, refused.panel) == (409, "changed")
    assert new_button.fields["expected_total"] == "3650"
    assert paid.state == "paid"
    assert shop.orders() == [(2400, "canceled"), (3650, "paid")]
    assert alice.charged() == [Money(3650, "eur")]
    assert [one["status"] for one in shop.intents_at_stripe()] == ["canceled", "succeeded"]


def test_07_another_try_for_the_old_order_charges_what_it_shows(shop: Shop, alice: Shopper) -> None:
    alice.has_card("pm_card_chargeCustomerFail")
    alice.puts_in_cart("Teapot")
    button = alice.cart_button()
    button.fields["card_id"] = str(alice.cards["pm_card_chargeCustomerFail"])
    declined = alice.presses(button)
    alice.puts_in_cart("Mug")

    paid = alice.tries_again(declined.page)

    assert paid.state == "paid"
    assert "24,00" in declined.page.text or "24.00" in declined.page.text
    assert alice.charged() == [TEAPOT]
    assert alice.opens("/cart").page.form("/checkout/one-click").fields["expected_total"] == "1250"


def test_08_the_way_back_and_the_webhook_at_once(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    carol.buys()
    order = shop.order_ids()[0]
    sandbox.hold_webhooks()
    sandbox.answer_bank(shop.intents()[0], passed=True)

    back, _ = at_once([lambda: carol.another_tab().opens(f"/checkout/return/{order}"), sandbox.release_webhooks])

    assert (back.status, back.state) == (200, "paid")
    assert carol.orders() == [("Teapot", "paid")]
    assert carol.charged() == [TEAPOT]
    assert carol.mails("receipt") == ["receipt"]
    assert {one["state"] for one in sandbox.deliveries(shop.endpoint)} == {"delivered"}


def test_09_never_shown_as_failed_while_unknown(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.has_card("pm_card_chargeCustomerFail")
    sandbox.hold_webhooks()
    button = alice.one_click_button()
    button.fields["card_id"] = str(alice.cards["pm_card_chargeCustomerFail"])
    declined = alice.presses(button)
    order = shop.order_ids()[0]

    sandbox.fault("cut_after", f"{INTENTS}/*/confirm", times=BOTH_TRIES)
    shown = [alice.tries_again(declined.page).state, alice.opens(f"/orders/{order}/status").state]
    sandbox.release_webhooks()  # the first card's decline among them
    shown.append(alice.sees_order(order).state)
    shop.settle()

    assert shown[:2] == ["checking", "checking"]
    assert shown[2] in {"checking", "paid"}
    assert alice.sees_order(order).state == "paid"
    assert alice.charged() == [TEAPOT]
    assert "payment_failed" not in sent_mails(shop)


def test_09_a_decline_that_is_looked_at_while_another_card_is_under_way(
    shop: Shop, sandbox: Sandbox, alice: Shopper
) -> None:
    alice.has_card("pm_card_chargeCustomerFail")
    button = alice.one_click_button()
    button.fields["card_id"] = str(alice.cards["pm_card_chargeCustomerFail"])
    declined = alice.presses(button)
    order = shop.order_ids()[0]
    sandbox.fault("delay", f"{INTENTS}/*/confirm", seconds=2)

    retry = threading.Thread(target=alice.another_tab().tries_again, args=(declined.page,))
    retry.start()
    wait_until(lambda: shop.count(PaymentAttempt) == 2)
    with shop.inside():  # the webhook of the decline rang: the intent still wants a card
        fetch_and_record_intent(shop.intents()[0])
    meanwhile = alice.opens(f"/orders/{order}/status").state
    retry.join()

    assert meanwhile == "checking"
    assert alice.sees_order(order).state == "paid"
    assert alice.charged() == [TEAPOT]


class process_of_its_own:  # noqa: N801  reads as a verb
    """The same shop once more, in a process that can be killed."""

    def __init__(self, shop: Shop) -> None:
        settings = shop.app.config["SETTINGS"]
        environment = os.environ | {
            "DATABASE_URL": settings.database_url, "SECRET_KEY": settings.secret_key, "BASE_URL": settings.base_url,
            "STRIPE_SECRET_KEY": KEY, "STRIPE_PUBLISHABLE_KEY": settings.stripe_publishable_key, "OWNER_EMAIL": OWNER,
            "STRIPE_API_BASE": settings.stripe_api_base, "CLOCK_FILE": str(settings.clock_file),
            "SHOP_NAME": settings.shop_name, "PYTHONUNBUFFERED": "1",
        }  # fmt: skip
        code = (
            "from werkzeug.serving import make_server; from storefront import create_app;"
            "server = make_server('127.0.0.1', 0, create_app(), threaded=True);"
            "print(server.server_port, flush=True); server.serve_forever()"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
        )
        self.url = ""

    def __enter__(self) -> Self:
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        return self

    def __exit__(self, *_how: object) -> None:
        self.kill()
        self._process.wait(PATIENCE)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def kill(self) -> None:
        """With -9: it has no time to say anything."""
        self._process.send_signal(signal.SIGKILL)


def presses_one_after_the_other(alice: Shopper, form: Form, pauses: tuple[float, ...]) -> list[Answer]:
    """Impatient: each press a little after the last, without waiting for its answer."""

    def press(pause: float) -> Answer:
        time.sleep(pause)
        return alice.another_tab().presses(form)

    return at_once([partial(press, sum(pauses[: number + 1])) for number in range(len(pauses))])


def lose(act: Callable[[], object]) -> None:
    """Do it, though nothing will come back."""
    with pytest.raises(LostAnswerError):
        act()


def wait_until(holds: Callable[[], bool]) -> None:
    """Until it is so; not for ever."""
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, "it never became so"
        time.sleep(0.05)


def sent_mails(shop: Shop) -> list[str]:
    """The kinds of mail that went out."""
    return [kind for kind, state in shop.all(OutboundMail.kind, OutboundMail.state) if state is MailState.sent]
