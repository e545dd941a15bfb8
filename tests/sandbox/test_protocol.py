"""The dialect: keys, versions, parameters, errors, expanding and paging."""

import threading
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.sandbox.running import KEY, RETURN_URL, Running, running_sandbox

PAY = {"amount": "1999", "currency": "eur", "confirm": "true", "return_url": RETURN_URL}


def post(running: Running, path: str, key: str | None = None, **params: str) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return running.http("POST", path, data=params, headers=headers)


# --- idempotency -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("card", "status"), [("pm_card_visa", 200), ("pm_card_visa_chargeDeclined", 402), ("pm_gone", 400)]
)
def test_the_same_key_gets_the_same_answer(running: Running, card: str, status: int) -> None:
    first, second = (post(running, "/v1/payment_intents", "k1", **PAY, payment_method=card) for _ in range(2))

    assert (first.status_code, second.status_code) == (status, status)
    assert first.json() == second.json()
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(running.control("GET", "/ledger")["payment_intents"]) == (0 if status == 400 else 1)


def test_the_same_key_with_other_parameters_is_refused(client: Any) -> None:
    client.v1.customers.create({"name": "Alice"}, {"idempotency_key": "k1"})

    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        client.v1.customers.create({"name": "Bob"}, {"idempotency_key": "k1"})
    with pytest.raises(stripe.IdempotencyError):
        client.v1.setup_intents.create({}, {"idempotency_key": "k1"})


def test_failed_validation_leaves_the_key_fresh(running: Running) -> None:
    wrong = post(running, "/v1/customers", "k1", colour="red")
    right = post(running, "/v1/customers", "k1", name="Alice")

    assert (wrong.status_code, right.status_code) == (400, 200)
    assert "Idempotent-Replayed" not in right.headers


def test_two_at_once_with_the_same_key(running: Running) -> None:
    running.control("POST", "/faults", kind="delay", seconds=0.4, verb="POST", path="/v1/customers")
    answers: list[Any] = []
    slow = threading.Thread(target=lambda: answers.append(post(running, "/v1/customers", "k1")))
    slow.start()
    while not running.control("GET", "/faults")[0]["struck"]:
        pass
    hasty = post(running, "/v1/customers", "k1")
    slow.join()

    assert (hasty.status_code, hasty.json()["error"]["code"]) == (409, "idempotency_key_in_use")
    assert answers[0].status_code == 200
    assert post(running, "/v1/customers", "k1").json() == answers[0].json()


def test_two_at_once_through_the_sdk_make_one(running: Running) -> None:
    running.control("POST", "/faults", kind="delay", seconds=0.3, verb="POST", path="/v1/customers")
    made: list[str] = []

    def create() -> None:
        client = running.client(retries=3)
        made.append(client.v1.customers.create({}, {"idempotency_key": "k1"}).id)

    threads = [threading.Thread(target=create) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(made)) == 1
    assert len(running.control("GET", "/ledger")["customers"]) == 1


