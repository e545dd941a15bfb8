"""Stripe's own command line runs its trigger sequences against the sandbox.

It is taken from the environment (STRIPE_CLI), or fetched once by npm into `.cache/`.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.conftest import Listener
from tests.sandbox.running import KEY, Running

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "stripe-cli"
PACKAGE = "@stripe/cli@1.52.0"
# All that `stripe trigger --help` lists, and whether the sandbox speaks of it; `docs/sandbox.md` says why the others do not run.
SPOKEN = [
    "balance.available", "charge.captured", "charge.dispute.closed", "charge.dispute.created", "charge.dispute.updated",
    "charge.failed", "charge.refund.updated", "charge.refunded", "charge.succeeded",
    "checkout.session.async_payment_failed", "checkout.session.async_payment_succeeded", "checkout.session.completed",
    "checkout.session.expired", "coupon.created", "coupon.deleted", "coupon.updated", "customer.created",
    "customer.deleted", "customer.discount.created", "customer.discount.deleted", "customer.discount.updated",
    "customer.updated", "payment_intent.amount_capturable_updated", "payment_intent.canceled",
    "payment_intent.created", "payment_intent.payment_failed", "payment_intent.processing",
    "payment_intent.requires_action", "payment_intent.succeeded", "payment_method.attached", "payment_method.detached",
    "payment_method.updated", "price.created", "price.updated", "product.created", "product.deleted",
    "product.updated", "setup_intent.canceled", "setup_intent.created", "setup_intent.requires_action",
    "setup_intent.setup_failed", "setup_intent.succeeded",
]  # fmt: skip
UNSPOKEN = {
    "Connect": ("account.", "transfer."),
    "the customer portal": ("billing_portal.",),
    "bank transfers": ("cash_balance.", "customer_cash_balance_transaction.", "payment_intent.partially_funded"),
    "invoices": ("credit_note.", "invoice.", "invoiceitem."),
    "sources": ("customer.source.",),
    "subscriptions": ("customer.subscription.", "plan.", "subscription.", "subscription_schedule."),
    "Identity": ("identity.",),
    "Issuing": ("issuing_",),
    "payment links": ("payment_link.",),
    "payouts and top-ups": ("payout.", "topup."),
    "promotion codes": ("promotion_code.",),
    "quotes": ("quote.",),
    "reports": ("reporting.",),
    "tax rates": ("tax_rate.",),
    "test clocks": ("test_helpers.",),
    "meters, by thin events": ("v1.billing.",),
}


def given() -> Path | None:
    """The CLI named by STRIPE_CLI, found on the path, or fetched before."""
    named = os.environ.get("STRIPE_CLI") or shutil.which("stripe")
    if named:
        return Path(named)
    fetched = sorted(CACHE.glob("node_modules/@stripe/cli-*/bin/stripe"))
    return fetched[0] if fetched else None


def fetch() -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("the Stripe CLI is not here: set STRIPE_CLI, or install npm, which fetches it")
    CACHE.mkdir(parents=True, exist_ok=True)
    # No install scripts: the binary comes as a package of its own for each platform.
    command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(CACHE), PACKAGE]
    done = subprocess.run(command, cwd=CACHE, capture_output=True, text=True, check=False, timeout=180)
    if done.returncode != 0:
        pytest.skip(f"npm could not fetch the Stripe CLI: {done.stderr[-300:]}")


@pytest.fixture(scope="session")
def stripe_cli() -> Path:
    if given() is None:
        fetch()
    found = given()
    if found is None:
        pytest.skip("npm has no Stripe CLI for this platform")
    return found


def run(stripe_cli: Path, home: Path, *words: str) -> tuple[int, str]:
    """The CLI's exit code, and all it said."""
    environment = {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home), "STRIPE_CLI_TELEMETRY_OPTOUT": "1"}
    done = subprocess.run(
        [str(stripe_cli), *words], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout + done.stderr


def told(running: Running) -> set[str]:
    client: Any = running.client()
    return {seen.type for seen in client.v1.events.list({"limit": 100}).data}


@pytest.mark.parametrize("event", SPOKEN)
def test_the_official_cli_triggers(event: str, stripe_cli: Path, running: Running, tmp_path: Path) -> None:
    code, words = run(stripe_cli, tmp_path, "trigger", event, "--api-base", running.url, "--api-key", KEY)

    assert code == 0, words
    assert "Trigger succeeded!" in words
    deadline = time.monotonic() + 5  # a bank that decides later does so by itself
    while event not in told(running):
        assert time.monotonic() < deadline, told(running)
        time.sleep(0.05)


def test_every_trigger_runs_or_is_known_not_to(stripe_cli: Path, tmp_path: Path) -> None:
    _, words = run(stripe_cli, tmp_path, "trigger", "--help")
    listed = set(words.partition("Supported events:")[2].partition("Usage:")[0].split())

    unspoken = tuple(prefix for prefixes in UNSPOKEN.values() for prefix in prefixes)
    assert {event for event in listed if not event.startswith(unspoken)} == set(SPOKEN)
    page = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
    assert [event for event in SPOKEN if f"`{event}`" not in page] == []
    assert [prefix for prefix in unspoken if f"`{prefix}" not in page] == []


@pytest.mark.parametrize("event", ["invoice.paid", "customer.subscription.created", "payout.created"])
def test_what_the_sandbox_does_not_speak_of_fails_by_its_address(
    event: str, stripe_cli: Path, running: Running, tmp_path: Path
) -> None:
    code, words = run(stripe_cli, tmp_path, "trigger", event, "--api-base", running.url, "--api-key", KEY)

    assert code != 0
    assert "Unrecognized request URL" in words


def test_the_official_cli_resends_an_event(
    stripe_cli: Path, client: Any, running: Running, listener: Listener, tmp_path: Path
) -> None:
    secret = listener.listen(client, "customer.created")
    client.v1.customers.create({})
    [endpoint], [event] = client.v1.webhook_endpoints.list({}).data, client.v1.events.list({}).data
    running.control("GET", "/webhooks?wait=5")

    code, words = run(
        stripe_cli, tmp_path, "events", "resend", event.id, "--webhook-endpoint", endpoint.id,
        "--api-base", running.url, "--api-key", KEY,
    )  # fmt: skip
    running.control("GET", "/webhooks?wait=5")

    assert code == 0, words
    assert [one.id for one in listener.events(secret)] == [event.id] * 2
