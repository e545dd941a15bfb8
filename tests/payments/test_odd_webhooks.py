"""Webhook events that are signed and still cannot be read, or are not this shop's: never a 500, and nothing changes."""

from copy import deepcopy
from typing import Any

import pytest
import requests

from storefront.payments.ledger.models import AttemptState, Payment, PaymentAttempt
from storefront.sandbox.webhooks import signature
from storefront.webhooks.models import StripeEvent, Unmatched
from tests.journeys.test_failures_webhooks import SUCCEEDED, deliver, events_of
from tests.people import Shopper
from tests.stack import PATIENCE, Sandbox, Shop


def deliver_text(shop: Shop, body: str) -> int:
    raw = body.encode()
    headers = {"Stripe-Signature": signature(raw, [shop.secret], shop.seconds_now())}
    return requests.post(f"{shop.url}/webhooks/stripe", data=raw, headers=headers, timeout=PATIENCE).status_code


def nested(depth: int) -> Any:
    value: Any = "x"
    for level in range(depth):
        value = {"a": value} if level % 2 else [value]
    return value


def changed(event: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with another value there; the id is new, so that it is no repetition."""
    copy = deepcopy(event)
    *parents, name = path.split(".")
    holder = copy
    for parent in parents:
        holder = holder[parent]
    holder[name] = value
    return copy if path == "id" else copy | {"id": "evt_odd"}


ODD = [
    ("data.object.metadata", nested(900)),
    ("data.object.description", nested(70)),
    ("data.object", []),
    ("data.object", ["id", "status"]),
    ("data.object", "pi_123"),
    ("data.object", None),
    ("data.object.description", "half \ud83d"),
    ("data.object.description", "nul \x00"),
    ("data.object.metadata", {"order_id": "\udfff"}),
    ("data.object.metadata", ["order_id"]),
    ("data.object.metadata", {"order_id": 7}),
    ("data.object.id", None),
    ("data.object.id", ""),
    ("data.object.id", "pi_" + "x" * 300),
    ("data.object.amount", "2400"),
    ("data.object.amount", 10**400),
    ("data.object.amount_received", True),
    ("data.object.status", ["succeeded"]),
    ("data.object.customer", 4711),
    ("data.object.latest_charge", {"id": []}),
    ("data.object.last_payment_error", "declined"),
    ("data.object.created", 1e308 * 10),
    ("data.previous_attributes", ["status"]),
    ("data", []),
    ("data", {}),
    ("id", 7),
    ("id", ""),
    ("type", ["payment_intent.succeeded"]),
    ("type", None),
    ("livemode", "false"),
    ("livemode", None),
    ("api_version", 2026),
    ("request", {"idempotency_key": {}}),
]


@pytest.mark.parametrize(("path", "value"), ODD, ids=[f"{path}-{number}" for number, (path, _) in enumerate(ODD)])
def test_what_cannot_be_read_is_refused(shop: Shop, sandbox: Sandbox, alice: Shopper, path: str, value: Any) -> None:
    alice.buys()
    shop.settle()
    [event] = [one for one in events_of(sandbox, shop) if one["type"] == SUCCEEDED]
    before = shop.all(StripeEvent.stripe_event_id)

    answer = deliver(shop, changed(event, path, value))

    assert answer == 400
    assert shop.all(StripeEvent.stripe_event_id) == before
    assert alice.orders() == [("Teapot", "paid")]


@pytest.mark.parametrize("body", ["", "null", "[]", "7", '"evt"', "{", "NaN", '{"id": NaN}', "[" * 100_000, "{}"])
def test_what_is_no_event_is_refused(shop: Shop, body: str) -> None:
    assert deliver_text(shop, body) == 400
    assert shop.count(StripeEvent) == 0


@pytest.mark.parametrize("livemode", [False, True])
def test_events_of_connected_accounts_are_acknowledged_and_ignored(
    shop: Shop, sandbox: Sandbox, alice: Shopper, *, livemode: bool
) -> None:
    alice.buys()
    shop.settle()
    before = shop.all(StripeEvent.stripe_event_id)
    events = [one for one in events_of(sandbox, shop) if one["type"] in {SUCCEEDED, "charge.updated"}]
    others = [
        one | {"id": f"evt_connected{number}", "account": "acct_1Connected", "livemode": livemode}
        for number, one in enumerate(events)
    ]

    answers = {deliver(shop, one) for one in others}
    shop.settle()

    assert answers == {204}
    assert shop.all(StripeEvent.stripe_event_id) == before
    assert shop.failed_jobs() == []


def test_a_thin_event_is_acknowledged_and_ignored(shop: Shop) -> None:
    thin = {
        "id": "evt_thin", "object": "v2.core.event", "type": "v1.payment_intent.succeeded", "livemode": False,
        "created": "2026-11-30T10:00:00.000Z", "related_object": {"id": "pi_1", "type": "payment_intent"},
    }  # fmt: skip

    assert deliver(shop, thin) == 204
    assert shop.count(StripeEvent) == 0


def test_a_number_of_twelve_digits_is_one_of_stripes(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    """Rupiah are counted in hundredths, up to twelve digits."""
    alice.buys()
    shop.settle()
    [event] = [one for one in events_of(sandbox, shop) if one["type"] == SUCCEEDED]

    answer = deliver(shop, changed(event, "data.object.amount", 999_999_999_999))

    assert answer == 204
    assert [one.amount for one in shop.all(Unmatched)] == [999_999_999_999]


def test_a_payment_remembers_its_last_event_whatever_it_told(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    button = alice.one_click_button()
    button.fields["card_id"] = str(alice.has_card("pm_card_chargeCustomerFail"))
    alice.presses(button)
    shop.settle()

    [declined] = [one for one in events_of(sandbox, shop) if one["type"] == "payment_intent.payment_failed"]

    assert shop.all(PaymentAttempt.state) == [AttemptState.declined]
    assert shop.all(Payment.last_webhook_event) == [declined["id"]]
    [heard] = shop.all(Payment.last_webhook_at)
    assert heard is not None


def test_a_challenge_that_was_asked_is_remembered_too(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    button = alice.one_click_button()
    button.fields["card_id"] = str(alice.has_card("pm_card_authenticationRequired"))
    alice.presses(button)
    shop.settle()

    asked = [one["id"] for one in events_of(sandbox, shop) if one["type"] == "payment_intent.requires_action"]

    assert shop.all(Payment.last_webhook_event) == asked
