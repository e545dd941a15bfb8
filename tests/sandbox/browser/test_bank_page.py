"""The bank's page works without a script, and answers for what it does not know."""

import pytest
from flask.testing import FlaskClient

from tests.sandbox.browser.fake import create_fake


@pytest.fixture
def bank() -> FlaskClient:
    return create_fake().test_client()


def test_an_unknown_intent_gets_a_calm_page(bank: FlaskClient) -> None:
    answer = bank.get("/3ds/pi_unknown")

    assert answer.status_code == 404
    assert "We have nothing to ask you" in answer.text


def test_an_answer_that_is_none_is_refused(bank: FlaskClient) -> None:
    assert bank.post("/3ds/pi_unknown", data={"answer": "perhaps"}).status_code == 400


def test_any_shop_may_frame_the_pages_and_no_script_stands_in_them(bank: FlaskClient) -> None:
    for path in ("/frames/card", "/frames/controller", "/3ds/pi_unknown?frame=1"):
        answer = bank.get(path)

        assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in answer.headers
        assert "<script>" not in answer.text
        assert "style=" not in answer.text
