from flask import Flask
from flask.testing import FlaskClient

from storefront.cards.models import SavedCard
from storefront.core.database import end_read, transaction
from storefront.customers.addresses import Place, add_address
from storefront.customers.people import user_by_email
from tests.browse.conftest import Keeper
from tests.doors import register

HOME = {"name": "Alice Archer", "line1": "Lindenstraße 4", "postal_code": "10969", "city": "Berlin", "country": "DE"}


def test_a_customer_with_a_card_finds_the_button(app: Flask, keeper: Keeper, visitor: FlaskClient) -> None:
    keeper.puts("Teapot", prices=(2400, 2600), stocks=(5, 0))
    register(visitor)
    _save_a_card(app)

    response, again = visitor.get("/products/teapot"), visitor.get("/products/teapot")

    assert 'data-panel="ready"' in response.text
    assert 'name="checkout_token"' in response.text
    assert response.text != again.text
    assert response.headers["Cache-Control"] == "private, no-store"


def test_a_customer_without_a_card_is_led_to_the_checkout(keeper: Keeper, visitor: FlaskClient) -> None:
    keeper.puts("Teapot")
    register(visitor)

    page = visitor.get("/products/teapot").text

    assert 'data-panel="plain"' in page
    assert "checkout_token" not in page


def test_nobody_is_shown_a_customers_page(app: Flask, keeper: Keeper, visitor: FlaskClient) -> None:
    keeper.puts("Teapot")
    register(visitor)
    _save_a_card(app)
    assert "Alice" in visitor.get("/products/teapot").text

    page = app.test_client().get("/products/teapot").text

    assert "Alice" not in page
    assert "4242" not in page


def _save_a_card(app: Flask) -> None:
    with app.app_context():
        user = user_by_email("alice@example.org")
        assert user is not None
        user_id = user.id
        end_read()
        add_address(user_id, Place(**HOME))
        with transaction() as session:
            session.add(
                SavedCard(
                    user_id=user_id,
                    livemode=False,
                    stripe_payment_method_id="pm_1",
                    brand="visa",
                    last4="4242",
                    exp_month=12,
                    exp_year=2040,
                    funding="credit",
                    fingerprint="f",
                )
            )
