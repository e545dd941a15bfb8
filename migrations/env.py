"""How migrations run: with foreign keys off on SQLite (a table rebuilt there is deleted first), checked afterwards."""

from alembic import context
from flask import current_app, has_app_context
from sqlalchemy import Connection, Engine

from storefront import models as _models  # noqa: F401  the metadata needs every table
from storefront.core.database import Base


def the_engine() -> Engine:
    """The caller's engine, or the running app's."""
    engine = context.config.attributes.get("engine")
    if engine is not None:
        return engine
    assert has_app_context()
    return current_app.extensions["sqlalchemy"].engine


def is_of_the_models(name: str | None, kind: str, _parents: object) -> bool:
    """All but the index of words, which each database keeps in tables of its own kind."""
    return not (kind == "table" and name is not None and name.startswith("search_index"))


def run(connection: Connection) -> None:
    """Run what was asked for on this connection."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        include_name=is_of_the_models,
        user_module_prefix="storefront.core.database.",
    )
    with context.begin_transaction():
        context.run_migrations()


def main() -> None:
    """Run the migrations on the engine."""
    engine = the_engine()
    with engine.connect().execution_options(write=True) as connection:
        if engine.dialect.name == "sqlite":
            raw = connection.connection.dbapi_connection
            raw.execute("PRAGMA foreign_keys=OFF")
            run(connection)
            connection.commit()
            broken = raw.execute("PRAGMA foreign_key_check").fetchall()
            raw.execute("PRAGMA foreign_keys=ON")
            if broken:
                raise RuntimeError(f"the migration left rows without their parent: {broken[:5]}")
        else:
            run(connection)
            connection.commit()


main()
