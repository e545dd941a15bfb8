"""A shop that posts mail."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import StrictUndefined

from storefront.core import clock
from storefront.core.mail import delivery
from storefront.payments import emails
from tests.apps import bare_app
from tests.mail.post_office import PostOffice, open_post_office

REGISTERED = (delivery, emails)


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with open_post_office() as office:
        yield office


@pytest.fixture
def app(database_url: str, office: PostOffice, tmp_path: Path) -> Iterator[Flask]:
    with bare_app(database_url, MAIL_URL=office.url, CLOCK_FILE=str(tmp_path / "clock")) as app:
        app.jinja_env.undefined = StrictUndefined
        yield app
    clock.read_from(None)


@pytest.fixture
def inside(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield
