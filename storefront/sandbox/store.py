"""Where the sandbox remembers: one SQLite file that survives `kill -9`.

Objects are JSON documents. Names that begin with an underscore are the sandbox's own and never leave it.
"""

import fcntl
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from storefront.sandbox.errors import Document

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (kind, seq);
CREATE INDEX IF NOT EXISTS objects_by_customer ON objects (kind, json_extract(body, '$.customer'), seq);
CREATE INDEX IF NOT EXISTS objects_by_intent ON objects (kind, json_extract(body, '$.payment_intent'), seq);
CREATE TABLE IF NOT EXISTS idempotency (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    created INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS idempotency_by_age ON idempotency (created);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, rank REAL NOT NULL, event TEXT NOT NULL, endpoint TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL, state TEXT NOT NULL DEFAULT 'pending', answer TEXT);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (state, due);
CREATE INDEX IF NOT EXISTS deliveries_by_rank ON deliveries (rank);
CREATE TABLE IF NOT EXISTS tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, object TEXT NOT NULL, due REAL NOT NULL);
CREATE TABLE IF NOT EXISTS appointments (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, object TEXT NOT NULL, moment INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS objects_by_session ON objects (kind, json_extract(body, '$._session'), seq);
CREATE INDEX IF NOT EXISTS objects_by_calculation ON objects (kind, json_extract(body, '$._calculation'), seq);
CREATE INDEX IF NOT EXISTS objects_by_transaction ON objects (kind, json_extract(body, '$._transaction'), seq);
CREATE TABLE IF NOT EXISTS requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
Filter = tuple[str, str, Any]
_OPERATORS = {"=": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


class FileInUseError(RuntimeError):
    """Another sandbox runs on this state file; two would deliver everything twice."""


class Store:
    """One connection, one lock: every request is one transaction, and they run one after another."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._ours = _claimed(path.with_name(f"{path.name}.lock"))
        self._lock = threading.RLock()
        self._depth = 0
        self._loaded: dict[str, Document] = {}
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode=WAL")
        # WAL without a sync per commit loses nothing to a killed process, only to a power cut.
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)
        self._add_missing_columns()

    def _add_missing_columns(self) -> None:
        """A state file of an older sandbox gets what was added since."""
        known = {row["name"] for row in self._connection.execute("PRAGMA table_info(idempotency)")}
        if "request" not in known:
            self._connection.execute("ALTER TABLE idempotency ADD COLUMN request TEXT")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; within another transaction, a part of it that can be undone alone."""
        with self._lock:
            name = f"level_{self._depth}"
            self._connection.execute("BEGIN" if self._depth == 0 else f"SAVEPOINT {name}")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._loaded.clear()
                self._leave("ROLLBACK" if self._depth == 1 else f"ROLLBACK TO {name}")
                raise
            self._leave("COMMIT" if self._depth == 1 else f"RELEASE {name}")

    def _leave(self, statement: str) -> None:
        self._depth -= 1
        self._connection.execute(statement)
        if self._depth == 0:
            self._loaded.clear()

    def execute(self, statement: str, *values: object) -> list[sqlite3.Row]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def forget_all(self) -> None:
        """Everything but the account itself. Places go on, so that what was noted of them stays true."""
        with self.transaction():
            self._loaded.clear()
            for table in ("objects", "idempotency", "deliveries", "tasks", "appointments", "requests"):
                self.execute(f"DELETE FROM {table}")  # noqa: S608

    def close(self) -> None:
        with self._lock:
            self._connection.close()
            self._ours.close()

    def find(self, kind: str, object_id: str) -> Document | None:
        """The same document for the same id all through a transaction, so that no stale copy is saved."""
        document = self.find_any(object_id)
        return document if document is not None and document["object"] == kind else None

    def find_any(self, object_id: str) -> Document | None:
        if object_id in self._loaded:
            return self._loaded[object_id]
        rows = self.execute("SELECT body FROM objects WHERE id = ?", object_id)
        return self._keep(json.loads(rows[0]["body"])) if rows else None

    def save(self, document: Document) -> Document:
        self.execute(
            "INSERT INTO objects (id, kind, body) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            document["id"], document["object"], json.dumps(document),
        )  # fmt: skip
        return self._keep(document)

    def select(
        self, kind: str, *filters: Filter, limit: int = -1, after: int | None = None, before: int | None = None
    ) -> list[Document]:
        """Newest first; `after` and `before` are places in the list, as `place` tells them."""
        conditions, values = ["kind = ?"], [kind]
        for field, operator, value in filters:
            condition, more = _condition(field, operator, value)
            conditions.append(condition)
            values.extend(more)
        if after is not None:
            conditions.append(f"seq < {after:d}")
        if before is not None:
            conditions.append(f"seq > {before:d}")
        order = "ASC" if before is not None else "DESC"
        rows = self.execute(
            f"SELECT body FROM objects WHERE {' AND '.join(conditions)} ORDER BY seq {order} LIMIT {limit:d}",  # noqa: S608
            *values,
        )
        found = [self._keep(json.loads(row["body"])) for row in rows]
        return found[::-1] if before is not None else found

    def place(self, object_id: str) -> int | None:
        rows = self.execute("SELECT seq FROM objects WHERE id = ?", object_id)
        return int(rows[0]["seq"]) if rows else None

    def last_place(self) -> int:
        """The place of the newest object."""
        (row,) = self.execute("SELECT COALESCE(MAX(seq), 0) AS last FROM objects")
        return int(row["last"])

    def setting(self, name: str) -> str | None:
        rows = self.execute("SELECT value FROM settings WHERE name = ?", name)
        return str(rows[0]["value"]) if rows else None

    def set_setting(self, name: str, value: str) -> None:
        self.execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", name, value)

    def _keep(self, document: Document) -> Document:
        if self._depth == 0:
            return document
        return self._loaded.setdefault(document["id"], document)


def _claimed(path: Path) -> TextIO:
    """The lock on a state file; the system gives it back when its holder dies."""
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        message = f"{path.with_suffix('')} is in use by another sandbox."
        raise FileInUseError(message) from None
    return file


def _condition(field: str, operator: str, value: object) -> tuple[str, list[Any]]:
    path = f"json_extract(body, '$.{field}')"
    if isinstance(value, list):
        return f"{path} IN ({', '.join('?' * len(value))})", value
    return f"{path} {_OPERATORS[operator]} ?", [value]
