"""`flask shop details`: who sells."""

from collections.abc import Iterator

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient

from storefront.cli import add_commands
from storefront.invoices.models import ShopDetails
from storefront.invoices.seller import Seller, change_seller, seller_today
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
        from storefront.core.database import current_session  # noqa: PLC0415

        assert current_session().query(ShopDetails).count() == 0


def test_somebody_must_sell(app: Flask) -> None:
    refused = types(app, "--name", " ")

    assert refused.exit_code == 1
    assert "must say who sells" in refused.output


class TestImprint:
    """What stands below every page."""

    def test_a_shop_that_told_nothing_has_its_name(self, doors: Flask, browser: FlaskClient) -> None:
        for path in ("/", "/cart"):
            assert "<p>Kiesel<br>" in browser.get(path).text

    def test_all_pages_say_it_from_the_moment_it_is_told(self, doors: Flask, browser: FlaskClient) -> None:
        browser.get("/")
        address = ("Fährstraße 11", "20457 Hamburg")

        with doors.app_context():
            change_seller(Seller("Kiesel GmbH", address, vat_id="DE811", email="hallo@kiesel.example"))

        line = "<p>Kiesel GmbH, Fährstraße 11, 20457 Hamburg · hallo@kiesel.example · VAT ID DE811<br>"
        for path in ("/", "/cart", "/no/such/page"):
            assert line in browser.get(path).text

    def test_an_address_is_text(self, doors: Flask, browser: FlaskClient) -> None:
        with doors.app_context():
            change_seller(Seller("Kiesel <b>", ()))

        assert "<p>Kiesel &lt;b&gt;<br>" in browser.get("/cart").text
