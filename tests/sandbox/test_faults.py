"""Faults on demand, and what a retry finds afterwards."""

import time
from typing import Any

import pytest
import requests
import stripe

from tests.sandbox.running import BROWSER_KEY, Running, told


def customers(running: Running) -> int:
    return len(running.control("GET", "/ledger")["customers"])


def create(running: Running, key: str = "k1", retries: int = 0) -> str:
    client = running.client(retries=retries)
    return client.v1.customers.create({}, {"idempotency_key": key}).id


@pytest.mark.parametrize(
    ("kind", "error", "made"),
    [
        ("error_before", stripe.APIError, 0),
        ("error_after", stripe.APIError, 1),
        ("cut_before", stripe.APIConnectionError, 0),
        ("cut_after", stripe.APIConnectionError, 1),
        ("conflict_409", stripe.APIError, 0),
        ("rate_limit_429", stripe.RateLimitError, 0),
        ("refuse_400", stripe.InvalidRequestError, 0),
        ("decline_402", stripe.CardError, 0),
        ("forbid_403", stripe.PermissionError, 0),
    ],
)
def test_each_fault_and_its_effect(running: Running, kind: str, error: type[Exception], made: int) -> None:
    running.control("POST", "/faults", kind=kind, verb="POST", path="/v1/customers")

    with pytest.raises(error):
        create(running)

    assert customers(running) == made
    assert running.control("GET", "/faults")[0]["struck"] == 1


@pytest.mark.parametrize("kind", ["error_before", "cut_before", "cut_after", "conflict_409"])
def test_the_sdk_gets_over_it_with_the_same_key(running: Running, kind: str) -> None:
    running.control("POST", "/faults", kind=kind, verb="POST", path="/v1/customers")

    create(running, retries=1)

    assert customers(running) == 1


def test_a_500_after_the_effect_stays_the_answer_to_its_key(running: Running) -> None:
    running.control("POST", "/faults", kind="error_after", verb="POST", path="/v1/customers")

    for _ in range(2):
        with pytest.raises(stripe.APIError):
            create(running)
    create(running, "k2")

    assert customers(running) == 2


def test_a_500_may_be_remembered_or_not(running: Running) -> None:
    running.control("POST", "/faults", kind="error_after", remembered=False)
    with pytest.raises(stripe.APIError):
        create(running)
    found = create(running)
    running.control("POST", "/faults", kind="error_before", remembered=True, verb="POST")
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            create(running, "k2")

    assert running.control("GET", "/ledger")["customers"][0]["id"] == found
    assert customers(running) == 1


def test_only_the_nth_call_is_struck(running: Running) -> None:
    running.control("POST", "/faults", kind="error_before", verb="post", path="^/v1/cust", nth=2, times=2)
    results = []
    for number in range(4):
        try:
            create(running, f"k{number}")
            results.append("made")
        except stripe.APIError:
            results.append("failed")

    assert results == ["made", "failed", "failed", "made"]


def test_paths_and_verbs_are_told_apart(running: Running) -> None:
    running.control("POST", "/faults", kind="error_before", verb="GET", path="/v1/customers/*")

    customer = create(running)

    with pytest.raises(stripe.APIError):
        running.client().v1.customers.retrieve(customer)
    running.control("DELETE", "/faults")
    assert running.control("GET", "/faults") == []


@pytest.mark.parametrize("kind", ["delay", "delay_after"])
def test_slow_answers(running: Running, kind: str) -> None:
    running.control("POST", "/faults", kind=kind, seconds=0.3, path="/v1/customers")
    began = time.monotonic()

    create(running)

    assert time.monotonic() - began >= 0.3


def test_a_client_may_give_up_on_a_slow_answer_and_ask_again(running: Running) -> None:
    running.control("POST", "/faults", kind="delay_after", seconds=0.6, path="/v1/customers")
    headers = {"Authorization": "Bearer sk_test_1", "Idempotency-Key": "k1"}
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{running.url}/v1/customers", timeout=0.2, headers=headers)
    answer = running.http("POST", "/v1/customers", headers=headers)

    assert answer.headers["Idempotent-Replayed"] == "true"
    assert customers(running) == 1


def test_codes_are_chosen(running: Running) -> None:
    running.control("POST", "/faults", kind="rate_limit_429", code="lock_timeout")

    with pytest.raises(stripe.RateLimitError) as refusal:
        create(running)

    assert told(refusal).code == "lock_timeout"


def test_unknown_faults_are_refused(running: Running) -> None:
    answer = running.http("POST", "/control/faults", json={"kind": "earthquake"})

    assert answer.status_code == 400


def test_the_log_of_requests(running: Running) -> None:
    create(running)
    create(running)
    with pytest.raises(stripe.CardError):
        running.client(key=BROWSER_KEY).v1.payment_methods.create(
            {"type": "card", "card": {"number": "4242424242424241", "exp_month": 1, "exp_year": 2040}}
        )

    log: list[Any] = running.control("GET", "/requests")
    assert [(line["method"], line["path"], line["status"], line["replayed"]) for line in log] == [
        ("POST", "/v1/customers", 200, False),
        ("POST", "/v1/customers", 200, True),
        ("POST", "/v1/payment_methods", 402, False),
    ]
    assert (log[0]["idempotency_key"], log[2]["params"]["card"]["number"]) == ("k1", "…")
    running.control("DELETE", "/requests")
    assert running.control("GET", "/requests") == []


def test_the_control_api_is_for_tests_on_this_machine(running: Running) -> None:
    answers = [
        running.http("GET", "/control/ledger", key=None),
        running.http("GET", "/control/ledger", key="pk_test_1"),
        running.http("GET", "/control/ledger", key="sk_live_1"),
        running.http("GET", "/control/ledger", headers={"X-Forwarded-For": "127.0.0.1"}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403, 403]


def test_the_ledger_adds_up(running: Running) -> None:
    client: Any = running.client()
    customer = client.v1.customers.create({}).id
    pay = {"currency": "eur", "customer": customer, "confirm": True, "return_url": "https://shop.example/",
           "metadata": {"order_id": "o1"}}  # fmt: skip
    intent = client.v1.payment_intents.create(
        {**pay, "amount": 2000, "payment_method": "pm_card_visa", "setup_future_usage": "off_session"}
    )
    with pytest.raises(stripe.CardError):
        client.v1.payment_intents.create({**pay, "amount": 700, "payment_method": "pm_card_visa_chargeDeclined"})
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 300})
    failed = client.v1.refunds.create({"payment_intent": intent.id, "amount": 100})
    running.control("POST", f"/refunds/{failed.id}", status="failed")

    ledger = running.control("GET", "/ledger")
    total = {"charges": 1, "failed_charges": 1, "captured": 2000, "refunded": 300}
    assert (ledger["by_customer"], ledger["by_order"]) == ({customer: total}, {"o1": total})
    assert [card["id"] for card in ledger["customers"][0]["cards"]] == [intent.payment_method]


def test_deleted_data_was_never_there(running: Running) -> None:
    first = create(running, "once")
    running.control("POST", "/webhooks", hold=True)
    running.control("POST", "/tasks", hold=True)

    running.control("DELETE", "/data")

    again = create(running, "once")
    assert again != first
    assert [one["id"] for one in running.control("GET", "/ledger")["customers"]] == [again]
    assert running.control("GET", "/webhooks")["hold"] is False
    assert running.control("POST", "/tasks")["hold"] is False
    assert [one["method"] for one in running.control("GET", "/requests")] == ["POST"]
