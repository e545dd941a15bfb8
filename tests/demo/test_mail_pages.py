"""The demo shows the mail that a real shop would have sent."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront import create_app
from storefront.core.database import transaction
from storefront.core.jobs.worker import run_due
from storefront.core.mail.outbox import queue_mail
from storefront.extensions import db
from tests.apps import settings_for


@pytest.fixture
def sent(app: Flask) -> None:
    context = {"what": "Money that fits no order", "why": "<b>pi_1</b>", "to_do": "Look."}
    with app.app_context():
        with transaction():
            queue_mail("owner_alarm", "olive@kiesel.example", "alarm:1", context)
        run_due()


def test_before_anything_was_sent_it_says_so(browser: FlaskClient) -> None:
    assert "Buy something, and its receipt will be here." in browser.get("/demo/mail").text


@pytest.mark.usefixtures("sent")
def test_the_list_leads_to_the_mail(browser: FlaskClient) -> None:
    assert '<a href="/demo/mail/1">Please look: Money that fits no order</a>' in browser.get("/demo/mail").text

    page = browser.get("/demo/mail/1").text

    assert 'src="/demo/mail/1/letter"' in page
    assert "What to do: Look." in page


@pytest.mark.usefixtures("sent")
def test_a_mail_is_shown_where_it_can_do_nothing(browser: FlaskClient) -> None:
    letter = browser.get("/demo/mail/1/letter")
    policy = letter.headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "sandbox allow-top-navigation-by-user-activation" in policy
    assert "frame-ancestors 'self'" in policy
    assert '<base target="_top">' in letter.text
    assert "&lt;b&gt;pi_1&lt;/b&gt;" in letter.text


def test_a_mail_that_is_not_there_is_not_found(browser: FlaskClient) -> None:
    assert [browser.get(path).status_code for path in ("/demo/mail/9", "/demo/mail/9/letter")] == [404, 404]


def test_outside_the_demo_nobody_reads_mail(sqlite_url: str) -> None:
    app = create_app(settings_for(sqlite_url, STRIPE_API_BASE="http://127.0.0.1:1"))

    assert [app.test_client().get(path).status_code for path in ("/demo/mail", "/demo/mail/1")] == [404, 404]

    with app.app_context():
        db.engine.dispose()
