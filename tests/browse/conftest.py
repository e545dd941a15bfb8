from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.app import create
from storefront.extensions import db
from tests.apps import settings_for
from tests.catalog import goods


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The whole shop, with empty shelves."""
    app = create(settings_for(database_url))
    app.instance_path = str(tmp_path / "instance")
    with app.app_context():
        engine = db.engine
    yield app
    engine.dispose()


class Keeper:
    """Puts things on the shelves. The context is closed again, so that no request shares it."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def puts(self, title: str, **how: Any) -> list[int]:
        with self._app.app_context():
            return goods.put(title, **how)

    def shelves(self, handle: str, *titles: str) -> None:
        with self._app.app_context():
            goods.shelve(handle, *titles)

    @contextmanager
    def counts(self) -> Iterator[list[str]]:
        with self._app.app_context():
            engine = db.engine
        with goods.counted_statements(engine) as sent:
            yield sent


@pytest.fixture
def keeper(app: Flask) -> Keeper:
    """Who fills this shop's shelves."""
    return Keeper(app)


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    """A browser that brings no cookie."""
    return app.test_client()


@pytest.fixture
def guest(app: Flask) -> FlaskClient:
    """A browser that has put something in a cart."""
    client = app.test_client()
    client.set_cookie("cart", "something")
    return client
