"""A shop with something of everything that is hard to move, and an empty database of the other kind."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import insert, null, text, update

from storefront.cards.models import SavedCard
from storefront.carts.models import Cart
from storefront.catalog.models import Product, Variant
from storefront.cli import add_commands
from storefront.core.clock import now
from storefront.core.database import transaction
from storefront.core.jobs.models import Job
from storefront.core.jobs.queue import enqueue
from storefront.customers.models import User
from storefront.orders.models import OrderStatus
from tests.apps import bare_app
from tests.mail.orders import place

Types = Callable[..., Result]
MANY = 1203
OTHER = {"sqlite": "postgres", "postgres": "sqlite"}
# Both are None for Python, and not the same for a query.
JSON_NULL = text(
    "INSERT INTO carts (checkout_token, state, merged_from, discount_code, created_at, updated_at) "
    "SELECT 'json null', state, 'null', '', created_at, updated_at FROM carts WHERE checkout_token = 'null'"
)


@pytest.fixture
def target(database_engine: str, request: pytest.FixtureRequest) -> str:
    """A database of the other kind, migrated and never used."""
    url: str = request.getfixturevalue(f"{OTHER[database_engine]}_url")
    return url


@pytest.fixture
def bare_target(database_engine: str, request: pytest.FixtureRequest) -> str:
    """A database of the other kind without any table."""
    url: str = request.getfixturevalue(f"empty_{OTHER[database_engine]}_url")
    return url


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """A shop with something of everything that is hard to move."""
    with bare_app(database_url) as app:
        add_commands(app)
        app.instance_path = str(tmp_path / "instance")
        with app.app_context():
            fill()
        yield app


@pytest.fixture
def types(app: Flask) -> Types:
    def type_in(*words: str) -> Result:
        result: Result = app.test_cli_runner().invoke(args=["shop", "move", *words])
        return result

    return type_in


def fill() -> None:
    place(OrderStatus.paid, 1)
    with transaction() as session:
        session.add(Product(handle="teapot", title="Teapot", variants=[Variant(sku="t", price_minor=2400, stock=None)]))
        enqueue("send_mail", {"ß": ["", None, 1.5, {"deep": True}]}, unique_key="one")
        user = User(name="Ada", email="ada@example.org", email_key="ada@example.org", password_hash="hashed")
        session.add(user)
        session.flush()
        older = a_card(user.id, "pm_older")
        session.add(older)
        session.flush()
        newer = a_card(user.id, "pm_newer")
        session.add(newer)
        session.flush()
        older.replaced_by_id = newer.id
    carts = [
        {"checkout_token": f"token {number}", "state": "merged", "merged_from": {"z": number, "a": "\u2028"}}
        for number in range(MANY - 2)
    ]
    with transaction() as session:
        session.execute(update(Job).values(lease_token="mine", lease_until=now() + dt.timedelta(hours=1)))
        session.execute(insert(Cart), carts)
        session.execute(insert(Cart).values(checkout_token="null", state="merged", merged_from=null()))
        session.execute(JSON_NULL)


def a_card(user_id: int, method: str) -> SavedCard:
    return SavedCard(
        user_id=user_id, livemode=False, stripe_payment_method_id=method, brand="visa", last4="4242", exp_month=1,
        exp_year=2040, funding="credit", fingerprint=method,
    )  # fmt: skip
