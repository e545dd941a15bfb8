"""A shop with the doors that need no Stripe: browsing, signing in, the cart. The others only have an address."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.catalog.models import Product, Variant
from storefront.core import clock
from storefront.core.database import current_session, transaction
from storefront.core.mail.models import OutboundMail
from storefront.core.mail.outbox import WRITERS
from storefront.customers import passwords
from tests.apps import bare_app

QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
HTMX = {"HX-Request": "true"}
PASSWORD = "correct horse battery"


class MovedClock:
    """The shop's clock, some seconds on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seconds = 0.0

    def forward(self, seconds: float) -> None:
        self._seconds += seconds
        self._path.write_text(f"{self._seconds:+}", encoding="ascii")


@pytest.fixture
def later(tmp_path: Path) -> MovedClock:
    """Moves time on."""
    return MovedClock(tmp_path / "clock")


@pytest.fixture
def doors(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The shop."""
    # A tenth of a second for every password is well spent in the shop, and not here.
    monkeypatch.setattr(passwords, "_hasher", QUICK)
    from storefront.customers import jobs  # noqa: F401, PLC0415
    from storefront.web.auth.views import auth  # noqa: PLC0415  only tests of doors open them
    from storefront.web.browse.views import browse  # noqa: PLC0415
    from storefront.web.cart.views import cart  # noqa: PLC0415
    from storefront.web.htmx import init_pages  # noqa: PLC0415
    from storefront.web.security import init_security  # noqa: PLC0415

    with bare_app(database_url, CLOCK_FILE=str(tmp_path / "clock")) as app:
        init_security(app)
        init_pages(app)
        for door in (browse, auth, cart):
            app.register_blueprint(door)
        app.url_build_error_handlers.append(_elsewhere)
        yield app
    clock.read_from(None)


@pytest.fixture
def browser(doors: Flask) -> FlaskClient:
    """A browser that was never here before."""
    return doors.test_client()


@pytest.fixture
def inside(doors: Flask) -> Iterator[None]:
    """For tests that call verbs themselves."""
    with doors.app_context():
        yield


def _elsewhere(_error: Exception, endpoint: str, values: dict[str, Any]) -> str:
    own = (str(value) for name, value in values.items() if not name.startswith("_"))
    return "/".join(["/elsewhere", endpoint, *own])


def register(browser: FlaskClient, email: str = "alice@example.org", **typed: str) -> None:
    """Join, in this browser."""
    form = {"name": "Alice Archer", "email": email, "password": PASSWORD} | typed
    answer = browser.post("/auth/register", data=form)
    assert answer.status_code == 303, answer.text


def sign_in(browser: FlaskClient, email: str = "alice@example.org", password: str = PASSWORD, **more: Any) -> Any:
    """Sign in, in this browser."""
    return browser.post("/auth/login", data={"email": email, "password": password}, **more)


def stock_up(app: Flask, title: str, *, stock: int | None = None, price: int = 2400, options: str = "") -> int:
    """Put a product on the shelf; the id of its one variant."""
    handle = title.lower().replace(" ", "-") + options
    with app.app_context(), transaction() as session:
        variant = Variant(sku=handle, price_minor=price, stock=stock, option_values=[options] if options else [])
        session.add(Product(handle=handle, title=title, variants=[variant]))
        session.flush()
        return variant.id


def in_database(app: Flask, ask: Callable[[], Any]) -> Any:
    """What `ask` finds now, seen from outside of any request."""
    with app.app_context():
        return ask()


def mails(app: Flask) -> list[tuple[str, str]]:
    """Kind and address of every mail that was queued, in order."""
    with app.app_context():
        rows = current_session().execute(select(OutboundMail.kind, OutboundMail.to).order_by(OutboundMail.id))
        return [(row.kind, row.to) for row in rows]


def link_in(app: Flask, kind: str) -> str:
    """The path of the link in the newest mail of this kind."""
    with app.app_context():
        mail = current_session().scalars(
            select(OutboundMail).where(OutboundMail.kind == kind).order_by(OutboundMail.id.desc())
        )
        written = WRITERS[kind](mail.first().context)  # type: ignore[union-attr]
        assert written is not None
        link: str = written["link"]
        return link.removeprefix(app.config["SETTINGS"].base_url)
