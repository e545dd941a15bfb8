"""Events reach the shop signed, in the order and number that a test wants, and survive everything."""

import socket
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.sandbox.conftest import Listener
from tests.sandbox.running import RETURN_URL, VERSION, Running, running_sandbox


def delivered(running: Running) -> Any:
    return running.control("GET", "/webhooks?wait=5")


def types(listener: Listener, secret: str) -> list[str]:
    return [event.type for event in listener.events(secret)]


def test_events_arrive_signed_and_in_the_endpoints_version(running: Running, client: Any, listener: Listener) -> None:
    secret = listener.listen(client, "customer.created")
    customer = client.v1.customers.create({"name": "Alice"}, {"idempotency_key": "k1"})
    client.v1.customers.update(customer.id, {"name": "Alice B."})
    delivered(running)

    (event,) = listener.events(secret)
    assert (event.type, event.api_version, event.pending_webhooks) == ("customer.created", VERSION, 1)
    assert event.request.idempotency_key == "k1"
    assert event.request.id.startswith("req_")
    assert event.data.object.name == "Alice"
    with pytest.raises(stripe.SignatureVerificationError):
        listener.events("whsec_other")


def test_a_payment_tells_its_story(running: Running, client: Any, listener: Listener) -> None:
    secret = listener.listen(client)
    customer = client.v1.customers.create({}).id
    client.v1.payment_intents.create(
        {"amount": 1999, "currency": "eur", "confirm": True, "return_url": RETURN_URL, "customer": customer,
         "payment_method": "pm_card_visa", "setup_future_usage": "off_session"}
    )  # fmt: skip
    running.control("POST", "/tasks")
    delivered(running)

    assert types(listener, secret) == [
        "customer.created", "payment_intent.created", "charge.succeeded", "payment_method.attached",
        "payment_intent.succeeded", "charge.updated",
    ]  # fmt: skip


def test_what_is_refused_is_brought_again(running: Running, client: Any, listener: Listener) -> None:
    secret = listener.listen(client, "customer.created")
    listener.answers = [500, 404]
    running.control("POST", "/webhooks", hold=True)
    made = [client.v1.customers.create({}).id for _ in range(2)]
    undelivered = client.v1.events.list({"delivery_success": False}).data
    running.control("POST", "/webhooks", hold=False)
    delivered(running)
    first_round = len(listener.received)
    while delivered(running)["pending"]:
        pass

    told = [event.data.object.id for event in listener.events(secret)]
    assert len(undelivered) == 2
    assert (first_round, Counter(told)) == (2, Counter({made[0]: 2, made[1]: 2}))
    assert client.v1.events.list({"delivery_success": False}).data == []


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ({"order": "as_is"}, ["a", "b", "c"]),
        ({"order": "reversed"}, ["c", "b", "a"]),
        ({"order": "reversed", "repeat": 2}, ["c", "c", "b", "b", "a", "a"]),
        ({"order": "shuffled", "seed": 1}, ["b", "c", "a"]),
    ],
)
def test_held_events_are_let_go_as_told(
    running: Running, client: Any, listener: Listener, order: dict[str, Any], expected: list[str]
) -> None:
    secret = listener.listen(client, "customer.created")
    running.control("POST", "/webhooks", hold=True)
    for name in "abc":
        client.v1.customers.create({"name": name})
    held = delivered(running)
    released = running.control("POST", "/webhooks", hold=False, **order)
    delivered(running)

    assert (held["pending"], held["delivered"], listener.received == []) == (3, 0, False)
    assert released == {"released": len(expected)}
    assert [event.data.object.name for event in listener.events(secret)] == expected


def test_late_events_are_late(running: Running, client: Any, listener: Listener) -> None:
    listener.listen(client, "customer.created")
    running.control("POST", "/webhooks", hold=True)
    client.v1.customers.create({})
    running.control("POST", "/webhooks", hold=False, delay=0.4)
    at_once = (delivered(running), len(listener.received))[1]
    while delivered(running)["pending"]:
        pass

    assert (at_once, len(listener.received)) == (0, 1)


