"""The migrations lead to the tables that the models describe, and back."""

from collections.abc import Iterator

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text

from storefront.core.database import engine_options, set_up_engine
from storefront.core.migrations import alembic_config


@pytest.fixture
def engine(empty_database_url: str) -> Iterator[Engine]:
    engine = create_engine(empty_database_url, **engine_options(empty_database_url))
    set_up_engine(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def migrations(empty_database_url: str, engine: Engine) -> Config:
    config = alembic_config(empty_database_url)
    config.attributes["engine"] = engine
    return config


def test_migrations_make_the_tables_of_the_models(migrations: Config) -> None:
    command.upgrade(migrations, "head")

    command.check(migrations)


def test_migrations_can_be_taken_back(migrations: Config, engine: Engine) -> None:
    command.upgrade(migrations, "head")

    command.downgrade(migrations, "base")

    assert inspect(engine).get_table_names() == ["alembic_version"]


def test_rates_from_before_zones_still_go_everywhere(migrations: Config, engine: Engine) -> None:
    command.upgrade(migrations, "0006")
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO shipping_rates (name, price_minor, days, position) VALUES ('Parcel', 490, 3, 0)")
        )

    command.upgrade(migrations, "head")

    with engine.connect() as connection:
        rates = connection.execute(
            text(
                "SELECT r.name, r.kind, z.name, z.everywhere FROM shipping_rates r JOIN shipping_zones z ON z.id = r.zone_id"
            )
        )
        assert rates.all() == [("Parcel", "flat", "Everywhere", True)]


def test_every_foreign_key_has_an_index(migrations: Config, engine: Engine) -> None:
    command.upgrade(migrations, "head")
    tables = inspect(engine)

    without = [
        f"{table}.{key['constrained_columns'][0]}"
        for table in tables.get_table_names()
        for key in tables.get_foreign_keys(table)
        if key["constrained_columns"][0] not in _leading_columns(engine, table)
    ]

    assert without == []


def test_migrations_follow_one_another() -> None:
    migrations = ScriptDirectory.from_config(alembic_config("sqlite://"))

    assert len(migrations.get_heads()) == 1


def _leading_columns(engine: Engine, table: str) -> set[str | None]:
    tables = inspect(engine)
    indexes = [index["column_names"][0] for index in tables.get_indexes(table)]
    uniques = [unique["column_names"][0] for unique in tables.get_unique_constraints(table)]
    return {*indexes, *uniques, tables.get_pk_constraint(table)["constrained_columns"][0]}