def test_keys_are_forgotten_after_a_day(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    clock.write_text("0")
    with running_sandbox(tmp_path / "state", clock_file=clock) as running:
        first = post(running, "/v1/customers", "k1").json()
        clock.write_text("+86300")
        same = post(running, "/v1/customers", "k1").json()
        clock.write_text("+86500")
        new = post(running, "/v1/customers", "k1").json()

    assert first == same
    assert new["id"] != first["id"]
    assert 86490 <= new["created"] - first["created"] <= 86510


# --- who may ask -----------------------------------------------------------------------------------------------------


def test_keys_by_bearer_and_basic(running: Running) -> None:
    answers = [
        running.http("GET", "/v1/account"),
        running.http("GET", "/v1/account", key="rk_test_restricted"),
        running.http("GET", "/v1/account", key=None, auth=(KEY, "")),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len({answer.json()["id"] for answer in answers}) == 1


@pytest.mark.parametrize("key", [None, "sk_live_1234567890", "nonsense"])
def test_other_keys_are_refused(running: Running, key: str | None) -> None:
    answer = running.http("GET", "/v1/account", key=key)

    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert (key or "-") not in answer.text


def test_answers_tell_their_request_and_version(running: Running) -> None:
    answer = running.http("GET", "/v1/account")
    older = running.http("GET", "/v1/account", headers={"Stripe-Version": "2025-03-31.basil"})
    broken = running.http("GET", "/v1/account", headers={"Stripe-Version": "yesterday"})

    assert answer.headers["Request-Id"].startswith("req_")
    assert (answer.headers["Stripe-Version"], older.headers["Stripe-Version"]) == (
        "2026-10-28.endive",
        "2025-03-31.basil",
    )
    assert (broken.status_code, broken.json()["error"]["message"]) == (400, "Invalid Stripe API version: yesterday")


def test_unknown_urls(running: Running) -> None:
    answer = running.http("POST", "/v1/unicorns")

    assert answer.status_code == 404
    assert answer.json()["error"]["message"].startswith("Unrecognized request URL (POST: /v1/unicorns)")


@pytest.mark.parametrize(
    "path",
    [
        "customers/cus_x", "payment_intents/pi_x", "setup_intents/seti_x", "payment_methods/pm_x", "charges/ch_x",
        "refunds/re_x", "disputes/dp_x", "events/evt_x", "webhook_endpoints/we_x", "confirmation_tokens/ctoken_x",
        "balance_transactions/txn_x", "accounts/acct_x", "customers/cus_x/payment_methods",
    ],
)  # fmt: skip
def test_what_does_not_exist_is_404(running: Running, path: str) -> None:
    answer = running.http("GET", f"/v1/{path}")

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "resource_missing")
    assert answer.json()["error"]["doc_url"] == "https://stripe.com/docs/error-codes/resource-missing"


def test_a_fault_of_its_own_is_a_500_and_changes_nothing(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: object, *_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("storefront.sandbox.events.queue", fail)
    running.client().v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/", "enabled_events": ["*"]})
    answer = post(running, "/v1/customers", "k1")
    monkeypatch.undo()

    assert (answer.status_code, answer.json()["error"]["type"]) == (500, "api_error")
    assert running.control("GET", "/ledger")["customers"] == []
    assert post(running, "/v1/customers", "k1").status_code == 200


# --- parameters ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "code", "param", "message"),
    [
        ({"foo": "1"}, "parameter_unknown", "foo", "Received unknown parameter: foo"),
        ({"foo": "1", "bar[a]": "2"}, "parameter_unknown", "foo", "Received unknown parameters: foo, bar"),
        (
            {"shipping[address][planet]": "x", "shipping[name]": "A"}, "parameter_unknown",
            "shipping[address][planet]", "Received unknown parameter: shipping[address][planet]",
        ),
        ({"amount": "12.5"}, "parameter_invalid_integer", "amount", "Invalid integer: 12.5"),
        ({"confirm": "maybe"}, None, "confirm", "Invalid boolean: maybe"),
        ({"payment_method": ""}, "parameter_invalid_empty", "payment_method", "You passed an empty string for"),
        ({"capture_method": "later"}, None, "capture_method", "Invalid capture_method: must be one of automatic"),
        ({"expand": "latest_charge"}, None, "expand", "Invalid array: latest_charge"),
        ({"shipping": "home"}, None, "shipping", "Invalid object: home"),
        ({"description[a]": "1"}, None, "description", "Invalid string"),
        ({"amount[a]": "1"}, None, "amount[a]", "Invalid parameter"),
        ({"shipping[address][line1]": "1"}, "parameter_missing", "shipping[name]", "Missing required param"),
        ({"metadata[a][b]": "1"}, None, "metadata[a]", "Invalid string"),
    ],
)  # fmt: skip
def test_what_the_sdk_could_not_send_is_refused(
    running: Running, params: dict[str, str], code: str | None, param: str, message: str
) -> None:
    answer = post(running, "/v1/payment_intents", **{"amount": "1999", "currency": "eur", **params})

    error = answer.json()["error"]
    assert (answer.status_code, error.get("code"), error["param"]) == (400, code, param)
    assert error["message"].startswith(message)


def test_a_missing_parameter_is_named(running: Running) -> None:
    error = post(running, "/v1/payment_intents", amount="1999").json()["error"]

    assert (error["code"], error["message"]) == ("parameter_missing", "Missing required param: currency.")


def test_queries_are_checked_too(running: Running) -> None:
    error = running.http("GET", "/v1/customers", params={"colour": "red"}).json()["error"]

    assert (error["code"], error["param"]) == ("parameter_unknown", "colour")


# --- expanding -------------------------------------------------------------------------------------------------------


def test_expanding_goes_deep_and_through_lists(client: Any, running: Running) -> None:
    customer = client.v1.customers.create({"name": "Alice"}).id
    intent = client.v1.payment_intents.create(
        {"amount": 1999, "currency": "eur", "confirm": True, "return_url": RETURN_URL, "customer": customer,
         "payment_method": "pm_card_bypassPending", "expand": ["latest_charge.balance_transaction", "payment_method"]}
    )  # fmt: skip
    listed = client.v1.charges.list({"expand": ["data.payment_intent.customer"]})

    assert intent.latest_charge.balance_transaction.amount == 1999
    assert (intent.payment_method.card.last4, intent.customer) == ("0077", customer)
    assert listed.data[0].payment_intent.customer.name == "Alice"


@pytest.mark.parametrize("path", ["amount", "latest_charge.amount", "data.customer", "a.b.c.d.e"])
def test_what_cannot_be_expanded_is_refused_and_undone(running: Running, path: str) -> None:
    answer = post(running, "/v1/payment_intents", **PAY, **{"payment_method": "pm_card_visa", "expand[]": path})

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "expand")
    assert running.control("GET", "/ledger")["charges"] == []


# --- paging ----------------------------------------------------------------------------------------------------------


def test_pages_in_both_directions(client: Any) -> None:
    made = [client.v1.customers.create({}).id for _ in range(5)][::-1]

    first = client.v1.customers.list({"limit": 2})
    second = client.v1.customers.list({"limit": 2, "starting_after": made[1]})
    last = client.v1.customers.list({"limit": 2, "starting_after": made[3]})
    back = client.v1.customers.list({"limit": 2, "ending_before": made[4]})

    pages = [([customer.id for customer in page.data], page.has_more) for page in (first, second, last, back)]
    assert pages == [(made[:2], True), (made[2:4], True), (made[4:], False), (made[2:4], True)]
    assert (first.url, first.object) == ("/v1/customers", "list")
    assert [customer.id for customer in client.v1.customers.list({"limit": 2}).auto_paging_iter()] == made


@pytest.mark.parametrize(
    ("params", "code"),
    [({"limit": "0"}, "parameter_invalid_integer"), ({"limit": "101"}, "parameter_invalid_integer"),
     ({"starting_after": "cus_gone"}, "resource_missing")],
)  # fmt: skip
def test_pages_that_do_not_exist(running: Running, params: dict[str, str], code: str) -> None:
    answer = running.http("GET", "/v1/customers", params=params)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
