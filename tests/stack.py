"""The whole shop for a test: served on a port of its own, with a sandbox behind it that brings its webhooks back.

`sandbox` lives as long as the session, `shop` as long as the test, on each database in turn.
"""

import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import argon2
import jinja2
import pytest
import requests
from flask import Flask
from sqlalchemy import func, select
from stripe import StripeClient
from werkzeug.serving import make_server

from storefront import create_app
from storefront.catalog.models import Product, Variant
from storefront.core import clock
from storefront.core.database import current_session, transaction
from storefront.core.jobs.models import Job
from storefront.core.jobs.recurring import schedule_recurring
from storefront.core.jobs.worker import run_due
from storefront.core.mail.models import OutboundMail
from storefront.core.money import Money
from storefront.customers import passwords
from storefront.extensions import db
from storefront.orders.models import Order
from storefront.payments.ledger.models import Payment
from storefront.stripe.client import API_VERSION
from tests.apps import settings_for

KEY, BROWSER_KEY = "sk_test_shop", "pk_test_shop"
PATIENCE = 10.0
INTENTS = "/v1/payment_intents"
OWNER = "olive@kiesel.example"
CATALOGUE: dict[str, tuple[int, int | None]] = {
    "Teapot": (2400, None),
    "Mug": (1250, 40),
    "Notebook": (890, 40),
    "Vase": (6900, 1),
}
_cheap_hasher = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass(frozen=True)
class Sandbox:
    """Stripe, as a test sees it: the real API by the SDK, and what no shop may do by the control API."""

    url: str

    @cached_property
    def stripe(self) -> StripeClient:
        """Stripe's own client: for what the owner does in the dashboard, and the customer's browser at Stripe."""
        return self._client(KEY)

    @cached_property
    def stripe_in_browser(self) -> StripeClient:
        """The same with the browser's key, which may send a card's number."""
        return self._client(BROWSER_KEY)

    def _client(self, key: str) -> StripeClient:
        bases: Any = dict.fromkeys(("api", "files", "connect", "meter_events"), self.url)
        return StripeClient(key, stripe_version=API_VERSION, base_addresses=bases)

    def control(self, verb: str, path: str, /, **body: Any) -> Any:
        """Speak to the control API."""
        headers = {"Authorization": f"Bearer {KEY}"}
        answer = requests.request(
            verb, f"{self.url}/control{path}", headers=headers, json=body or None, timeout=PATIENCE
        )
        answer.raise_for_status()
        return answer.json()

    def fault(self, kind: str, path: str = INTENTS, *, verb: str = "POST", **more: Any) -> None:
        """Let a coming request go wrong: delay, cut_after, error_after …; `nth`, `times`, `seconds`."""
        self.control("POST", "/faults", kind=kind, path=path, verb=verb, **more)

    def forget_faults(self) -> None:
        self.control("DELETE", "/faults")

    def forget_everything(self) -> None:
        """As if nobody had ever been there."""
        self.forget_faults()
        self.control("DELETE", "/data")

    def hold_webhooks(self) -> None:
        """From now on they are kept back."""
        self.control("POST", "/webhooks", hold=True)

    def release_webhooks(self, *, order: str = "as_is", repeat: int = 1, seed: int = 0) -> None:
        """Let them go, and wait until all have been tried."""
        self.control("POST", "/webhooks", order=order, repeat=repeat, seed=seed)
        self.wait_for_webhooks()

    def wait_for_webhooks(self) -> None:
        """Until everything that is due has been tried once."""
        assert self.control("GET", f"/webhooks?wait={PATIENCE}")["idle"]

    def deliveries(self, endpoint: str) -> list[dict[str, Any]]:
        """What was brought to one endpoint, oldest first."""
        return [one for one in self.control("GET", "/webhooks")["deliveries"] if one["endpoint"] == endpoint]

    def requests(self, verb: str = "POST", path: str = INTENTS) -> list[dict[str, Any]]:
        """What was asked since the test began, by verb and the path's beginning."""
        asked = self.control("GET", "/requests")
        return [one for one in asked if one["method"] == verb and one["path"].startswith(path)]

    def ledger(self) -> dict[str, Any]:
        """Everything that Stripe holds."""
        ledger: dict[str, Any] = self.control("GET", "/ledger")
        return ledger

    def decide_refund(self, refund: str, status: str) -> None:
        """The bank says how a refund went."""
        self.control("POST", f"/refunds/{refund}", status=status)

    def answer_bank(self, intent: str, *, passed: bool) -> None:
        """The customer answers the question of their bank."""
        outcome = "passed" if passed else "failed"
        requests.post(
            f"{self.url}/sandbox/challenges/{intent}", data={"outcome": outcome}, timeout=PATIENCE
        ).raise_for_status()

    def confirmation_token(self, card: str = "pm_card_visa") -> str:
        """What Stripe's own fields give the page for a card typed into them."""
        return self.stripe.v1.test_helpers.confirmation_tokens.create({"payment_method": card}).id

    def send_event(self, kind: str, about: dict[str, Any], **more: Any) -> str:
        """Any event: its id."""
        sent = self.control("POST", "/events", type=kind, object=about, **more)
        return str(sent["id"])


