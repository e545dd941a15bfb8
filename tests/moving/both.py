"""Looking into two databases side by side, with nothing of what moved the rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, MetaData, create_engine, inspect, text

from storefront.core.database import Base, engine_options

SEARCH = {"search_entries", "variant_values", "search_index"}


@contextmanager
def looking_at(url: str) -> Iterator[Engine]:
    """An engine for as long as the block lasts."""
    engine = create_engine(url, **engine_options(url))
    try:
        yield engine
    finally:
        engine.dispose()


def content(url: str, metadata: MetaData = Base.metadata) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table as Python's values, in order of their keys."""
    with looking_at(url) as engine, engine.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(table.select().order_by(*table.primary_key.columns))]
            for table in metadata.sorted_tables
        }


def written(url: str, statement: str) -> list[tuple[Any, ...]]:
    """What this database itself says."""
    with looking_at(url) as engine, engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def is_empty(url: str) -> bool:
    """Whether nothing of a shop is there, though it may have tables."""
    with looking_at(url) as engine:
        if not inspect(engine).get_table_names():
            return True
    found = content(url)
    born = {"catalogue_version", "installation", "new_card_breaker"}
    return not any(rows for name, rows in found.items() if name not in born)
