"""What Stripe refuses before it does anything, in Stripe's words; and the head of every answer."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
import stripe

from storefront.sandbox.idempotency import fingerprint
from tests.sandbox.running import BROWSER_KEY, KEY, RETURN_URL, VERSION, Running, running_sandbox, told

INTENTS = "/v1/payment_intents"
PAY = {"amount": "1999", "currency": "eur"}
CONFIRM = {**PAY, "confirm": "true", "return_url": RETURN_URL, "payment_method": "pm_card_visa"}
FORM = "Invalid request (check that your POST content type is application/x-www-form-urlencoded)."
CARD = {
    "type": "card",
    "card[number]": "4242424242424242",
    "card[exp_month]": "12",
    "card[exp_year]": "2034",
    "card[cvc]": "123",
}


def refusal(answer: Any) -> tuple[int, str | None, str | None, str]:
    """Status, code, parameter and words."""
    error = answer.json()["error"]
    return answer.status_code, error.get("code"), error.get("param"), error["message"]


# --- who asks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("sk_live_51AbCdEfGh1234wxyz", "sk_live_**************wxyz"),
        ("sk_test_with space", "sk_test_******pace"),
        ("sk_test_", "********"),
        ("nonsense", "********"),
    ],
)
def test_a_key_that_is_none_is_told_by_its_ends(running: Running, key: str, shown: str) -> None:
    answer = running.http("GET", "/v1/account", key=key)

    assert refusal(answer) == (401, None, None, f"Invalid API Key provided: {shown}")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Stripe"'


def test_no_key_at_all(running: Running) -> None:
    answer = running.http("GET", "/v1/account", key=None)

    assert answer.status_code == 401
    assert refusal(answer)[3].startswith("You did not provide an API key.")


def test_a_browsers_key_is_no_servers_key(running: Running) -> None:
    status, code, _, words = refusal(running.http("GET", "/v1/customers", key=BROWSER_KEY))

    assert (status, code) == (403, "secret_key_required")
    assert words.startswith("This API call cannot be made with a publishable API key. Please use a secret API key.")


def test_there_is_one_account(client: Any, running: Running) -> None:
    own = client.v1.accounts.retrieve_current().id

    assert running.http("GET", "/v1/customers", headers={"Stripe-Account": own}).status_code == 200
    other = running.http("GET", "/v1/customers", headers={"Stripe-Account": "acct_other"})
    assert refusal(other)[:2] == (403, "account_invalid")


@pytest.mark.parametrize(
    "version", ["2026-13-01", "2026-10-28", "2026-10-28.dahlia", "2027-01-01.endive", "2019-99-99"]
)
def test_a_version_that_there_is_not(running: Running, version: str) -> None:
    answer = running.http("GET", "/v1/account", headers={"Stripe-Version": version})

    assert refusal(answer) == (400, None, None, f"Invalid Stripe API version: {version}")


@pytest.mark.parametrize("version", ["2011-01-01", "2023-10-16", "2025-03-31.basil", VERSION])
def test_a_version_that_there_is(running: Running, version: str) -> None:
    assert running.http("GET", "/v1/account", headers={"Stripe-Version": version}).status_code == 200


# --- how it is asked -------------------------------------------------------------------------------------------------


def test_json_is_no_form(running: Running) -> None:
    answer = running.http("POST", "/v1/customers", json={"name": "Alice"})

    assert refusal(answer)[0] == 400
    assert refusal(answer)[3].startswith(FORM)
    assert running.control("GET", "/ledger")["customers"] == []


@pytest.mark.parametrize("kind", ["text/plain; charset=utf-8", "application/xml", ""])
def test_other_bodies_are_refused_by_their_type(running: Running, kind: str) -> None:
    answer = running.http("POST", "/v1/customers", data="name=Alice", headers={"Content-Type": kind})

    assert refusal(answer)[3].startswith(f"Invalid request: unsupported Content-Type {kind}. If error persists")


def test_a_form_may_come_in_parts_and_without_a_body(running: Running) -> None:
    parts = running.http("POST", "/v1/customers", files={"name": (None, "Alice")})
    nothing = running.http("POST", "/v1/customers", headers={"Content-Type": "application/json"})

    assert (parts.status_code, parts.json()["name"], nothing.status_code) == (200, "Alice", 200)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_body_where_the_address_says_all(client: Any, running: Running, method: str) -> None:
    customer = client.v1.customers.create({}).id

    answer = running.http(method, f"/v1/customers/{customer}", data={"expand[]": "default_source"})

    assert answer.status_code == 400
    assert not hasattr(client.v1.customers.retrieve(customer), "deleted")


# --- what is asked ---------------------------------------------------------------------------------------------------


def test_a_server_sends_no_card_number(running: Running) -> None:
    status, code, _, words = refusal(running.http("POST", "/v1/payment_methods", data=CARD))

    assert (status, code) == (402, None)
    assert words.startswith("Sending credit card numbers directly to the Stripe API is generally unsafe.")
    assert running.http("POST", "/v1/payment_methods", data={"type": "card", "card[token]": "tok_visa"}).ok
    assert running.http("POST", "/v1/payment_methods", data=CARD, key=BROWSER_KEY).ok


def test_a_server_sends_card_numbers_where_that_is_switched_on(tmp_path: Path) -> None:
    with running_sandbox(tmp_path / "state", takes_card_numbers=True) as running:
        assert running.http("POST", "/v1/payment_methods", data=CARD).json()["card"]["last4"] == "4242"


def test_nothing_is_set_up_while_the_customer_is_away(client: Any, running: Running) -> None:
    customer = client.v1.customers.create({}).id
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    away = {**CONFIRM, "customer": customer, "payment_method": card, "off_session": "true"}

    status, _, param, words = refusal(running.http("POST", INTENTS, data={**away, "setup_future_usage": "off_session"}))

    assert (status, param) == (400, "off_session")
    assert words.startswith("You cannot confirm with the `off_session` parameter when `setup_future_usage` is also set")
    assert running.http("POST", INTENTS, data=away).json()["status"] == "succeeded"
    assert running.control("GET", "/ledger")["by_customer"][customer]["charges"] == 1


@pytest.mark.parametrize(
    "url",
    ["shop.example/return", "/return", "https://", "not a url", "https://shop.example/a b", "javascript:alert(1)"],
)
def test_a_return_url_that_is_none(running: Running, url: str) -> None:
    token = {"payment_method": "pm_card_visa", "return_url": url}
    answers = [
        running.http("POST", INTENTS, data={**CONFIRM, "return_url": url}),
        running.http("POST", "/v1/setup_intents", data={"confirm": "true", **token}),
        running.http("POST", "/v1/test_helpers/confirmation_tokens", data=token),
    ]

    assert [refusal(answer) for answer in answers] == [(400, "url_invalid", "return_url", "Not a valid URL")] * 3


@pytest.mark.parametrize("url", ["http://localhost:8000/return", "https://müller.example/?a=1#b", "kiesel://return"])
def test_a_return_url_that_is_one(running: Running, url: str) -> None:
    assert running.http("POST", INTENTS, data={**CONFIRM, "return_url": url}).status_code == 200


@pytest.mark.parametrize(
    ("amount", "currency", "code", "words"),
    [
        ("-1", "eur", "parameter_invalid_integer", "This value must be greater than or equal to 1."),
        ("0", "eur", "parameter_invalid_integer", "This value must be greater than or equal to 1."),
        ("19.99", "eur", "parameter_invalid_integer", "Invalid integer: 19.99"),
        ("1e3", "eur", "parameter_invalid_integer", "Invalid integer: 1e3"),
        ("+100", "eur", "parameter_invalid_integer", "Invalid integer: +100"),
        (" 100", "eur", "parameter_invalid_integer", "Invalid integer:  100"),
        ("\u0661\u0660", "eur", "parameter_invalid_integer", "Invalid integer: \u0661\u0660"),
        ("49", "usd", "amount_too_small", "Amount must be at least $0.50 usd"),
        ("29", "gbp", "amount_too_small", "Amount must be at least £0.30 gbp"),
        ("49", "jpy", "amount_too_small", "Amount must be at least ¥50 jpy"),
        ("17499", "huf", "amount_too_small", "Amount must be at least 175.00 huf"),
        ("100000000", "usd", "amount_too_large", "Amount must be no more than $999,999.99"),
        ("100000000", "jpy", "amount_too_large", "Amount must be no more than ¥99,999,999"),
        ("1000000000000", "idr", "amount_too_large", "Amount must be no more than 9,999,999,999.99 idr"),
        ("9" * 40, "eur", "amount_too_large", "Amount must be no more than €999,999.99"),
    ],
)
def test_amounts_that_cannot_be(running: Running, amount: str, currency: str, code: str, words: str) -> None:
    answer = running.http("POST", INTENTS, data={"amount": amount, "currency": currency})

    assert refusal(answer) == (400, code, "amount", words)


def test_the_most_and_the_least_are_taken(running: Running) -> None:
    for amount, currency in (("99999999", "eur"), ("50", "eur"), ("999999999999", "idr"), ("10", "kwd")):
        assert running.http("POST", INTENTS, data={"amount": amount, "currency": currency}).status_code == 200


@pytest.mark.parametrize(
    ("params", "param", "words"),
    [
        (
            {"metadata[" + "k" * 41 + "]": "1"},
            "metadata",
            "Metadata keys can have up to 40 characters, but you passed in",
        ),
        (
            {"metadata[a]": "v" * 501},
            "metadata[a]",
            "Metadata values can have up to 500 characters, but you passed in a",
        ),
        ({f"metadata[k{number}]": "v" for number in range(51)}, "metadata", "Metadata can have up to 50 keys, but you"),
        ({"description": "d" * 5001}, "description", "Invalid string: dddddddddd...dddddddddd; must be at most 5000"),
        ({"name": "n" * 5001}, "name", "Invalid string: nnnnnnnnnn...nnnnnnnnnn; must be at most 5000 characters"),
        ({"tax_exempt": "perhaps"}, "tax_exempt", "Invalid tax_exempt: must be one of exempt, none or reverse"),
    ],
)
def test_texts_that_are_too_much(running: Running, params: dict[str, str], param: str, words: str) -> None:
    answer = running.http("POST", "/v1/customers", data=params)

    assert refusal(answer)[::2] == (400, param)
    assert refusal(answer)[3].startswith(words)


def test_texts_that_just_fit(running: Running) -> None:
    fitting = {f"metadata[{number:0>40}]": "v" * 500 for number in range(50)} | {"description": "d" * 5000}

    kept = running.http("POST", "/v1/customers", data=fitting).json()

    assert (len(kept["metadata"]), len(kept["description"])) == (50, 5000)


def test_metadata_counts_what_is_kept_beside_it(client: Any, running: Running) -> None:
    customer = client.v1.customers.create({"metadata": {f"k{number}": "v" for number in range(50)}}).id

    answer = running.http("POST", f"/v1/customers/{customer}", data={"metadata[one_more]": "v"})

    assert refusal(answer)[0] == 400
    swapped = running.http("POST", f"/v1/customers/{customer}", data={"metadata[one_more]": "v", "metadata[k0]": ""})
    assert len(swapped.json()["metadata"]) == 50


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({**PAY, "customer": "cus_gone"}, "customer"),
        ({**CONFIRM, "payment_method": "pm_gone"}, "payment_method"),
        (
            {**PAY, "confirm": "true", "return_url": RETURN_URL, "confirmation_token": "ctoken_gone"},
            "confirmation_token",
        ),
    ],
)
def test_what_is_named_and_not_there(running: Running, params: dict[str, str], param: str) -> None:
    status, code, named, words = refusal(running.http("POST", INTENTS, data=params))

    assert (status, code, named) == (400, "resource_missing", param)
    assert words.startswith("No such ")
    assert words.endswith("_gone'")


# --- idempotency keys, and the heads of answers ----------------------------------------------------------------------


def test_a_key_for_other_parameters(client: Any) -> None:
    client.v1.customers.create({"name": "Alice"}, {"idempotency_key": "k1"})

    with pytest.raises(stripe.IdempotencyError) as refused:
        client.v1.customers.create({"name": "Bob"}, {"idempotency_key": "k1"})

    assert (refused.value.http_status, told(refused).type) == (400, "idempotency_error")


def test_a_key_too_long(running: Running) -> None:
    for length, status in ((255, 200), (256, 400)):
        assert running.http("POST", "/v1/customers", headers={"Idempotency-Key": "k" * length}).status_code == status


def test_the_head_of_an_answer(running: Running) -> None:
    answer = running.http("GET", "/v1/account")

    assert answer.headers["Request-Id"].startswith("req_")
    wanted = {
        "Content-Type": "application/json",
        "Cache-Control": "no-cache, no-store",
        "Stripe-Version": VERSION,
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "GET,HEAD,PUT,PATCH,POST,DELETE",
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Max-Age": "300",
    }
    assert {name: answer.headers.get(name) for name in wanted} == wanted
    assert {"Request-Id", "Stripe-Should-Retry"} <= set(answer.headers["Access-Control-Expose-Headers"].split(", "))
    assert "GMT" in answer.headers["Date"]
    for name in ("Idempotency-Key", "Original-Request", "Idempotent-Replayed", "Stripe-Should-Retry"):
        assert name not in answer.headers


def test_a_replay_names_the_request_it_repeats(running: Running) -> None:
    def asked(key: str) -> Any:
        return running.http("POST", "/v1/customers", headers={"Idempotency-Key": key})

    first, again, other = asked("k1"), asked("k1"), asked("k2")

    assert first.headers["Original-Request"] == first.headers["Request-Id"]
    assert "Idempotent-Replayed" not in first.headers
    assert (again.headers["Idempotency-Key"], again.headers["Idempotent-Replayed"]) == ("k1", "true")
    assert again.headers["Original-Request"] == first.headers["Request-Id"] != again.headers["Request-Id"]
    assert other.headers["Original-Request"] == other.headers["Request-Id"]


def test_whether_to_ask_again(running: Running) -> None:
    running.control("POST", "/faults", kind="conflict_409", verb="POST", path="/v1/customers")
    declined = {**CONFIRM, "payment_method": "pm_card_visa_chargeDeclined"}

    conflict = running.http("POST", "/v1/customers", headers={"Idempotency-Key": "k1"})
    answers = [
        running.http("GET", "/v1/account", key="nonsense"),
        running.http("POST", INTENTS, data=declined),
        running.http("GET", "/v1/customers/cus_gone"),
    ]

    assert (conflict.status_code, conflict.headers["Stripe-Should-Retry"]) == (409, "true")
    assert [(answer.status_code, answer.headers["Stripe-Should-Retry"]) for answer in answers] == [
        (401, "false"),
        (402, "false"),
        (404, "false"),
    ]


def test_a_state_file_of_an_older_sandbox_replays_too(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with sqlite3.connect(state) as old:
        old.execute(
            "CREATE TABLE idempotency (key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL,"
            " body TEXT NOT NULL, created INTEGER NOT NULL)"
        )
        kept = ("k1", fingerprint("POST", "/v1/customers", {}), 200, '{"id": "cus_old"}', 4_000_000_000)
        old.execute("INSERT INTO idempotency VALUES (?, ?, ?, ?, ?)", kept)
    old.close()

    with running_sandbox(state) as running:
        answer = running.http("POST", "/v1/customers", headers={"Idempotency-Key": "k1"})

    assert (answer.json(), answer.headers["Idempotent-Replayed"]) == ({"id": "cus_old"}, "true")


def test_the_key_may_be_given_as_basic_authentication(running: Running) -> None:
    assert running.http("GET", "/v1/account", key=None, auth=(KEY, "")).status_code == 200
