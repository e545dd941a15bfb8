"""The door for webhooks, and what each kind of event leads to."""

import json
from typing import Any

import pytest
import requests

from storefront.core.installation import this_shop
from storefront.payments.ledger.models import Dispute, IntentState, Payment, Refund
from storefront.payments.sync import sync_dispute
from storefront.sandbox.webhooks import signature
from storefront.webhooks.inbox import replay
from storefront.webhooks.models import EventState, StripeEvent, Unmatched
from tests.people import Shopper
from tests.stack import OWNER, PATIENCE, Sandbox, Shop

EVENT = {
    "id": "evt_1",
    "type": "invoice.paid",
    "livemode": False,
    "api_version": "",
    "data": {"object": {"id": "in_1", "client_secret": "never kept", "lines": [{"client_secret": "nor this"}]}},
}


def bring(shop: Shop, body: bytes, *, secret: str = "", seconds_ago: int = 0) -> int:
    """Bring these bytes, signed; what the shop answered."""
    headers = {"Stripe-Signature": signature(body, [secret or shop.secret], shop.seconds_now() - seconds_ago)}
    return requests.post(f"{shop.url}/webhooks/stripe", data=body, headers=headers, timeout=PATIENCE).status_code


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"{", b"[]", b"{}", b'"text"', b'{"id": "evt_1", "type": "x", "livemode": false, "data": 7}']
)
def test_what_is_no_event(shop: Shop, body: bytes) -> None:
    assert bring(shop, body) == 400
    assert shop.count(StripeEvent) == 0


@pytest.mark.parametrize("seconds_ago", [301, -301])
def test_stale_or_from_the_future(shop: Shop, seconds_ago: int) -> None:
    assert bring(shop, json.dumps(EVENT).encode(), seconds_ago=seconds_ago) == 400
    assert shop.count(StripeEvent) == 0


def test_signed_by_somebody_else(shop: Shop) -> None:
    unsigned = requests.post(f"{shop.url}/webhooks/stripe", data=b"{}", timeout=PATIENCE).status_code

    assert (bring(shop, json.dumps(EVENT).encode(), secret="whsec_other"), unsigned) == (400, 400)
    assert shop.count(StripeEvent) == 0


def test_a_kind_we_do_not_follow_is_kept_as_ignored_without_its_secrets(shop: Shop) -> None:
    assert bring(shop, json.dumps(EVENT).encode()) == 204
    assert bring(shop, json.dumps(EVENT).encode()) == 204
    assert shop.all(StripeEvent.state, StripeEvent.tries) == [(EventState.ignored, 1)]
    assert "client_secret" not in json.dumps(shop.all(StripeEvent.payload))


def test_the_second_secret_is_good_while_they_are_rolled(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.control("POST", f"/webhook_endpoints/{shop.endpoint}/roll")
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=2)
    alice.buys()

    sandbox.release_webhooks()

    assert alice.orders() == [("Teapot", "paid")]


