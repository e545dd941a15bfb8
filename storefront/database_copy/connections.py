"""From where and to where: what is refused before anything is touched, and how both are kept still meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from alembic.util import CommandError
from flask import current_app
from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from config import BadSettingError, read_database_url
from storefront import models as _models  # noqa: F401  the metadata needs every table
from storefront.core.database import Base, engine_options, set_up_engine, upgrade, write_turn
from storefront.core.errors import InvalidRequestError
from storefront.core.installation import Installation
from storefront.core.migrations import is_newest

TABLES: Final = Base.metadata.sorted_tables
# What migrations themselves put into a database that nobody has used yet: one row each.
BORN_WITH: Final = frozenset({"catalogue_version", "installation", "new_card_breaker"})
_PATIENCE: Final = text("SET LOCAL lock_timeout = '20s'")


def open_database(written: str) -> Engine:
    """An engine for the database at the address that somebody typed; a relative SQLite path is meant as in DATABASE_URL."""
    try:
        url = make_url(read_database_url(written))
    except (BadSettingError, ArgumentError, ValueError) as error:
        raise InvalidRequestError(str(error)) from error
    if url.get_backend_name() == "sqlite" and url.database:
        url = url.set(database=str(Path(current_app.instance_path) / url.database))
    engine = create_engine(url, **engine_options(url.render_as_string(hide_password=False)))
    set_up_engine(engine)
    return engine


def refuse_what_cannot_be(source: Engine, target: Engine) -> None:
    """Raise InvalidRequestError, in words for the owner, unless `source` is a shop of today and `target` holds nothing."""
    if _is_same_file(source, target):
        raise InvalidRequestError("That is the database this shop is in already.")
    with source.connect() as connection:
        if not is_newest(connection):
            raise InvalidRequestError("This shop's own database is not migrated: run `flask db upgrade` first.")
        here = connection.scalars(select(Installation.shop)).one()
    if target.dialect.name == "sqlite" and not Path(target.url.database or "").exists():
        return  # Looking into it would make it.
    with target.connect() as connection:
        refuse_rows(connection, here)


def refuse_rows(target: Connection, here: str) -> None:
    """Raise InvalidRequestError where the target holds anything, whatever migration it is at."""
    found = set(inspect(target).get_table_names())
    if found and "alembic_version" not in found:
        raise InvalidRequestError("The target has tables that are no shop's. Make a new, empty database for it.")
    for table in TABLES:
        if table.name in found and _has_rows(target, table):
            raise InvalidRequestError(
                f"The target is not empty: {table.name} has rows. {_why(target, here)}Make a new, empty database for it."
            )


def _has_rows(target: Connection, table: Table) -> bool:
    # Its own columns: it may be at an older migration.
    some = MetaData()
    there = Table(table.name, some, autoload_with=target, resolve_fks=False)
    rows = target.execute(select(there).limit(2)).mappings().all()
    if table.name not in BORN_WITH:
        return bool(rows)
    return len(rows) > 1 or any(row.get("base_url") or row.get("stripe_account") for row in rows)


def _why(target: Connection, here: str) -> str:
    there = target.scalars(text("SELECT shop FROM installation")).first()
    return "It is this very shop, moved already or never away. " if there == here else ""


def _is_same_file(source: Engine, target: Engine) -> bool:
    names = [engine.url.database for engine in (source, target) if engine.dialect.name == "sqlite"]
    return len(names) == 2 and len({Path(name or "").resolve() for name in names}) == 1


def make_ready(target: Engine) -> None:
    """Give an empty database its tables, or bring them to the newest migration."""
    try:
        upgrade(target.url.render_as_string(hide_password=False))
    except CommandError as error:
        raise InvalidRequestError(
            f"The target cannot be migrated: {error}. Make a new, empty database for it."
        ) from error


@contextmanager
def standing_still(source: Engine) -> Iterator[Connection]:
    """Read the shop as it is at this moment, while everybody who wants to write waits."""
    with write_turn(source), source.connect() as fresh:
        if source.dialect.name == "sqlite":
            connection = fresh.execution_options(write=True)
        else:
            connection = fresh.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            # Before the first look: what is committed until all are locked is seen.
            _lock(connection, "SHARE")
            yield connection


@contextmanager
def all_or_nothing(target: Engine) -> Iterator[Connection]:
    """One transaction for everything: killed half-way, or with a difference at the end, the target is as empty as before."""
    with write_turn(target), target.connect().execution_options(write=True) as connection, connection.begin():
        _lock(connection, "ACCESS EXCLUSIVE")
        yield connection


def _lock(connection: Connection, mode: str) -> None:
    if connection.dialect.name == "sqlite":
        return
    quoted = connection.dialect.identifier_preparer.format_table
    connection.execute(_PATIENCE)
    connection.execute(text(f"LOCK TABLE {', '.join(quoted(table) for table in TABLES)} IN {mode} MODE"))
