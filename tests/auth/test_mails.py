"""What the mails of logins say, in plain text and in HTML."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.core.mail import rendering
from storefront.core.mail.outbox import WRITERS
from storefront.customers.people import user_by_email
from storefront.customers.proving import ask_again_for_proof, want_password_reset
from tests.doors import link_in, mails, register


@pytest.mark.parametrize(
    ("kind", "subject", "where"),
    [
        ("verify_email", "Is this your address?", "/auth/verify/"),
        ("reset_password", "A new password for Kiesel", "/auth/password-reset/"),
        ("password_changed", "Your password was changed", "/auth/password-reset"),
    ],
)
def test_each_greets_and_leads_back_to_the_shop(
    doors: Flask, browser: FlaskClient, kind: str, subject: str, where: str
) -> None:
    register(browser)
    with doors.app_context():
        context = WRITERS[kind]({"user_id": 1})
        assert context is not None
        mail = rendering.write(kind, context, shop_name="Kiesel", base_url="http://shop.test")

    assert mail.subject == subject
    for body in (mail.text, mail.html):
        assert "Hello Alice," in body
        assert f"http://shop.test{where}" in body


@pytest.mark.parametrize("kind", ["verify_email", "reset_password", "password_changed"])
def test_nobody_gets_none(doors: Flask, kind: str) -> None:
    with doors.app_context():
        assert WRITERS[kind]({"user_id": 99}) is None


def test_every_wish_is_a_mail_of_its_own(doors: Flask, browser: FlaskClient) -> None:
    register(browser)
    with doors.app_context():
        alice = user_by_email("alice@example.org")
        assert alice is not None
        ask_again_for_proof(alice)
        want_password_reset(alice)
        want_password_reset(alice)

    assert [kind for kind, _ in mails(doors)] == ["verify_email", "verify_email", "reset_password", "reset_password"]
    assert link_in(doors, "reset_password").startswith("/auth/password-reset/")