class MovingClock:
    """The one clock of shop, worker and sandbox."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seconds = 0

    def forward(self, *, minutes: float = 0, hours: float = 0, seconds: float = 0) -> None:
        """Let time pass."""
        self._seconds += int(seconds + 60 * minutes + 3600 * hours)
        self._write()

    def reset(self) -> None:
        self._seconds = 0
        self._write()

    def _write(self) -> None:
        # Others may be reading: they find the old time or the new one.
        whole = self.path.with_suffix(".new")
        whole.write_text(f"{self._seconds:+}", encoding="ascii")
        whole.replace(self.path)


@dataclass
class Shop:
    """The shop, served."""

    app: Flask
    url: str
    sandbox: Sandbox
    clock: MovingClock
    endpoint: str
    secret: str
    products: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def inside(self) -> Iterator[Any]:
        """For verbs and queries: the session of a context that ends with the block."""
        with self.app.app_context():
            yield current_session()

    def seconds_now(self) -> int:
        """What the shop's clock shows, as Stripe counts."""
        return int(clock.now().timestamp())

    def work(self) -> int:
        """Do everything that is due, as the worker would."""
        with self.inside():
            schedule_recurring()
            return run_due()

    def settle(self) -> None:
        """Let webhooks arrive and work be done until nothing is left to do."""
        for _ in range(5):
            self.sandbox.wait_for_webhooks()
            if not self.work():
                return

    def all(self, *columns: Any) -> list[Any]:
        """The rows of a table, or some of its columns, in order of their ids."""
        with self.inside() as session:
            table = getattr(columns[0], "class_", columns[0])
            query = select(*columns).order_by(table.id)
            return list(session.scalars(query) if len(columns) == 1 else map(tuple, session.execute(query)))

    def count(self, table: Any) -> int:
        """How many rows there are."""
        with self.inside() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def orders(self) -> list[tuple[int, str]]:
        """Total and status of every order."""
        return [(total, status.value) for total, status in self.all(Order.total, Order.status)]

    def order_ids(self) -> list[str]:
        """The public ids of all orders, oldest first."""
        return self.all(Order.public_id)

    def intents(self) -> list[str]:
        """The intents we know."""
        return [intent for intent in self.all(Payment.stripe_payment_intent_id) if intent]

    def mails(self, kind: str | None = None) -> list[tuple[str, str]]:
        """Kind and address of the mails that were queued."""
        return [(mail, to) for mail, to in self.all(OutboundMail.kind, OutboundMail.to) if kind in {None, mail}]

    def letter(self, kind: str) -> str:
        """What the newest mail of this kind says."""
        return str(
            next(text for mail, text in reversed(self.all(OutboundMail.kind, OutboundMail.body_text)) if mail == kind)
        )

    def failed_jobs(self) -> list[tuple[str, str]]:
        """What went wrong in the background."""
        return [(kind, error) for kind, error in self.all(Job.kind, Job.last_error) if error]

    def stock(self, title: str) -> int | None:
        """How many are on the shelf."""
        with self.inside() as session:
            left: int | None = session.get_one(Variant, self.products[title]).stock
            return left

    def set_stock(self, title: str, stock: int | None) -> None:
        with self.inside(), transaction() as session:
            session.get_one(Variant, self.products[title]).stock = stock

    def set_price(self, title: str, price: int) -> None:
        with self.inside(), transaction() as session:
            session.get_one(Variant, self.products[title]).price_minor = price

    def charged(self) -> list[Money]:
        """What Stripe took for this shop's orders, a charge each."""
        return [Money(one["amount_captured"], one["currency"]) for one in self._mine("charges") if one["paid"]]

    def given_back(self) -> list[Money]:
        """What Stripe gave back, a refund each."""
        refunds = [one for one in self._mine("refunds") if one["status"] not in {"failed", "canceled"}]
        return [Money(one["amount"], one["currency"]) for one in refunds]

    def intents_at_stripe(self) -> list[dict[str, Any]]:
        """Every intent that bears one of our orders."""
        ours = set(self.order_ids())
        return [one for one in self.sandbox.ledger()["payment_intents"] if one["metadata"].get("order_id") in ours]

    def _mine(self, kind: str) -> list[dict[str, Any]]:
        ledger, ours = self.sandbox.ledger(), set(self.order_ids())
        intents = {one["id"] for one in ledger["payment_intents"] if one["metadata"].get("order_id") in ours}
        return [one for one in ledger[kind] if one["payment_intent"] in intents]


