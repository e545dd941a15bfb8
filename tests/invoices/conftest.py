"""A shop that writes invoices, without its doors."""

from collections.abc import Iterator

import pytest
from flask import Flask
from jinja2 import StrictUndefined

from storefront.core.mail import delivery
from storefront.payments import documents, emails
from tests.apps import bare_app
from tests.mail.post_office import PostOffice, open_post_office

REGISTERED = (delivery, emails, documents)


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with open_post_office() as office:
        yield office


@pytest.fixture
def app(database_url: str, office: PostOffice) -> Iterator[Flask]:
    with bare_app(database_url, MAIL_URL=office.url) as app:
        app.jinja_env.undefined = StrictUndefined
        yield app


@pytest.fixture
def inside(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield
