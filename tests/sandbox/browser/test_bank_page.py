"""The bank's page works without a script, and answers for what it does not know."""

from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.sandbox.browser.amounts import amount_in_words


@pytest.fixture
def bank(sandbox: Flask) -> FlaskClient:
    return sandbox.test_client()


def asked(bank: FlaskClient, return_url: str = "https://shop.example/return?order=7") -> str:
    """Make a payment that the bank asks about."""
    params = {
        "amount": "2400",
        "currency": "eur",
        "confirm": "true",
        "payment_method": "pm_card_threeDSecure2Required",
        "return_url": return_url,
    }
    answer = bank.post("/v1/payment_intents", data=params, headers={"Authorization": "Bearer sk_test_123"})
    assert answer.json is not None
    return str(answer.json["id"])


def test_it_says_what_is_asked(bank: FlaskClient) -> None:
    page = bank.get(f"/3ds/{asked(bank)}").text

    assert "24,00\u00a0€" in page
    assert "Visa •• 3220" in page


@pytest.mark.parametrize(("answer", "status"), [("approve", "succeeded"), ("refuse", "failed")])
def test_the_answer_leads_back_to_the_shop(bank: FlaskClient, answer: str, status: str) -> None:
    intent = asked(bank)

    back = bank.post(f"/3ds/{intent}", data={"answer": answer})

    assert back.status_code == 303
    query = parse_qs(urlsplit(back.headers["Location"]).query)
    assert (query["order"], query["payment_intent"], query["redirect_status"]) == (["7"], [intent], [status])


def test_the_first_answer_counts(bank: FlaskClient) -> None:
    intent = asked(bank)

    bank.post(f"/3ds/{intent}", data={"answer": "refuse"})
    bank.post(f"/3ds/{intent}", data={"answer": "approve"})

    assert "It was not approved" in bank.get(f"/3ds/{intent}").text


def test_in_a_frame_the_answer_is_shown_in_the_frame(bank: FlaskClient) -> None:
    intent = asked(bank)

    answer = bank.post(f"/3ds/{intent}?frame=1", data={"answer": "approve"})

    assert answer.headers["Location"] == f"{intent}?frame=1"
    page = bank.get(f"/3ds/{intent}?frame=1").text
    assert 'data-outcome="approved"' in page
    assert "Back to the shop" not in page


def test_an_unknown_intent_gets_a_calm_page(bank: FlaskClient) -> None:
    answer = bank.get("/3ds/pi_unknown")

    assert answer.status_code == 404
    assert "We have nothing to ask you" in answer.text


def test_an_answer_that_is_none_is_refused(bank: FlaskClient) -> None:
    assert bank.post("/3ds/pi_unknown", data={"answer": "perhaps"}).status_code == 400


def test_any_shop_may_frame_the_pages_and_no_script_or_style_stands_in_them(bank: FlaskClient) -> None:
    for path in ("/frames/card", "/frames/controller", "/3ds/pi_unknown?frame=1"):
        answer = bank.get(path)

        assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in answer.headers
        assert "<script>" not in answer.text
        assert "style=" not in answer.text


@pytest.mark.parametrize(
    ("minor", "currency", "words"),
    [
        (2400, "eur", "24,00\u00a0€"),
        (2400, "usd", "$24.00"),
        (2400, "jpy", "¥2,400"),
        (2400, "bhd", "BHD2.400"),
        (240000, "isk", "ISK2,400"),
    ],
)
def test_amounts_read_as_stripe_counts_them(minor: int, currency: str, words: str) -> None:
    assert amount_in_words(minor, currency) == words
