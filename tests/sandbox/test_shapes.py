"""Every kind of object the sandbox answers has the shape of Stripe's own."""

from typing import Any

import pytest

from tests.sandbox import sdk_types, shapes
from tests.sandbox.running import BROWSER_KEY, RETURN_URL, Running

CONFIRMED = {"amount": "1999", "currency": "eur", "confirm": "true", "return_url": RETURN_URL}
CARD = {
    "payment_method_data[type]": "card",
    "payment_method_data[card][number]": "4242424242424242",
    "payment_method_data[card][exp_month]": "12",
    "payment_method_data[card][exp_year]": "34",
    "payment_method_data[card][cvc]": "123",
}


def faults(document: Any) -> list[str]:
    """By the API reference, and by the SDK."""
    return shapes.faults(document) + sdk_types.faults(document)


def answered(running: Running, method: str, path: str, **params: str) -> Any:
    if method == "POST":
        return running.http(method, path, data=params).json()
    return running.http(method, path, params=params).json()


def paid(running: Running, token: str = "pm_card_visa", **params: str) -> Any:
    return answered(running, "POST", "/v1/payment_intents", **CONFIRMED, payment_method=token, **params)


@pytest.mark.parametrize(
    ("token", "status"),
    [
        ("pm_card_visa", "succeeded"),
        ("pm_card_authenticationRequired", "requires_action"),
        ("pm_card_threeDSecureFrictionless", "succeeded"),
    ],
)
def test_payment_intents_and_their_charges(running: Running, token: str, status: str) -> None:
    intent = paid(running, token, **{"expand[]": "latest_charge"})

    assert intent["status"] == status
    assert faults(intent) == []
    assert intent["latest_charge"] is None or faults(intent["latest_charge"]) == []


def test_a_held_payment(running: Running) -> None:
    intent = paid(running, capture_method="manual", **{"expand[]": "latest_charge"})

    assert intent["status"] == "requires_capture"
    assert faults(intent) == []
    assert faults(intent["latest_charge"]) == []


def test_a_decline_and_all_it_carries(running: Running) -> None:
    error = paid(running, "pm_card_chargeDeclinedInsufficientFunds")["error"]

    assert shapes.faults(error, "api_errors") == []
    assert faults(error["payment_intent"]) == []
    assert faults(error["payment_method"]) == []
    assert faults(answered(running, "GET", f"/v1/charges/{error['charge']}")) == []


def test_customers_and_their_sessions(running: Running) -> None:
    customer = answered(running, "POST", "/v1/customers", email="alice@example.com")
    session = answered(
        running,
        "POST",
        "/v1/customer_sessions",
        customer=customer["id"],
        **{"components[payment_element][enabled]": "true"},
    )

    assert faults(customer) == []
    assert faults(session) == []


def test_payment_methods_and_confirmation_tokens(running: Running) -> None:
    method = answered(running, "POST", "/v1/payment_methods", type="card", **{"card[token]": "tok_visa"})
    token = running.http("POST", "/v1/confirmation_tokens", key=BROWSER_KEY, data=CARD).json()

    assert faults(method) == []
    assert faults(token) == []
    assert token["payment_method_preview"]["card"]["last4"] == "4242"


@pytest.mark.parametrize("token", ["pm_card_visa", "pm_card_authenticationRequired"])
def test_setup_intents_and_their_attempts(running: Running, token: str) -> None:
    customer = answered(running, "POST", "/v1/customers")["id"]
    intent = answered(
        running,
        "POST",
        "/v1/setup_intents",
        customer=customer,
        payment_method=token,
        confirm="true",
        return_url=RETURN_URL,
        **{"expand[]": "latest_attempt"},
    )

    assert faults(intent) == []
    assert faults(intent["latest_attempt"]) == []


@pytest.mark.parametrize("card", ["pm_card_visa", "pm_card_pendingRefund", "pm_card_refundFail"])
def test_refunds_from_beginning_to_end(running: Running, card: str) -> None:
    intent = paid(running, card)
    refund = answered(running, "POST", "/v1/refunds", payment_intent=intent["id"], amount="500")
    running.control("POST", "/tasks")
    later = answered(running, "GET", f"/v1/refunds/{refund['id']}")

    assert faults(refund) == []
    assert faults(later) == []


@pytest.mark.parametrize("card", ["pm_card_createDispute", "pm_card_createDisputeInquiry"])
def test_disputes(running: Running, card: str) -> None:
    intent = paid(running, card)
    (dispute,) = answered(running, "GET", "/v1/disputes", payment_intent=intent["id"])["data"]

    assert faults(dispute) == []
    assert [faults(booked) for booked in dispute["balance_transactions"]] in ([], [[]])


def test_balance_transactions_and_fraud_warnings(running: Running) -> None:
    paid(running, "pm_card_createIssuerFraudRecord")
    running.control("POST", "/tasks")
    (booked,) = answered(running, "GET", "/v1/balance_transactions")["data"]
    (warning,) = answered(running, "GET", "/v1/radar/early_fraud_warnings")["data"]

    assert faults(booked) == []
    assert faults(warning) == []


def test_events_and_what_they_tell_of(running: Running) -> None:
    customer = answered(running, "POST", "/v1/customers")["id"]
    intent = paid(running, customer=customer, setup_future_usage="off_session")
    answered(running, "POST", "/v1/refunds", payment_intent=intent["id"])
    events = answered(running, "GET", "/v1/events", limit="100")["data"]

    assert {event["data"]["object"]["object"] for event in events} == {
        "charge", "customer", "payment_intent", "payment_method", "refund",
    }  # fmt: skip
    assert [faults(event) for event in events] == [[]] * len(events)
    assert [faults(event["data"]["object"]) for event in events] == [[]] * len(events)


def test_webhook_endpoints(running: Running) -> None:
    made = answered(running, "POST", "/v1/webhook_endpoints", url="http://127.0.0.1:9/", **{"enabled_events[]": "*"})

    assert made["secret"].startswith("whsec_")
    assert faults(made) == []
    assert "secret" not in answered(running, "GET", f"/v1/webhook_endpoints/{made['id']}")


def test_the_judges_see_what_is_wrong(running: Running) -> None:
    intent = paid(running)
    spoilt = {**intent, "amount": "1999", "status": "rich", "moon": 1, "next_action": {"redirect_to_url": {}}}
    del spoilt["currency"]

    assert sdk_types.faults(spoilt) == [
        "payment_intent.moon is unknown",
        "payment_intent.amount is '1999', not int",
        "payment_intent.currency is missing",
        "payment_intent.next_action.type is missing",
        (
            "payment_intent.status is 'rich', not of ['canceled', 'processing', 'requires_action', 'requires_capture',"
            " 'requires_confirmation', 'requires_payment_method', 'succeeded']"
        ),
    ]
    assert len(shapes.faults(spoilt)) == 5
