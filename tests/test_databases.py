"""Each test has its database, and nothing of another's."""

import socket

import pytest
from sqlalchemy import Engine, create_engine, inspect, text

from storefront.core.database import engine_options
from tests.sockets import ForeignAddressError


@pytest.mark.parametrize("_turn", [1, 2])
def test_a_database_starts_without_the_rows_of_another_test(empty_database_url: str, _turn: int) -> None:
    engine = _engine(empty_database_url)
    assert inspect(engine).get_table_names() == []
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE left_behind (id INTEGER)"))
    engine.dispose()


def test_the_template_has_the_tables_of_the_shop(database_url: str) -> None:
    engine = _engine(database_url)
    assert "alembic_version" in inspect(engine).get_table_names()
    engine.dispose()


@pytest.mark.parametrize("host", ["192.0.2.1", "api.stripe.com"])
def test_tests_cannot_leave_this_machine(host: str) -> None:
    with pytest.raises(ForeignAddressError):
        socket.create_connection((host, 443), timeout=0.1)


def _engine(url: str) -> Engine:
    return create_engine(url, **engine_options(url))
