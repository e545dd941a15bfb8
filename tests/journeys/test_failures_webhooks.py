"""Webhooks that fail half-way, come three at a time, in any order, in another version, or about somebody else."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
import requests
from sqlalchemy import text

from storefront.cards.models import StripeCustomer
from storefront.core.database import transaction
from storefront.core.money import Money
from storefront.orders.models import Order
from storefront.payments.ledger.models import Payment, PaymentAttempt, PaymentEvent, Refund
from storefront.payments.refunds import refund_order
from storefront.sandbox.webhooks import signature
from storefront.webhooks.models import EventState, StripeEvent, Unmatched
from tests.people import Shopper, at_once
from tests.stack import OWNER, PATIENCE, Sandbox, Shop

TEAPOT = Money(2400, "eur")
SUCCEEDED = "payment_intent.succeeded"


def events_of(sandbox: Sandbox, shop: Shop) -> list[dict[str, Any]]:
    """Every event about this shop's intents, oldest first, as it would be delivered."""
    found = sandbox.stripe.v1.events.list({"limit": 100}).data
    told = [event.to_dict(for_json=True) for event in reversed(found)]
    intents = {one["id"] for one in shop.intents_at_stripe()}
    return [one for one in told if intents & {one["data"]["object"].get(name) for name in ("id", "payment_intent")}]


def deliver(shop: Shop, event: dict[str, Any]) -> int:
    """Bring an event to the door, signed as Stripe signs; what the shop answered."""
    body = json.dumps(event).encode()
    headers = {"Stripe-Signature": signature(body, [shop.secret], shop.seconds_now())}
    answer = requests.post(f"{shop.url}/webhooks/stripe", data=body, headers=headers, timeout=PATIENCE * 3)
    return answer.status_code


@contextmanager
def full_outbox(shop: Shop) -> Iterator[None]:
    """The database takes no mail while this lasts."""
    sqlite = shop.app.config["SETTINGS"].database_url.startswith("sqlite")
    refuse = (
        ["CREATE TRIGGER full BEFORE INSERT ON outbound_mail BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"]
        if sqlite
        else [
            "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE 'the disk is full'; END $$ LANGUAGE plpgsql",
            'CREATE TRIGGER "full" BEFORE INSERT ON outbound_mail EXECUTE FUNCTION refuse()',
        ]
    )
    with shop.inside(), transaction() as session:
        for statement in refuse:
            session.connection().execute(text(statement))
    yield
    with shop.inside(), transaction() as session:
        session.connection().execute(text("DROP TRIGGER full" if sqlite else 'DROP TRIGGER "full" ON outbound_mail'))


def test_20_the_first_delivery_fails_half_way(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=2)
    alice.buys()
    event = next(one for one in events_of_all(sandbox, alice) if one["type"] == SUCCEEDED)

    with full_outbox(shop):
        first = deliver(shop, event)
        after_the_first = (alice.orders(), became(shop, event))
    second = deliver(shop, event)

    assert first == 500
    assert after_the_first == ([("Teapot", "pending")], (EventState.failed, 1))
    assert second == 204
    assert alice.orders() == [("Teapot", "paid")]
    assert became(shop, event) == (EventState.applied, 2)
    assert alice.mails("receipt") == ["receipt"]


def test_20_stripe_sends_a_failed_one_again_by_itself(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=2)
    alice.buys()

    with full_outbox(shop):
        sandbox.release_webhooks()
        before = alice.orders()
    while alice.orders() == before:
        sandbox.wait_for_webhooks()

    assert before == [("Teapot", "pending")]
    assert alice.orders() == [("Teapot", "paid")]
    assert EventState.failed not in shop.all(StripeEvent.state)


