"""`flask shop details`: who sells."""

from collections.abc import Iterator

import pytest
from click.testing import Result
from flask import Flask

from storefront.cli import add_commands
from storefront.invoices.models import ShopDetails
from storefront.invoices.seller import Seller, seller_today
from tests.apps import bare_app


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    with bare_app(database_url) as app:
        add_commands(app)
        yield app


def types(app: Flask, *words: str) -> Result:
    result: Result = app.test_cli_runner().invoke(args=["shop", "details", *words])
    return result


def test_before_anything_is_told_the_settings_speak(app: Flask) -> None:
    said = types(app).output

    assert "name     Kiesel" in said
    assert "email    olive@kiesel.example" in said
    assert "An invoice needs an address" in said
    with app.app_context():
        assert ShopDetails.__table__ is not None
        assert seller_today() == Seller("Kiesel", email="olive@kiesel.example")


def test_what_is_told_stays_and_the_rest_is_kept(app: Flask) -> None:
    types(app, "--name", "Anna Reuter", "--address", "Fährstraße 11", "--address", "20457 Hamburg", "--vat-id", "DE1")

    said = types(app, "--note", " No VAT. ", "--vat-id", "").output

    assert "An invoice needs an address" not in said
    with app.app_context():
        assert seller_today() == Seller(
            "Anna Reuter", ("Fährstraße 11", "20457 Hamburg"), "", "olive@kiesel.example", "No VAT."
        )


def test_looking_changes_nothing(app: Flask) -> None:
    types(app)

    with app.app_context():
        from storefront.database import current_session  # noqa: PLC0415

        assert current_session().query(ShopDetails).count() == 0


def test_somebody_must_sell(app: Flask) -> None:
    refused = types(app, "--name", " ")

    assert refused.exit_code == 1
    assert "must say who sells" in refused.output
