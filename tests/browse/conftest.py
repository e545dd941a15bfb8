from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient

from storefront.auth.views import auth
from storefront.browse.views import browse
from storefront.cart.views import cart
from storefront.extensions import db
from storefront.hypermedia import set_up_pages
from storefront.security import guard
from tests.apps import bare_app
from tests.catalog import goods


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """A shop with the doors a visitor finds first; the others only have an address."""
    with bare_app(database_url) as app:
        app.instance_path = str(tmp_path / "instance")
        guard(app)
        set_up_pages(app)
        for door in (browse, auth, cart):
            app.register_blueprint(door)
        _stand_in(app, "account", "orders")
        _stand_in(app, "checkout", "show")
        yield app


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


def _stand_in(app: Flask, door: str, page: str) -> None:
    blueprint = Blueprint(door, __name__)
    blueprint.add_url_rule(f"/{door}", page, lambda: "")
    app.register_blueprint(blueprint)
