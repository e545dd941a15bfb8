"""Bringing a database to the newest migration, from the shop's own start and from tests."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine

from storefront.core.database import engine_options, set_up_engine

MIGRATIONS = Path(__file__).parents[2] / "migrations"


def alembic_config(url: str) -> Config:
    """Alembic's configuration for the database at `url`."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    return config


def upgrade_database(url: str) -> None:
    """Bring the database at `url` to the newest migration."""
    config = alembic_config(url)
    engine = create_engine(url, **engine_options(url))
    set_up_engine(engine)
    config.attributes["engine"] = engine
    try:
        command.upgrade(config, "head")
    finally:
        engine.dispose()


def is_newest(connection: Connection) -> bool:
    """Whether this database is at the newest migration."""
    return set(MigrationContext.configure(connection).get_current_heads()) == _newest()


@cache
def _newest() -> set[str]:
    return set(ScriptDirectory.from_config(alembic_config("")).get_heads())
