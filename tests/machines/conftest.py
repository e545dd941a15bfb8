"""Two machines that serve one shop: each a gunicorn with two workers and a `flask worker`, with one Postgres between them.

They are started once for all tests here.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from config import read_settings
from storefront import create_app
from storefront.demo.ports import any_port
from storefront.extensions import db
from storefront.stripe.client import API_VERSION
from tests.apps import ENVIRONMENT
from tests.mail.post_office import PostOffice, open_post_office
from tests.people import Shopper
from tests.postgres import PostgresServer
from tests.stack import CATALOGUE, KEY, MovingClock, Sandbox, Shop, open_sandbox, stock_up
from tools.faults.nursery import Nursery, is_alive

PATIENCE: Final = 60.0
GUNICORN: Final = (
    "--worker-class", "gthread", "--workers", "2", "--threads", "4", "--no-control-socket", "--log-level", "warning",
)  # fmt: skip


@dataclass
class Machine:
    """One of them: the shop as it is reached there, and its two processes."""

    shop: Shop
    nursery: Nursery
    name: str
    web: int = 0
    worker: int = 0

    def start(self) -> None:
        """Ready when this returns."""
        address = self.shop.url.removeprefix("http://")
        program = "tools.faults.served:app"
        self.web = self.nursery.bear(f"web-{self.name}", "gunicorn", [*GUNICORN, "--bind", address, program])
        self.worker = self.nursery.bear(f"worker-{self.name}", "flask", ["--app", program, "worker"])
        wait_until(self.answers, f"machine {self.name}")

    def answers(self) -> bool:
        """Whether a page comes from there."""
        with suppress(requests.RequestException):
            return requests.get(f"{self.shop.url}/products/teapot", timeout=PATIENCE).ok
        return False

    def loses_power(self) -> None:
        """kill -9 of everything on it at once."""
        for pid in (self.web, self.worker):
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        for pid in (self.web, self.worker):
            wait_until(partial(is_dead, pid), "the end")


def is_dead(pid: int) -> bool:
    """Whether nothing is left of it."""
    return not is_alive(pid)


@dataclass(frozen=True)
class Machines:
    """Both, and where their mails arrive."""

    first: Machine
    second: Machine
    office: PostOffice

    @property
    def shop(self) -> Shop:
        """The shop, by its first machine."""
        return self.first.shop


def at(machine: Machine, person: Shopper) -> Shopper:
    """The same person and browser, whom the load balancer sends to this machine."""
    tab = person.another_tab()
    tab.shop = machine.shop
    return tab


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    """Return when it is so."""
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until, f"{what} did not come"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def machines(
    postgres: PostgresServer,
    postgres_template: str,
    shared_clock: MovingClock,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Machines]:
    folder = tmp_path_factory.mktemp("machines")
    shared_clock.reset()
    with ExitStack() as hold:
        database = hold.enter_context(postgres.database(copy_of=postgres_template))
        office = hold.enter_context(open_post_office())
        sandbox = hold.enter_context(open_sandbox(folder, shared_clock))
        addresses = [f"http://127.0.0.1:{any_port()}" for _ in range(2)]
        endpoints = [_endpoint(sandbox, address, hold) for address in addresses]
        settings = ENVIRONMENT | {
            "DATABASE_URL": database, "BASE_URL": addresses[0], "STRIPE_SECRET_KEY": KEY, "STRIPE_API_BASE": sandbox.url,
            "STRIPE_WEBHOOK_SECRET": ",".join(one.secret for one in endpoints), "MAIL_URL": office.url,
            "CLOCK_FILE": str(shared_clock.path), "NEW_CARD_BREAKER": "0",
        }  # fmt: skip
        app = create_app(read_settings(settings))
        hold.callback(_close, app)
        shop = Shop(app, addresses[0], sandbox, shared_clock, endpoints[0].id, endpoints[0].secret)
        shop.products = stock_up(shop, CATALOGUE | {"Bowl": (3100, 100)})
        nursery = Nursery(_environment(settings, folder), folder)
        hold.callback(nursery.close)
        first, second = (
            Machine(replace(shop, url=url), nursery, name) for url, name in zip(addresses, "ab", strict=True)
        )
        for one in (first, second):
            hold.callback(one.loses_power)
            one.start()
        yield Machines(first, second, office)


@pytest.fixture
def sandbox(machines: Machines) -> Iterator[Sandbox]:
    """The one that both ask; what a test did to it is undone afterwards."""
    yield machines.shop.sandbox
    machines.shop.sandbox.forget_faults()
    machines.shop.sandbox.control("POST", "/webhooks", hold=False)


def _endpoint(sandbox: Sandbox, url: str, hold: ExitStack) -> Any:
    # Stripe tells both: as it would if two endpoints were set up by mistake, and so every webhook is told twice at once.
    wanted: Any = {"url": f"{url}/webhooks/stripe", "enabled_events": ["*"], "api_version": API_VERSION}
    endpoint = sandbox.stripe.v1.webhook_endpoints.create(wanted)
    hold.callback(sandbox.stripe.v1.webhook_endpoints.delete, endpoint.id)
    return endpoint


def _environment(settings: dict[str, str], folder: Path) -> dict[str, str]:
    templates = folder / "templates"
    templates.mkdir()
    return dict(os.environ) | settings | {"FAULTS_TEMPLATES": str(templates), "PYTHONUNBUFFERED": "1"}


def _close(app: Any) -> None:
    with app.app_context():
        db.engine.dispose()
