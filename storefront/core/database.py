"""The database: one Base, one way to write (`transaction`), and what SQLite needs to be a good shop's database."""

import datetime as dt
import enum
import fcntl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Annotated, Any, Final, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Enum,
    Integer,
    MetaData,
    TypeDecorator,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import (
    DeclarativeBase,
    ORMExecuteState,
    Session,
    SessionTransaction,
    mapped_column,
    registry,
)

_WRITING: Final = "in our transaction()"
_BEFORE_COMMIT: Final = "to be done last"
_PRAGMAS: Final = ("busy_timeout=15000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")


class AwareDateTime(TypeDecorator[dt.datetime]):
    """UTC in and out, on SQLite too, which keeps no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        utc = value.astimezone(dt.UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if dialect.name == "sqlite" else value.astimezone(dt.UTC)


class Base(DeclarativeBase):
    """What every table of the shop is."""

    # A registry, because Flask-SQLAlchemy copies this class and may not find a map of types beside its registry.
    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={
            dt.datetime: AwareDateTime(),
            dict[str, Any]: JSON(),
            list[str]: JSON(),
            list[list[str]]: JSON(),
            enum.StrEnum: Enum(
                enum.StrEnum,
                native_enum=False,
                create_constraint=False,
                length=32,
                values_callable=lambda states: [state.value for state in states],
            ),
        },
    )


# An amount of money in the currency's smallest unit. Rupiah have twelve digits at Stripe, more than Postgres' INTEGER holds;
# SQLite's holds them anyway.
MinorUnits = Annotated[int, mapped_column(BigInteger().with_variant(Integer(), "sqlite"))]


class TransactionError(RuntimeError):
    """A programming mistake: a write outside `transaction()`, one inside another, or one across the network."""


@contextmanager
def transaction() -> Iterator[Session]:
    """Write: everything inside is committed together at the end, or nothing is.

    Never nests and never surrounds the network. Whatever was read before is forgotten, so that what is
    read inside is what is there. On SQLite writers queue in the order they came.
    """
    session = current_session()
    if session.info.get(_WRITING):
        raise TransactionError("a transaction inside a transaction")
    session.rollback()
    session.expire_all()
    with write_turn(session.get_bind().engine):
        session.info[_WRITING] = True
        try:
            session.connection(execution_options={"write": True})
            yield session
            _run_before_commit(session)
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.info.pop(_WRITING, None)
            session.info.pop(_BEFORE_COMMIT, None)


class _DryRunError(Exception):
    """The end of a rehearsal."""


@contextmanager
def dry_run() -> Iterator[Session]:
    """As `transaction`, but at the end nothing of it stays: to find out what would come of it."""
    with suppress(_DryRunError), transaction() as session:
        yield session
        raise _DryRunError


def before_commit(act: Callable[[], None]) -> None:
    """Have this done at the very end of the running transaction: for rows that everybody waits for, such as counters."""
    session = current_session()
    if not session.info.get(_WRITING):
        raise TransactionError("a write outside transaction()")
    session.info.setdefault(_BEFORE_COMMIT, []).append(act)


def _run_before_commit(session: Session) -> None:
    acts: list[Callable[[], None]] = session.info.pop(_BEFORE_COMMIT, [])
    if acts:
        session.flush()
    for act in acts:
        act()


@contextmanager
def independent_transaction(*, wait: bool = True) -> Iterator[Connection]:
    """Write on a connection of its own: it stands at once, whatever becomes of the request.

    Without `wait`: BlockingIOError where somebody else is writing on SQLite.
    """
    session = current_session()
    if session.info.get(_WRITING):
        raise TransactionError("a transaction inside a transaction")
    engine = session.get_bind().engine
    turn = write_turn(engine, wait=wait)
    with turn, engine.connect().execution_options(write=True) as connection, connection.begin():
        yield connection


def current_session() -> Session:
    """The session of this request or job."""
    from storefront.extensions import db  # noqa: PLC0415  extensions needs our Base

    return db.session()


def upsert(table: type[DeclarativeBase], dialect: str = "") -> postgresql.Insert:
    """An INSERT into `table` that may say what happens on a conflict, in the words of this database.

    `dialect` is for a connection of one's own. Both engines' statements have the same methods: one type stands for both.
    """
    name = dialect or current_session().get_bind().dialect.name
    return postgresql.insert(table) if name == "postgresql" else cast("postgresql.Insert", sqlite.insert(table))


def end_read() -> None:
    """End reading: nothing is held open while we wait for the network."""
    session = current_session()
    if session.info.get(_WRITING):
        raise TransactionError("the network from inside a transaction")
    session.rollback()


def refuse_inside_transaction() -> None:
    """Raise TransactionError where a database transaction is open: the network may take half a minute."""
    if current_session().in_transaction():
        raise TransactionError("the network from inside a transaction")


def write_turn(engine: Engine, *, wait: bool = True) -> AbstractContextManager[None]:
    """On SQLite: wait in the queue of those who write, and keep all others waiting; without `wait`, BlockingIOError."""
    path = engine.url.database
    if engine.dialect.name != "sqlite" or not path or path == ":memory:":
        return nullcontext()
    return _file_lock(Path(path + ".turn"), fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def _file_lock(path: Path, how: int) -> Iterator[None]:
    # SQLite's own waiting sleeps and is unfair: one writer in a hundred waits five times as long. The kernel's queue is in order.
    with path.open("w") as file:
        fcntl.flock(file, how)
        yield


def set_up_engine(engine: Engine) -> None:
    """Give SQLite its pragmas, and BEGIN IMMEDIATE to those who write."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@event.listens_for(Session, "before_flush")
def forbid_stray_flush(session: Session, _context: object, _instances: object) -> None:
    """Nothing is written but in `transaction()`."""
    if session.info.get(_WRITING) is None:
        raise TransactionError("a write outside transaction()")


@event.listens_for(Session, "do_orm_execute")
def forbid_stray_statement(state: ORMExecuteState) -> None:
    """The same for UPDATE, INSERT and DELETE statements."""
    if not state.is_select and state.session.info.get(_WRITING) is None:
        raise TransactionError("a write outside transaction()")


@event.listens_for(Session, "after_transaction_end")
def clear_write_flag(session: Session, ended: SessionTransaction) -> None:
    """A session that lost its transaction is no longer writing."""
    if ended.parent is None and session.info.get(_WRITING):
        session.info.pop(_WRITING)


def engine_options(url: str) -> dict[str, Any]:
    """What SQLAlchemy's create_engine needs beside the address."""
    # What is written is about people, and some of it is secret: an error, which goes to the log, does not repeat it.
    usual: dict[str, Any] = {"hide_parameters": True}
    if not url.startswith("sqlite"):
        return usual | {"pool_pre_ping": True}
    try:
        import pysqlite3.dbapi2 as sqlite  # noqa: PLC0415  only where its wheel exists
    except ImportError:
        return usual
    return usual | {"module": sqlite}


def upgrade(url: str) -> None:
    """Bring the database at `url` to the newest migration."""
    from storefront.core.migrations import upgrade_database  # noqa: PLC0415  Alembic is only loaded when needed

    upgrade_database(url)