@pytest.fixture(scope="session")
def shared_clock(tmp_path_factory: pytest.TempPathFactory) -> MovingClock:
    return MovingClock(tmp_path_factory.mktemp("clock") / "offset")


@pytest.fixture
def moving_clock(shared_clock: MovingClock) -> Iterator[MovingClock]:
    """Moves the time of shop, worker and sandbox."""
    shared_clock.reset()
    yield shared_clock
    shared_clock.reset()
    clock.read_from(None)


@contextmanager
def open_sandbox(folder: Path, clock: MovingClock) -> Iterator[Sandbox]:
    """Stripe, for as long as the block lasts; what it says besides is in the folder's `sandbox.log`."""
    command = [sys.executable, "-m", "storefront.sandbox", "run", "--port", "0", "--data", str(folder / "stripe.db")]
    command += ["--clock-file", str(clock.path), "--settle-seconds", "0.05"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with (
        (folder / "sandbox.log").open("wb") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment) as process,
    ):
        assert process.stdout is not None
        try:
            yield Sandbox(process.stdout.readline().removeprefix("Sandbox: ").strip())
        finally:
            process.kill()


@pytest.fixture(scope="session")
def running_sandbox(shared_clock: MovingClock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    shared_clock.reset()
    with open_sandbox(tmp_path_factory.mktemp("sandbox"), shared_clock) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Iterator[Sandbox]:
    """Stripe, where nobody has ever been."""
    running_sandbox.forget_everything()
    yield running_sandbox
    running_sandbox.forget_faults()


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> jinja2.BytecodeCache:
    """Each test has an app of its own; what its pages compile to is the same."""
    return jinja2.FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashed in no time: only tests may."""
    monkeypatch.setattr(passwords, "_hasher", _cheap_hasher)


@pytest.fixture
def shop_settings() -> dict[str, str]:
    """Settings of `shop` that a test wants otherwise, named as in the environment: override this."""
    return {}


@pytest.fixture
def shop(  # noqa: PLR0913, PLR0917  what it stands on
    database_url: str,
    sandbox: Sandbox,
    moving_clock: MovingClock,
    compiled_templates: jinja2.BytecodeCache,
    quick_passwords: None,
    shop_settings: dict[str, str],
) -> Iterator[Shop]:
    """A shop with four things to sell, its pages served and its webhooks coming in."""
    with served(database_url, sandbox, moving_clock, **shop_settings) as shop:
        shop.app.jinja_env.bytecode_cache = compiled_templates
        shop.products = stock_up(shop, CATALOGUE)
        yield shop


@contextmanager
def served(database_url: str, sandbox: Sandbox, moving_clock: MovingClock, **settings: str) -> Iterator[Shop]:
    """Serve a shop on any free port, with an endpoint of its own at Stripe, for as long as the block lasts."""
    # Bound before the shop is built: its own address is one of its settings.
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        endpoint = sandbox.stripe.v1.webhook_endpoints.create(
            {"url": f"{url}/webhooks/stripe", "enabled_events": ["*"], "api_version": API_VERSION}
        )
        app = create_app(
            settings_for(
                database_url, BASE_URL=url, STRIPE_API_BASE=sandbox.url, STRIPE_WEBHOOK_SECRET=endpoint.secret or "",
                OWNER_EMAIL=OWNER, CLOCK_FILE=str(moving_clock.path), **settings,
            )
        )  # fmt: skip
        try:
            with _serving(app, listening):
                yield Shop(app, url, sandbox, moving_clock, endpoint.id, endpoint.secret or "")
        finally:
            sandbox.stripe.v1.webhook_endpoints.delete(endpoint.id)
            with app.app_context():
                db.engine.dispose()


@contextmanager
def _serving(app: Flask, listening: socket.socket) -> Iterator[None]:
    server = make_server("127.0.0.1", 0, app, threaded=True, fd=listening.fileno())
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    before = set(threading.enumerate())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        _wait_for_answers(before)


def _wait_for_answers(before: set[threading.Thread]) -> None:
    """A request that a test did not wait for must not meet a database that is gone."""
    until = time.monotonic() + PATIENCE
    for thread in set(threading.enumerate()) - before:
        if thread.name.endswith("(process_request_thread)"):
            thread.join(max(0.0, until - time.monotonic()))


def stock_up(shop: Shop, goods: dict[str, tuple[int, int | None]]) -> dict[str, int]:
    """Put things on the shelf: title, price, stock; the variant's id by title."""
    with shop.inside(), transaction() as session:
        variants = {
            title: Variant(sku=title.lower(), price_minor=price, stock=stock) for title, (price, stock) in goods.items()
        }
        session.add_all(Product(handle=title.lower(), title=title, variants=[one]) for title, one in variants.items())
        session.flush()
        return {title: variant.id for title, variant in variants.items()}