def test_21_a_burst(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.buys()
    event = next(one for one in events_of(sandbox, shop) if one["type"] == SUCCEEDED)
    about = event["data"]["object"]
    burst = [event | {"id": f"evt_burst{number}", "type": "payment_intent.processing"} for number in range(40)]

    answers = at_once(
        [partial(deliver, shop, one) for one in burst]
        + [partial(alice.another_tab().opens, "/products/teapot") for _ in range(4)]
    )

    assert answers[:40] == [204] * 40
    assert [answer.status for answer in answers[40:]] == [200] * 4
    kept = [event_id for event_id in shop.all(StripeEvent.stripe_event_id) if event_id.startswith("evt_burst")]
    assert sorted(kept) == sorted(one["id"] for one in burst)
    shop.settle()
    assert shop.intents() == [about["id"]]
    assert shop.failed_jobs() == []
    assert alice.orders() == [("Teapot", "paid")]


def test_22_three_deliveries_of_one_event_at_once(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=2)
    alice.buys()
    event = next(one for one in events_of_all(sandbox, alice) if one["type"] == SUCCEEDED)

    answers = at_once([partial(deliver, shop, event)] * 3)

    assert answers == [204, 204, 204]
    assert became(shop, event) == (EventState.applied, 1)
    assert shop.all(PaymentEvent.what, PaymentEvent.after).count(("order", "paid")) == 1
    assert alice.mails("receipt") == ["receipt"]
    assert alice.orders() == [("Teapot", "paid")]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_23_events_in_any_order_some_twice(shop: Shop, sandbox: Sandbox, alice: Shopper, seed: int) -> None:
    alice.has_card("pm_card_chargeCustomerFail")
    sandbox.wait_for_webhooks()
    sandbox.hold_webhooks()
    button = alice.one_click_button()
    button.fields["card_id"] = str(alice.cards["pm_card_chargeCustomerFail"])
    alice.tries_again(alice.presses(button).page)
    with shop.inside():
        refund_order(1, amount=900, reason="requested_by_customer", requested_by="olive", request_token="form-1")
    sandbox.stripe.v1.refunds.create({"payment_intent": shop.intents()[0], "amount": 500})

    sandbox.release_webhooks(order="shuffled", seed=seed, repeat=2)
    shop.settle()

    assert alice.orders() == [("Teapot", "partially_refunded")]
    assert shop.all(PaymentAttempt.state) == ["declined", "succeeded"]
    assert sorted(shop.all(Refund.amount, Refund.state)) == [(500, "succeeded"), (900, "succeeded")]
    assert shop.all(Payment.amount_captured, Payment.amount_refunded) == [(2400, 1400)]
    assert alice.mails("receipt", "refunded") == ["receipt", "refunded", "refunded"]
    assert shop.charged() == [TEAPOT]


def test_24_a_payload_of_another_api_version(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=2)
    alice.buys()
    event = next(one for one in events_of_all(sandbox, alice) if one["type"] == SUCCEEDED)
    # As an older version might tell it: what we read in ours is not there, or is something else.
    lies = {name: event["data"]["object"][name] for name in ("id", "object", "metadata")} | {"amount": "24.00"}

    answer = deliver(shop, event | {"api_version": "2019-05-16", "data": {"object": lies}})
    before_it_was_fetched = alice.orders()
    shop.work()

    assert answer == 204
    assert before_it_was_fetched == [("Teapot", "pending")]
    assert alice.orders() == [("Teapot", "paid")]
    assert shop.failed_jobs() == []


def test_24_an_event_of_the_other_mode_is_refused(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=2)
    alice.buys()
    event = next(one for one in events_of_all(sandbox, alice) if one["type"] == SUCCEEDED)

    answer = deliver(shop, event | {"livemode": True})

    assert answer == 400
    assert became(shop, event) is None
    assert alice.orders() == [("Teapot", "pending")]
    assert ("owner_alarm", OWNER) in shop.mails()


@pytest.mark.parametrize("metadata", [{}, {"shop": "another", "order_id": "1234"}])
def test_25_an_intent_that_is_not_ours(shop: Shop, sandbox: Sandbox, alice: Shopper, metadata: dict[str, str]) -> None:
    sandbox.wait_for_webhooks()
    sandbox.stripe.v1.payment_intents.create(
        {
            "amount": 500,
            "currency": "eur",
            "confirm": True,
            "payment_method": "pm_card_visa",
            "return_url": "https://other.example/",
            "metadata": metadata,
        }
    )

    shop.settle()

    states = dict(shop.all(StripeEvent.type, StripeEvent.state))
    assert states[SUCCEEDED] is EventState.ignored
    assert {one["state"] for one in sandbox.deliveries(shop.endpoint)} == {"delivered"}
    assert (shop.count(Order), shop.count(Payment), shop.count(Unmatched)) == (0, 0, 0)
    assert shop.count(StripeCustomer) == 1
    assert shop.mails("owner_alarm") == []
    assert shop.failed_jobs() == []


def events_of_all(sandbox: Sandbox, whose: Shopper) -> list[dict[str, Any]]:
    """Every event about this customer's charges, though we know no intent of theirs yet."""
    found = sandbox.stripe.v1.events.list({"limit": 100}).data
    told = [event.to_dict(for_json=True) for event in reversed(found)]
    return [one for one in told if one["data"]["object"].get("customer") == whose.customer]


def became(shop: Shop, event: dict[str, Any]) -> tuple[EventState, int] | None:
    """What became of an event, and at which delivery."""
    kept = {
        told: (state, tries)
        for told, state, tries in shop.all(StripeEvent.stripe_event_id, StripeEvent.state, StripeEvent.tries)
    }
    return kept.get(event["id"])