def test_both_secrets_sign_while_rolling(running: Running, client: Any, listener: Listener) -> None:
    old = listener.listen(client, "customer.created")
    endpoint = client.v1.webhook_endpoints.list({}).data[0].id
    new = running.control("POST", f"/webhook_endpoints/{endpoint}/roll")["secret"]
    client.v1.customers.create({})
    delivered(running)

    assert types(listener, old) == types(listener, new) == ["customer.created"]


def test_any_event_can_be_sent(running: Running, client: Any, listener: Listener) -> None:
    secret = listener.listen(client)
    running.control("POST", "/events", type="moon.risen", object={"id": "moon_1", "object": "moon"}, livemode=True)
    running.control(
        "POST", "/events", type="payment_intent.succeeded", id="evt_foreign",
        object={"id": "pi_foreign", "object": "payment_intent"}, api_version="2020-08-27",
    )  # fmt: skip
    delivered(running)

    first, second = listener.events(secret)
    assert (first.type, first.livemode, first.data.object.id) == ("moon.risen", True, "moon_1")
    assert (second.id, second.api_version) == ("evt_foreign", "2020-08-27")


def test_a_slow_endpoint_delays_no_other(running: Running, client: Any, listener: Listener) -> None:
    secret = listener.listen(client, "customer.created")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        client.v1.webhook_endpoints.create({"url": url, "enabled_events": ["*"]})
        for _ in range(3):
            client.v1.customers.create({})
        deadline = time.monotonic() + 5
        while len(listener.received) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        idle = running.control("GET", "/webhooks?wait=0.1")["idle"]

    assert types(listener, secret) == ["customer.created"] * 3
    assert idle is False


def test_endpoints_are_changed_disabled_and_deleted(running: Running, client: Any, listener: Listener) -> None:
    listener.listen(client, "customer.created")
    endpoint = client.v1.webhook_endpoints.list({}).data[0].id

    disabled = client.v1.webhook_endpoints.update(endpoint, {"disabled": True, "metadata": {"a": "b"}})
    client.v1.customers.create({})
    enabled = client.v1.webhook_endpoints.update(endpoint, {"disabled": False, "enabled_events": ["customer.deleted"]})
    client.v1.customers.create({})
    deleted = client.v1.webhook_endpoints.delete(endpoint)
    client.v1.customers.delete(client.v1.customers.create({}).id)
    delivered(running)

    assert (disabled.status, enabled.status, enabled.enabled_events) == ("disabled", "enabled", ["customer.deleted"])
    assert deleted.deleted is True
    assert client.v1.webhook_endpoints.list({}).data == []
    assert listener.received == []
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.webhook_endpoints.create({"url": "shop", "enabled_events": ["*"]})
    assert refusal.value.code == "url_invalid"


def test_events_are_read_by_type_and_since(client: Any) -> None:
    customer = client.v1.customers.create({}).id
    seen = client.v1.events.list({"limit": 1}).data[0].id
    client.v1.customers.update(customer, {"name": "Alice"})
    client.v1.customers.delete(customer)

    since = client.v1.events.list({"ending_before": seen, "limit": 100}).auto_paging_iter()
    some = client.v1.events.list({"types": ["customer.created", "customer.deleted"]}).data
    assert [event.type for event in since] == ["customer.updated", "customer.deleted"]
    assert [event.type for event in some] == ["customer.deleted", "customer.created"]
    assert client.v1.events.retrieve(seen).type == "customer.created"


def test_no_event_is_lost_over_a_restart(tmp_path: Path, listener: Listener) -> None:
    state = tmp_path / "state"
    with running_sandbox(state) as running:
        client: Any = running.client()
        secret = listener.listen(client, "customer.created")
        running.control("POST", "/webhooks", hold=True)
        client.v1.customers.create({})
    with running_sandbox(state) as running:
        held = delivered(running)["pending"]
        running.control("POST", "/webhooks", hold=False)
        delivered(running)

    assert held == 1
    assert types(listener, secret) == ["customer.created"]
