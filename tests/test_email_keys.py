"""What was compared by the folded address is compared by its A-label after the migration; what clashes is told, not merged."""

import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from storefront.core.database import engine_options, set_up_engine
from storefront.core.migrations import alembic_config

THEN = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
USER = {
    "email_verified_at": None, "password_hash": "", "name": "N", "role": "customer", "locale": "en",
    "session_version": 1, "created_at": THEN,
}  # fmt: skip
ORDER = {
    "status": "paid", "fulfilment_status": "unfulfilled", "source": "web", "currency": "EUR", "subtotal": 1, "discount": 0,
    "shipping": 0, "tax": 0, "total": 1, "shipping_name": "", "hold_until": THEN, "placed_at": THEN, "tracking": "",
    "livemode": False, "user_id": None,
}  # fmt: skip
DISCOUNT = {
    "id": 1, "code": "ONCE", "code_key": "once", "kind": "percent", "value": 10, "minimum": 0, "once_per_customer": True,
    "for_some_goods": False, "uses": 2, "is_active": True, "created_at": THEN,
}  # fmt: skip
# id, address, key of before, proven
USERS = [
    (1, "anna@xn--mller-kva.example", "anna@xn--mller-kva.example", False),
    (2, "anna@müller.example", "anna@müller.example", True),
    (3, "Bert@weiß.example", "bert@weiss.example", True),
    (4, "carl@weiss.example", "carl@weiss.example", False),
    (5, "", "deleted:1234", False),
    (6, "dora@xn--mller-kva.example", "dora@xn--mller-kva.example", False),
    (7, "dora@müller.example", "dora@müller.example", False),
]
# id, address, key of before, user
ORDERS = [
    (1, "bert@weiss.example", "bert@weiss.example", 3),
    (2, "carl@weiß.example", "carl@weiss.example", None),
    (3, "anna@müller.example", "anna@müller.example", None),
    (4, "anna@xn--mller-kva.example", "anna@xn--mller-kva.example", None),
    (5, "", "", 5),
    (6, "somebody@else.example", "somebody@else.example", 3),
]


class Old:
    """A database of before, with a way into it."""

    def __init__(self, url: str) -> None:
        self.engine = sa.create_engine(url, **engine_options(url))
        set_up_engine(self.engine)
        self.config: Config = alembic_config(url)
        self.config.attributes["engine"] = self.engine
        self.config.stdout = self.said = io.StringIO()
        command.upgrade(self.config, "0015")
        self._tables = sa.MetaData()
        self._tables.reflect(self.engine)

    def add(self, table: str, **row: Any) -> None:
        with self.engine.connect().execution_options(write=True) as connection, connection.begin():
            connection.execute(sa.insert(self._tables.tables[table]).values(**row))

    def all(self, query: str) -> list[Any]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query))]


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[Old]:
    """Nobody has bought yet."""
    database = Old(empty_database_url)
    yield database
    database.engine.dispose()


@pytest.fixture
def old(empty: Old) -> Old:
    """A shop with customers whose addresses were taken for one another's."""
    database = empty
    for user_id, email, key, proven in USERS:
        told = {"id": user_id, "email": email, "email_key": key, "email_verified_at": THEN if proven else None}
        database.add("users", **USER | told)
    for order_id, email, key, whose in ORDERS:
        names = {"public_id": f"o{order_id}", "checkout_token": f"t{order_id}"}
        database.add("orders", **ORDER | names | {"id": order_id, "email": email, "email_key": key, "user_id": whose})
    database.add("discounts", **DISCOUNT)
    for use_id, order_id, key in ((1, 3, "anna@müller.example"), (2, 4, "anna@xn--mller-kva.example")):
        use = {"id": use_id, "discount_id": 1, "order_id": order_id, "email_key": key}
        database.add("discount_uses", once_per_customer=True, taken_at=THEN, **use)
    return database


def test_what_is_stored_gets_its_new_key(old: Old) -> None:
    command.upgrade(old.config, "0016")

    assert old.all("SELECT id, email_key FROM users ORDER BY id") == [
        (1, "clash:1"),
        (2, "anna@xn--mller-kva.example"),  # the one who has proven it keeps it
        (3, "bert@xn--wei-7ka.example"),
        (4, "carl@weiss.example"),
        (5, "deleted:1234"),
        (6, "dora@xn--mller-kva.example"),  # else the older one
        (7, "clash:7"),
    ]
    assert old.all("SELECT id, email_key, user_id FROM orders ORDER BY id") == [
        (1, "bert@weiss.example", 3),
        (2, "carl@xn--wei-7ka.example", None),
        (3, "anna@xn--mller-kva.example", None),
        (4, "anna@xn--mller-kva.example", None),
        (5, "", 5),
        (6, "somebody@else.example", 3),
    ]
    assert [
        (key, bool(once)) for key, once in old.all("SELECT email_key, once_per_customer FROM discount_uses ORDER BY id")
    ] == [
        ("anna@xn--mller-kva.example", True),
        ("anna@xn--mller-kva.example", False),
    ]
    assert old.all("SELECT kind FROM jobs") == [("tell_of_email_clashes",)]
    said = old.said.getvalue()
    assert "User 1 has the same mailbox as user 2" in said
    assert "User 7 has the same mailbox as user 6" in said
    assert "order with the id 1 " in said
    assert "order with the id 6 " not in said


def test_the_keys_of_before_come_back(old: Old) -> None:
    command.upgrade(old.config, "0016")
    command.downgrade(old.config, "0015")

    assert old.all("SELECT id, email_key FROM users ORDER BY id") == [(one[0], one[2]) for one in USERS]
    assert old.all("SELECT id, email_key FROM orders ORDER BY id") == [(one[0], one[2]) for one in ORDERS]


def test_nobody_is_told_where_nothing_clashes(empty: Old) -> None:
    empty.add("users", **USER | {"id": 1, "email": "Alice@example.org", "email_key": "alice@example.org"})

    command.upgrade(empty.config, "0016")

    assert empty.all("SELECT email_key FROM users") == [("alice@example.org",)]
    assert empty.all("SELECT kind FROM jobs") == []