def test_a_dispute_is_a_flag_with_a_deadline(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.buys("Vase")
    opened = sandbox.control("POST", "/disputes", charge=shop.intents_at_stripe()[0]["latest_charge"])
    shop.settle()
    first = shop.all(Dispute.status, Dispute.payment_id)
    sandbox.control("POST", f"/disputes/{opened['id']}", status="lost")
    shop.settle()

    assert first == [("needs_response", 1)]
    assert shop.all(Dispute.status) == ["lost"]
    assert alice.orders() == [("Vase", "paid")]
    assert shop.stock("Vase") == 0
    assert len(shop.mails("owner_alarm")) == 2


def test_a_dispute_before_we_know_that_it_is_paid(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    button = alice.one_click_button()
    button.fields["card_id"] = str(alice.has_card("pm_card_createDispute"))
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=2)
    unknown = alice.presses(button)
    disputed = next(one["id"] for one in sandbox.ledger()["disputes"] if one["payment_intent"] in at_stripe(shop))

    with shop.inside():
        sync_dispute(disputed)

    assert unknown.state == "checking"
    assert shop.all(Dispute.status, Dispute.payment_id) == [("needs_response", 1)]
    assert alice.orders() == [("Teapot", "paid")]
    assert shop.count(Unmatched) == 0


def at_stripe(shop: Shop) -> list[str]:
    return [one["id"] for one in shop.intents_at_stripe()]


def test_a_dispute_of_another_shop_is_ignored(shop: Shop, sandbox: Sandbox) -> None:
    dispute_a_charge_made_elsewhere(sandbox, metadata={"shop": "another"})

    shop.settle()

    assert shop.count(Dispute) == 0
    assert shop.mails("owner_alarm") == []
    assert shop.failed_jobs() == []


def test_a_dispute_of_this_shop_about_an_order_that_is_not_here(shop: Shop, sandbox: Sandbox) -> None:
    with shop.inside():
        ours = {"shop": this_shop(), "order_id": "lost"}
    dispute_a_charge_made_elsewhere(sandbox, metadata=ours)

    shop.settle()

    assert shop.all(Dispute.payment_id) == [None]
    assert ("owner_alarm", OWNER) in shop.mails()


def dispute_a_charge_made_elsewhere(sandbox: Sandbox, metadata: dict[str, str]) -> None:
    """Somebody contests a charge that no order of this shop's tables knows."""
    made: Any = {"amount": 500, "currency": "eur", "confirm": True, "payment_method": "pm_card_visa"}
    made |= {"return_url": "https://other.example/", "expand": ["latest_charge"], "metadata": metadata}
    charged = sandbox.stripe.v1.payment_intents.create(made).to_dict(for_json=True)
    sandbox.control("POST", "/disputes", charge=charged["latest_charge"]["id"])


def test_a_refund_made_in_the_dashboard(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.buys()
    sandbox.stripe.v1.refunds.create({"payment_intent": shop.intents()[0], "amount": 300})
    shop.settle()
    sandbox.send_event("charge.refunded", {"id": "ch_x", "object": "charge", "payment_intent": shop.intents()[0]})
    shop.settle()

    assert shop.all(Refund.amount, Refund.requested_by) == [(300, "Stripe dashboard")]
    assert alice.orders() == [("Teapot", "partially_refunded")]
    assert shop.all(Payment.amount_refunded) == [300]


def test_a_refund_of_another_shop(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    made: Any = {"amount": 500, "currency": "eur", "confirm": True, "payment_method": "pm_card_visa"}
    foreign = sandbox.stripe.v1.payment_intents.create(made | {"return_url": "https://other.example/"})
    sandbox.stripe.v1.refunds.create({"payment_intent": foreign.id})

    shop.settle()

    assert shop.count(Refund) == 0
    assert shop.failed_jobs() == []


@pytest.mark.parametrize("lie", [{"amount": 1}, {"currency": "usd"}, {"customer": "cus_other"}])
def test_what_does_not_fit_is_kept_for_the_owner(
    shop: Shop, sandbox: Sandbox, alice: Shopper, lie: dict[str, Any]
) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=2)
    alice.buys()
    about = shop.intents_at_stripe()[0] | lie
    event = EVENT | {"type": "payment_intent.succeeded", "api_version": "2026-10-28.endive", "data": {"object": about}}

    answer = bring(shop, json.dumps(event).encode())

    assert answer == 204
    assert shop.all(StripeEvent.type, StripeEvent.state)[-1] == ("payment_intent.succeeded", EventState.unmatched)
    assert alice.orders() == [("Teapot", "pending")]
    assert len(shop.mails("owner_alarm")) == 1


def test_an_event_replayed_by_the_owner(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=2)
    alice.buys()
    kinds = {one.type: one.id for one in reversed(sandbox.stripe.v1.events.list({"limit": 20}).data)}

    with shop.inside():
        became = replay(kinds["payment_intent.succeeded"])
        again = replay(kinds["payment_intent.succeeded"])

    assert (became, again) == (EventState.applied, EventState.applied)
    assert alice.orders() == [("Teapot", "paid")]
    assert alice.mails("receipt") == ["receipt"]


def test_canceled_in_the_dashboard(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    button = alice.one_click_button("Vase")
    button.fields["card_id"] = str(alice.has_card("pm_card_chargeCustomerFail"))
    alice.presses(button)

    sandbox.stripe.v1.payment_intents.cancel(shop.intents()[0])
    shop.settle()

    assert alice.orders() == [("Vase", "canceled")]
    assert shop.all(Payment.intent_state) == [IntentState.canceled]
    assert shop.stock("Vase") == 1
