"""Alice and Bob, both signed in; what they own is written straight into the tables."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.account.people import Customer
from tests.doors import register


@pytest.fixture
def shop(doors: Flask) -> Flask:
    """The shop with the account's door open. Stripe cannot be reached from here: a page that asked it would fail."""
    from storefront.web.account.views import account  # noqa: PLC0415  only tests of doors open them

    doors.register_blueprint(account)
    return doors


@pytest.fixture
def alice(shop: Flask) -> Customer:
    return _joined(shop, "alice@example.org", "Alice Archer")


@pytest.fixture
def bob(shop: Flask) -> Customer:
    return _joined(shop, "bob@example.org", "Bob Baker")


@pytest.fixture
def stranger(shop: Flask) -> FlaskClient:
    """A browser in which nobody is signed in."""
    return shop.test_client()


def _joined(shop: Flask, email: str, name: str) -> Customer:
    browser = shop.test_client()
    register(browser, email, name=name)
    return Customer(shop, browser, email)
