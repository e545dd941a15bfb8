"""The bank's question, asked of Stripe afresh each time; and what Stripe refuses."""

from dataclasses import replace

import requests

from storefront.payments.attempts import prepared_request, send
from storefront.payments.ledger.models import AttemptState, PaymentAttempt, Source
from tests.people import Shopper
from tests.stack import INTENTS, Sandbox, Shop

STAYS_DOWN = 50


def ask_for_secret(carol: Shopper) -> requests.Response:
    """As challenge.js asks."""
    url = f"{carol.shop.url}/orders/{carol.shop.order_ids()[0]}/challenge"
    return carol.browser.post(url, headers={"Accept": "application/json"}, timeout=30)


def test_the_secret_is_told_to_who_may_pay_and_never_kept(shop: Shop, carol: Shopper, alice: Shopper) -> None:
    carol.buys()

    told = ask_for_secret(carol)
    stranger = alice.sends(f"/orders/{shop.order_ids()[0]}/challenge", {})

    assert told.json()["client_secret"].startswith(shop.intents()[0])
    assert stranger.status == 404
    assert told.json()["client_secret"] not in str(shop.all(PaymentAttempt.request))


def test_without_scripts_the_bank_has_a_page(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    carol.presses(carol.one_click_button(), htmx=False)

    page = carol.presses(carol.sees_order().page.form("/challenge"), htmx=False)

    assert page.state == "challenge"
    assert "Continue to your bank" in page.page.text


def test_answered_already(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    challenge = carol.buys()
    sandbox.hold_webhooks()
    sandbox.answer_bank(shop.intents()[0], passed=False)

    told, page = ask_for_secret(carol), carol.presses(challenge.page.form("/challenge"))

    assert (told.status_code, page.state) == (409, "declined")
    assert carol.orders() == [("Teapot", "failed")]


def test_stripe_is_away(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    challenge = carol.buys()
    sandbox.fault("error_before", f"{INTENTS}*", verb="GET", times=STAYS_DOWN)

    page = carol.presses(challenge.page.form("/challenge"))

    assert (page.status, page.state) == (200, "challenge")


def test_unknown_and_asked_for_its_question(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=2)
    carol.buys()

    first = ask_for_secret(carol)
    shown = carol.sees_order()

    assert first.status_code == 409
    assert shown.state == "challenge"


def test_a_confirm_that_comes_too_late_looks_first(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    """The intent was paid by another tab: the refusal of this one is not the end of it."""
    button = alice.one_click_button()
    button.fields["card_id"] = str(alice.has_card("pm_card_authenticationRequired"))
    challenge = alice.presses(button)
    sandbox.hold_webhooks()
    sandbox.answer_bank(shop.intents()[0], passed=True)

    answer = alice.sends(
        f"/orders/{challenge.page.order}/payment", {"attempt": "2", "card_id": str(alice.cards["pm_card_visa"])}
    )

    assert answer.state == "paid"
    assert alice.orders() == [("Teapot", "paid")]
    assert shop.all(PaymentAttempt.state) == [AttemptState.succeeded, AttemptState.refused]
    assert len(alice.charged()) == 1


def test_a_confirm_that_comes_too_late_while_stripe_is_away(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    button = alice.one_click_button()
    button.fields["card_id"] = str(alice.has_card("pm_card_authenticationRequired"))
    challenge = alice.presses(button)
    sandbox.hold_webhooks()
    sandbox.answer_bank(shop.intents()[0], passed=True)
    sandbox.fault("error_before", f"{INTENTS}*", verb="GET", times=STAYS_DOWN)

    answer = alice.sends(
        f"/orders/{challenge.page.order}/payment", {"attempt": "2", "card_id": str(alice.cards["pm_card_visa"])}
    )
    sandbox.forget_faults()
    shop.settle()

    assert answer.state == "checking"
    assert alice.orders() == [("Teapot", "paid")]


def test_a_key_for_another_request_says_nothing(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=2)
    alice.buys()
    with shop.inside() as session:
        sending = prepared_request(session.get_one(PaymentAttempt, 1))
        session.rollback()
        request = sending.request | {"params": sending.request["params"] | {"amount": 1}}
        send(replace(sending, request=request), Source.reconciliation)

    assert shop.all(PaymentAttempt.state) == [AttemptState.unknown]
