"""What cannot be moved is refused in words, before anything is touched."""

import pytest
from sqlalchemy import text, update

from storefront.carts.models import Cart
from storefront.core.installation import Installation
from tests.moving.both import is_empty, looking_at
from tests.moving.conftest import MANY, Types


def test_counting_changes_nothing(types: Types, target: str) -> None:
    said = types(target, "--dry-run")

    assert said.exit_code == 0, said.output
    assert ["carts", str(MANY)] in [line.split() for line in said.output.splitlines()]
    assert is_empty(target)


def test_a_target_with_rows_is_refused(types: Types, target: str) -> None:
    first, second = types(target), types(target)

    assert first.exit_code == 0, first.output
    assert second.exit_code == 1
    assert "The target is not empty: " in second.output
    assert "It is this very shop, moved already" in second.output


def test_another_shop_that_was_started_is_refused(types: Types, target: str) -> None:
    with looking_at(target) as engine, engine.begin() as connection:
        connection.execute(update(Installation).values(base_url="https://other.example"))

    said = types(target)

    assert (said.exit_code, "installation has rows" in said.output) == (1, True)


def test_tables_of_something_else_are_refused(types: Types, bare_target: str) -> None:
    with looking_at(bare_target) as engine, engine.begin() as connection:
        connection.execute(text("CREATE TABLE blog (id integer)"))

    said = types(bare_target)

    assert (said.exit_code, "has tables that are no shop's" in said.output) == (1, True)


def test_the_same_database_is_refused(types: Types, database_url: str) -> None:
    said = types(database_url)

    assert said.exit_code == 1
    assert "already" in said.output


@pytest.mark.parametrize("address", ["mysql://root@localhost/shop", "shop.db"])
def test_what_is_no_address_is_refused(types: Types, address: str) -> None:
    assert "DATABASE_URL must be SQLite or Postgres" in types(address).output


@pytest.mark.parametrize("address", ["postgresql://nobody@127.0.0.1:1/shop", "postgresql://nobody@127.0.0.1:port/shop"])
@pytest.mark.parametrize("other", [(), ("--dry-run",)])
def test_what_is_not_there_is_said_in_a_sentence(types: Types, address: str, other: tuple[str, ...]) -> None:
    said = types(address, *other)

    assert (said.exit_code, said.output.count("Error: ")) == (1, 1), said.output
    assert isinstance(said.exception, SystemExit)


def test_a_shop_that_is_not_migrated_is_refused(types: Types, database_url: str, target: str) -> None:
    with looking_at(database_url) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))

    said = types(target)

    assert "run `flask db upgrade` first" in said.output
    assert is_empty(target)


@pytest.mark.engines("sqlite")
def test_what_postgres_does_not_take_is_named(types: Types, database_url: str, target: str) -> None:
    with looking_at(database_url) as engine, engine.begin() as connection:
        connection.execute(update(Cart).values(discount_code="A\0B"))

    said = types(target)

    assert said.exit_code == 1
    assert "Error: carts cannot be copied, and the target is empty: " in said.output
    assert is_empty(target)


def test_a_target_of_a_newer_shop_is_refused(types: Types, target: str) -> None:
    with looking_at(target) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    said = types(target)

    assert said.exit_code == 1
    assert "The target cannot be migrated: " in said.output
