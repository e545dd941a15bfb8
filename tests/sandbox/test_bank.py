"""3-D Secure: the bank asks, the customer answers once, and the money follows the answer."""

from typing import Any

import pytest
import stripe

from tests.sandbox.running import BROWSER_KEY, RETURN_URL, Running

PAY: Any = {"amount": 1999, "currency": "eur", "confirm": True, "return_url": RETURN_URL}


def challenged(client: Any, token: str = "pm_card_authenticationRequired", **params: Any) -> Any:
    return client.v1.payment_intents.create({**PAY, "payment_method": token, **params})


def test_stripe_js_is_asked_in_the_page(client: Any, running: Running) -> None:
    intent = challenged(client, use_stripe_sdk=True)

    action = intent.next_action.to_dict()
    assert action["type"] == "use_stripe_sdk"
    assert action["use_stripe_sdk"]["stripe_js"] == f"{running.url}/3ds/{intent.id}"


def test_what_the_bank_shows(client: Any, running: Running) -> None:
    intent = challenged(client)

    assert running.sandbox.challenge(intent.id) == {
        "id": intent.id, "kind": "payment", "amount": 1999, "currency": "eur", "card_brand": "visa", "last4": "3184",
        "status": "open", "return_url": RETURN_URL,
    }  # fmt: skip


def test_a_passed_challenge_charges_the_card(client: Any, running: Running) -> None:
    intent = challenged(client, return_url=f"{RETURN_URL}?order=7")

    answer = running.http("POST", f"/sandbox/challenges/{intent.id}", key=None, data={"outcome": "passed"}).json()

    paid = client.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})
    assert (paid.status, paid.next_action, paid.amount_received) == ("succeeded", None, 1999)
    assert paid.latest_charge.payment_method_details.card.three_d_secure.result == "authenticated"
    assert answer["status"] == "passed"
    assert answer["return_url"] == (
        f"{RETURN_URL}?order=7&payment_intent={intent.id}&payment_intent_client_secret={intent.client_secret}"
        "&redirect_status=succeeded"
    )


def test_a_failed_challenge_wants_another_card(client: Any, running: Running) -> None:
    intent = challenged(client)

    answer = running.sandbox.answer_challenge(intent.id, passed=False)

    failed = client.v1.payment_intents.retrieve(intent.id)
    assert (failed.status, failed.payment_method) == ("requires_payment_method", None)
    assert failed.last_payment_error.code == "payment_intent_authentication_failure"
    assert (answer["status"], str(answer["return_url"])[-6:]) == ("failed", "failed")
    assert client.v1.charges.list({"payment_intent": intent.id}).data == []


def test_only_the_first_answer_counts(client: Any, running: Running) -> None:
    intent = challenged(client)

    answers = [running.sandbox.answer_challenge(intent.id, passed=passed) for passed in (True, False, True)]

    assert answers[0] == answers[1] == answers[2]
    assert len(client.v1.charges.list({"payment_intent": intent.id}).data) == 1


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("pm_card_threeDSecureRequiredChargeDeclined", "generic_decline"),
        ("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", "insufficient_funds"),
    ],
)
def test_some_cards_are_declined_after_the_bank_agreed(client: Any, running: Running, token: str, reason: str) -> None:
    intent = challenged(client, token)

    answer = running.sandbox.answer_challenge(intent.id, passed=True)

    declined = client.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})
    assert (declined.status, declined.last_payment_error.decline_code) == ("requires_payment_method", reason)
    assert declined.latest_charge.status == "failed"
    assert str(answer["return_url"]).endswith("redirect_status=failed")


def test_another_card_may_be_taken_while_the_bank_waits(client: Any, running: Running) -> None:
    intent = challenged(client)
    paid = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa", "return_url": RETURN_URL})

    late = running.sandbox.answer_challenge(intent.id, passed=True)

    assert (paid.status, late["status"]) == ("succeeded", "none")
    assert len(client.v1.charges.list({"payment_intent": intent.id}).data) == 1


def test_a_canceled_intent_asks_nothing(client: Any, running: Running) -> None:
    intent = challenged(client)
    client.v1.payment_intents.cancel(intent.id)

    assert running.sandbox.answer_challenge(intent.id, passed=True)["status"] == "none"
    assert client.v1.payment_intents.retrieve(intent.id).status == "canceled"


def test_with_manual_confirmation_the_server_finishes(client: Any, running: Running) -> None:
    intent = challenged(client, confirmation_method="manual")
    running.sandbox.answer_challenge(intent.id, passed=True)
    waiting = client.v1.payment_intents.retrieve(intent.id).status
    paid = client.v1.payment_intents.confirm(intent.id, {"return_url": RETURN_URL})

    assert (waiting, paid.status) == ("requires_confirmation", "succeeded")


def test_any_card_can_be_asked_to_authenticate(client: Any) -> None:
    options = {"card": {"request_three_d_secure": "any"}}

    assert challenged(client, "pm_card_visa", payment_method_options=options).status == "requires_action"


def test_a_challenge_that_must_not_happen_is_a_decline(client: Any) -> None:
    with pytest.raises(stripe.CardError) as refusal:
        challenged(client, error_on_requires_action=True)

    assert refusal.value.code == "authentication_required"


def test_a_saved_card_is_kept_after_the_bank_agreed(client: Any, running: Running) -> None:
    customer = client.v1.customers.create({}).id
    intent = challenged(client, customer=customer, setup_future_usage="off_session")
    before = client.v1.customers.payment_methods.list(customer).data
    running.sandbox.answer_challenge(intent.id, passed=True)

    (saved,) = client.v1.customers.payment_methods.list(customer).data
    assert (before, saved.card.last4) == ([], "3184")


def test_an_unknown_challenge_is_not_found(running: Running) -> None:
    answer = running.http("POST", "/sandbox/challenges/pi_gone", key=None, data={"outcome": "passed"})
    wrong = running.http("POST", "/sandbox/challenges/pi_gone", key=None, data={"outcome": "maybe"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "resource_missing")
    assert wrong.status_code == 400


def test_a_browser_pays_and_reads_with_the_client_secret(client: Any, running: Running) -> None:
    intent = client.v1.payment_intents.create({"amount": 1999, "currency": "eur", "metadata": {"order_id": "7"}})
    path = f"/v1/payment_intents/{intent.id}"
    form = {"client_secret": intent.client_secret, "payment_method": "pm_card_visa", "return_url": RETURN_URL}

    paid = running.http("POST", f"{path}/confirm", key=BROWSER_KEY, data=form)
    read = running.http(
        "GET", path, key=None, params={"key": BROWSER_KEY, "client_secret": intent.client_secret}
    ).json()
    wrong = running.http("GET", path, key=BROWSER_KEY, params={"client_secret": "guess"})
    without = running.http("GET", path, key=BROWSER_KEY)

    assert (paid.json()["status"], paid.headers["Access-Control-Allow-Origin"]) == ("succeeded", "*")
    assert (read["status"], "metadata" in read, "customer" in read) == ("succeeded", False, False)
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "client_secret")
    assert without.json()["error"]["code"] == "parameter_missing"


def test_a_browser_is_allowed_from_any_origin(running: Running) -> None:
    answer = running.http("OPTIONS", "/v1/confirmation_tokens", key=None, headers={"Origin": "http://shop.example"})

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]


def test_a_publishable_key_does_nothing_else(running: Running) -> None:
    answer = running.http("GET", "/v1/customers", key=BROWSER_KEY)

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "secret_key_required")
