"""The demo's own pages, before a sandbox that runs."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront import create_app
from storefront.extensions import db
from tests.apps import settings_for
from tests.sandbox.running import Running, running_sandbox


@pytest.fixture(scope="session")
def demo_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("demo-sandbox") / "sandbox.db") as running:
        yield running


@pytest.fixture
def app(sqlite_url: str, demo_sandbox: Running) -> Iterator[Flask]:
    settings = settings_for(
        sqlite_url,
        STRIPE_API_BASE=demo_sandbox.url,
        STOREFRONT_DEMO="1",
        BASE_URL="http://localhost",
        MAIL_URL="outbox:",
    )
    app = create_app(settings)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    return app.test_client()
