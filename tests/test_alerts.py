"""Alerts reach the owner by mail and at ALERT_WEBHOOK_URL: once, tried again until they are taken, and telling no secret."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from config import BadSettingError
from storefront.cli import add_commands
from storefront.core import clock
from storefront.core.alerts import alert_owner, body_for
from storefront.core.database import current_session, transaction
from storefront.core.jobs.models import Job
from storefront.core.jobs.worker import run_due
from storefront.core.mail.models import OutboundMail
from tests.apps import bare_app, settings_for

SECRET = "T0SECRET"


class Service:
    """Something that takes alerts; `answers` are the statuses it gives, the last one for ever."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.answers = [200]
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append(json.loads(body))
                status = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks/{SECRET}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.server.shutdown()
    service.server.server_close()


@pytest.fixture
def app(database_url: str, tmp_path: Path, service: Service) -> Iterator[Flask]:
    moved = tmp_path / "clock"
    with bare_app(
        database_url, ALERT_WEBHOOK_URL=service.url, OWNER_EMAIL="owner@shop.example", CLOCK_FILE=str(moved)
    ) as app:
        add_commands(app)
        with app.app_context():
            yield app
    clock.read_from(None)


def alert(key: str = "disk") -> None:
    with transaction():
        alert_owner(key, "The disk is full", "Nothing can be written.", "Make room.")


def jobs() -> list[Job]:
    found = list(current_session().scalars(select(Job).where(Job.kind == "post_alert")))
    current_session().rollback()
    return found


def test_it_is_mailed_and_posted_once(app: Flask, service: Service) -> None:
    alert()
    run_due()
    alert()
    run_due()
    alert("another")
    run_due()

    assert [one["key"] for one in service.got] == ["disk", "another"]
    first = service.got[0]
    assert (first["what"], first["why"], first["to_do"]) == (
        "The disk is full",
        "Nothing can be written.",
        "Make room.",
    )
    assert first["shop"] == app.config["SETTINGS"].shop_name
    mails = current_session().scalars(select(OutboundMail.dedupe_key).order_by(OutboundMail.id)).all()
    assert mails == ["alarm:disk", "alarm:another"]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_what_is_not_taken_is_posted_again_and_no_secret_is_kept(
    app: Flask, service: Service, tmp_path: Path, status: int
) -> None:
    service.answers = [status, 200]
    alert()
    run_due()
    [waits] = jobs()
    told = waits.last_error

    (tmp_path / "clock").write_text("+3600", encoding="ascii")
    run_due()

    assert f"127.0.0.1 answered {status}" in told
    assert SECRET not in told
    assert len(service.got) == 2
    assert jobs()[0].finished_at is not None


def test_a_service_that_is_away_is_no_secret_either(app: Flask, service: Service) -> None:
    service.server.shutdown()
    service.server.server_close()
    alert()

    run_due()

    [waits] = jobs()
    assert "did not answer" in waits.last_error
    assert SECRET not in waits.last_error


def test_nobody_waits_where_there_is_no_owner(database_url: str, service: Service) -> None:
    with bare_app(database_url, ALERT_WEBHOOK_URL=service.url, OWNER_EMAIL=" ") as app, app.app_context():
        alert()
        run_due()
        alert()
        run_due()

    assert len(service.got) == 1


@pytest.mark.parametrize(
    "url", ["https://hooks.slack.com/services/T/B/x", "https://discord.com/api/webhooks/1/x/slack"]
)
def test_slack_gets_its_own_form(url: str) -> None:
    body = body_for(settings_for("sqlite:///x.db", ALERT_WEBHOOK_URL=url), "k", "A <b> & c", "Why.", "Do.")

    assert body == {"text": "*A &lt;b&gt; &amp; c* (Kiesel)\nWhy.\nDo."}


@pytest.mark.parametrize("url", ["http://alerts.example/x", "alerts.example", "ftp://alerts.example"])
def test_an_address_that_anybody_could_read_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(BadSettingError, match="ALERT_WEBHOOK_URL must begin with https://"):
        settings_for("sqlite:///x.db", ALERT_WEBHOOK_URL=url)


class TestCommand:
    def test_it_says_what_became_of_both(self, app: Flask, service: Service) -> None:
        said = app.test_cli_runner().invoke(args=["shop", "test-alert"])

        assert said.exit_code == 0, said.output
        assert "A mail to owner@shop.example is queued" in said.output
        assert "127.0.0.1 took the alert." in said.output
        assert service.got[0]["what"] == "This is a test."

    def test_what_was_not_taken_is_an_error(self, app: Flask, service: Service) -> None:
        service.answers = [403]

        said = app.test_cli_runner().invoke(args=["shop", "test-alert"])

        assert said.exit_code == 1
        assert "ALERT_WEBHOOK_URL: 127.0.0.1 answered 403" in said.output
        assert SECRET not in said.output
