"""Copying the shop, comparing it row by row, and only then letting it be."""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flask import current_app
from sqlalchemy import Connection, Engine, Table, delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from config import Settings
from storefront.catalog.index_models import SearchEntry, VariantValue
from storefront.catalog.indexing import index_products
from storefront.catalog.media import folder_beside
from storefront.catalog.models import Product
from storefront.core.database import end_read
from storefront.core.errors import InvalidRequestError, ShopError
from storefront.core.installation import Installation
from storefront.core.jobs.models import Job
from storefront.database_copy import rows
from storefront.database_copy.connections import (
    BORN_WITH,
    TABLES,
    all_or_nothing,
    make_ready,
    open_database,
    refuse_rows,
    refuse_what_cannot_be,
    standing_still,
)
from storefront.database_copy.rows import Fingerprint
from storefront.extensions import db

# What search looks into follows from the products, and each kind of database keeps its own of it: it is made anew.
MADE_ANEW: Final = frozenset({SearchEntry.__tablename__, VariantValue.__tablename__})
_COPIED: Final = [table for table in TABLES if table.name not in MADE_ANEW]
Progress = Callable[[str, int, int], None]


class MoveFailedError(ShopError):
    """It broke off, or the copy is not the same; the target is empty."""


@dataclass(frozen=True)
class Moved:
    """What was moved: rows by table, and folders that were copied from here to there."""

    counts: dict[str, int]
    folders: list[tuple[Path, Path]]


def count_all(target_url: str) -> dict[str, int]:
    """What would be moved, by table. Refused as the move itself would be; changes nothing."""
    target = open_database(target_url)
    end_read()
    try:
        refuse_what_cannot_be(db.engine, target)
    except SQLAlchemyError as error:
        raise InvalidRequestError(f"The target cannot be read: {_first_line(error)}") from error
    finally:
        target.dispose()
    with db.engine.connect() as source:
        return {table.name: _count(source, table) for table in _COPIED}


def move(target_url: str, *, progress: Progress, before_writing_goes_on: Callable[[], None]) -> Moved:
    """Copy this shop into the empty database at `target_url`; whoever wants to write to the shop meanwhile waits.

    All of it is one transaction there, so it is whole or nothing. At the end, when it stands, `before_writing_goes_on`
    is called: what is written here afterwards is not there.
    """
    target = open_database(target_url)
    end_read()
    try:
        refuse_what_cannot_be(db.engine, target)
        make_ready(target)
        with standing_still(db.engine) as here:
            with all_or_nothing(target) as there:
                refuse_rows(there, here.scalars(select(Installation.shop)).one())
                counts = _fill(here, there, progress)
                folders = list(_copy_folders(db.engine, target))
            before_writing_goes_on()
            return Moved(counts, folders)
    except (SQLAlchemyError, OSError) as error:
        raise MoveFailedError(f"It broke off, and the target is empty: {_first_line(error)}") from error
    finally:
        target.dispose()


def _fill(source: Connection, target: Connection, progress: Progress) -> dict[str, int]:
    for table in reversed(TABLES):
        if table.name in BORN_WITH:
            target.execute(delete(table))
    was = {table.name: _copy_in_words(source, target, table, progress) for table in _COPIED}
    for table in _COPIED:
        rows.tie(source, target, table)
    refuse_differences(target, was)
    # Whoever had a job in hand here will not finish it there.
    target.execute(update(Job).values(lease_token=None, lease_until=None).where(Job.lease_token.is_not(None)))
    for table in TABLES:
        rows.go_on_counting(target, table)
    index_products(target, target.scalars(select(Product.id).order_by(Product.id)).all())
    return {name: found.rows for name, found in was.items()}


def _copy_in_words(source: Connection, target: Connection, table: Table, progress: Progress) -> Fingerprint:
    try:
        return _copy(source, target, table, progress)
    except (SQLAlchemyError, LookupError) as error:
        # Such as a text that Postgres does not take, or a state that nobody knows.
        words = f"{table.name} cannot be copied, and the target is empty: {_first_line(error)}"
        raise MoveFailedError(words) from error


def _copy(source: Connection, target: Connection, table: Table, progress: Progress) -> Fingerprint:
    of = _count(source, table)
    found = Fingerprint()
    for some in rows.read(source, table):
        rows.write(target, table, some)
        found.add(some)
        progress(table.name, found.rows, of)
    return found


def refuse_differences(target: Connection, was: dict[str, Fingerprint]) -> None:
    """Read all of it again; raises MoveFailedError, which undoes it, where a table is not what it was."""
    others = []
    for table in _COPIED:
        found = rows.fingerprint(target, table)
        if found != was[table.name]:
            others.append(f"{table.name} ({was[table.name].rows} rows here, {found.rows} there)")
    if others:
        raise MoveFailedError(f"The copy is not the same, and was thrown away: {', '.join(others)}")


def _copy_folders(source: Engine, target: Engine) -> Iterable[tuple[Path, Path]]:
    """Pictures, and files that are sold, where they are kept by the database."""
    settings: Settings = current_app.config["SETTINGS"]
    for name in ("media",) if settings.files_dir else ("media", "files"):
        here, there = folder_beside(source.url, name), folder_beside(target.url, name)
        if here.is_dir() and here.resolve() != there.resolve():
            shutil.copytree(here, there, dirs_exist_ok=True)
            yield here, there


def _first_line(error: Exception) -> str:
    # What a database says further down quotes the row, and rows are about people.
    said = str(getattr(error, "orig", None) or error).strip().splitlines()
    return said[0] if said else type(error).__name__


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0
