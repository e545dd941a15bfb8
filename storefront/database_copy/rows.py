"""Rows on their way: read in batches, written as they were, and told apart by what is in them."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BindParameter,
    Cast,
    Column,
    ColumnElement,
    Connection,
    Label,
    Row,
    Table,
    Text,
    bindparam,
    cast,
    func,
    insert,
    select,
    update,
)

AT_ONCE: Final = 500
_STREAMED: Final = {"stream_results": True, "yield_per": AT_ONCE}
AnyRow = Row[*tuple[Any, ...]]


@dataclass
class Fingerprint:
    """How many rows, and a checksum of what is in them, whatever their order."""

    rows: int = 0
    checksum: int = 0

    def add(self, some: Sequence[AnyRow]) -> None:
        """Count these in. As Python's values, which are the same from both kinds of database."""
        for row in some:
            written = repr(tuple(row)).encode("utf-8", "surrogatepass")
            digest = int.from_bytes(hashlib.blake2b(written, digest_size=16).digest())
            self.checksum = (self.checksum + digest) % 2**128
        self.rows += len(some)


def fingerprint(connection: Connection, table: Table) -> Fingerprint:
    """What is in this table now."""
    found = Fingerprint()
    for some in read(connection, table):
        found.add(some)
    return found


def read(connection: Connection, table: Table) -> Iterator[Sequence[AnyRow]]:
    """All columns of all rows, so many at a time."""
    asked = select(*(_as_it_stands(column) for column in table.columns))
    return connection.execute(asked, execution_options=_STREAMED).partitions()


def write(connection: Connection, table: Table, some: Sequence[AnyRow]) -> None:
    """Insert these rows. What the database reckons itself is left out, and for now what refers to the same table."""
    left_out = set(_references_to_itself(table))
    kept = [
        (place, column)
        for place, column in enumerate(table.columns)
        if column.computed is None and column not in left_out
    ]
    statement = insert(table).values({column.name: _to_be(connection, column) for _, column in kept})
    connection.execute(statement, [{_named(column): row[place] for place, column in kept} for row in some])


def tie(source: Connection, target: Connection, table: Table) -> None:
    """Now that all rows are there: let them refer to each other."""
    for column in _references_to_itself(table):
        (key,) = table.primary_key.columns
        asked = select(key.label("tied"), column.label("tied_to")).where(column.is_not(None))
        statement = update(table).where(key == bindparam("tied")).values({column.name: bindparam("tied_to")})
        for some in source.execute(asked, execution_options=_STREAMED).partitions():
            target.execute(statement, [{"tied": row.tied, "tied_to": row.tied_to} for row in some])


def go_on_counting(connection: Connection, table: Table) -> None:
    """On Postgres: the next id is the one after the highest. SQLite does so by itself."""
    column = table.autoincrement_column
    if connection.dialect.name == "sqlite" or column is None:
        return
    highest = connection.scalar(select(func.max(column)))
    if highest is not None:
        connection.execute(select(func.setval(func.pg_get_serial_sequence(table.name, column.name), highest)))


def _references_to_itself(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns for to in column.foreign_keys if to.column.table is table]


def _as_it_stands(column: Column[Any]) -> Column[Any] | Label[str]:
    # As it was written, not as Python reads it: NULL and JSON's own null would both be None.
    return cast(column, Text).label(column.name) if isinstance(column.type, JSON) else column


def _to_be(connection: Connection, column: Column[Any]) -> ColumnElement[Any]:
    if not isinstance(column.type, JSON):
        return bindparam(_named(column), type_=column.type)
    written: BindParameter[str] = bindparam(_named(column), type_=Text())
    # SQLite keeps the text as it is; its CAST would look for a number in it.
    return written if connection.dialect.name == "sqlite" else Cast(written, column.type)


def _named(column: Column[Any]) -> str:
    # A parameter may not have the name of a column.
    return f"the_{column.name}"
