"""What `flask doctor` finds, and what is told to the owner about proxies."""

import logging

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from storefront.cli import add_commands
from storefront.core.database import current_session
from storefront.core.mail.models import OutboundMail
from storefront.web.operations.proxies import watch_for_proxies
from tests.apps import bare_app
from tests.stack import Sandbox

NGINX = {"X-Forwarded-For": "203.0.113.9"}


def doctor(app: Flask) -> Result:
    add_commands(app)
    found: Result = app.test_cli_runner().invoke(args=["doctor"])
    return found


def lines(found: Result) -> dict[str, str]:
    return {line[7:].partition(":")[0]: line[:5].strip() for line in found.output.splitlines()}


def test_a_shop_that_is_well_says_so(database_url: str, sandbox: Sandbox) -> None:
    with bare_app(
        database_url, OWNER_EMAIL="olive@example.org", STRIPE_WEBHOOK_SECRET="whsec_tests", STRIPE_API_BASE=sandbox.url
    ) as app:
        found = doctor(app)

    assert found.exit_code == 0, found.output
    assert set(lines(found)) == {"settings", "database", "proxies", "mail", "Stripe", "clock"}
    assert set(lines(found).values()) == {"ok"}


@pytest.mark.parametrize(
    ("settings", "name", "words"),
    [
        ({"OWNER_EMAIL": ""}, "settings", "OWNER_EMAIL is not set"),
        ({"BASE_URL": "https://shop.example"}, "proxies", "Set TRUSTED_PROXIES to the number of proxies"),
        ({"MAIL_URL": "smtp://127.0.0.1:1"}, "mail", "Check MAIL_URL"),
        ({"STRIPE_WEBHOOK_SECRET": ""}, "Stripe", "STRIPE_WEBHOOK_SECRET is not set"),
        ({}, "Stripe", "Stripe does not answer from here"),
    ],
)
def test_what_is_wrong_comes_with_what_to_do(
    database_url: str, settings: dict[str, str], name: str, words: str
) -> None:
    well = {"OWNER_EMAIL": "olive@example.org", "STRIPE_WEBHOOK_SECRET": "whsec_tests"}
    with bare_app(database_url, **well | settings) as app:
        found = doctor(app)

    assert found.exit_code == 1
    assert lines(found)[name] == "wrong"
    assert words in found.output


def test_tables_that_are_missing_are_told(empty_database_url: str) -> None:
    with bare_app(empty_database_url) as app:
        found = doctor(app)

    assert found.exit_code == 1
    assert lines(found)["database"] == "wrong"


def test_a_proxy_that_is_not_counted_is_told_once(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    well = {"OWNER_EMAIL": "olive@example.org", "STRIPE_WEBHOOK_SECRET": "whsec_tests"}
    with bare_app(database_url, **well) as app, caplog.at_level(logging.WARNING):
        watch_for_proxies(app)
        app.add_url_rule("/", "home", lambda: "shop")
        browser = app.test_client()
        browser.get("/")
        assert not caplog.records

        for _ in range(3):
            browser.get("/", headers=NGINX)
        found = doctor(app)
        with app.app_context():
            mails = current_session().scalars(select(OutboundMail.context)).all()

    assert [record.getMessage() for record in caplog.records if "TRUSTED_PROXIES" in record.getMessage()] == [
        f"{mails[0]['why']} {mails[0]['to_do']}"
    ]
    assert len(mails) == 1
    assert (found.exit_code, lines(found)["proxies"]) == (1, "wrong")
