"""Stripe's own command line runs its trigger sequences against the sandbox.

It is taken from the environment (STRIPE_CLI), or fetched once by npm into `.cache/`.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.running import KEY, Running

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "stripe-cli"
PACKAGE = "@stripe/cli@1.52.0"
PROMISED = [
    "customer.created", "customer.updated", "customer.deleted", "payment_method.attached", "payment_method.detached",
    "setup_intent.succeeded", "payment_intent.created", "payment_intent.succeeded", "payment_intent.payment_failed",
    "payment_intent.requires_action", "payment_intent.canceled", "charge.succeeded", "charge.failed",
    "charge.refunded", "charge.dispute.created", "checkout.session.completed", "checkout.session.expired",
]  # fmt: skip
OTHERS = [
    "charge.captured", "charge.dispute.closed", "charge.dispute.updated", "charge.refund.updated",
    "payment_intent.amount_capturable_updated", "payment_method.updated", "setup_intent.canceled",
    "setup_intent.created", "setup_intent.requires_action", "setup_intent.setup_failed",
]  # fmt: skip


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


@pytest.mark.parametrize("event", PROMISED + OTHERS)
def test_the_official_cli_triggers(event: str, stripe_cli: Path, running: Running, tmp_path: Path) -> None:
    command = [str(stripe_cli), "trigger", event, "--api-base", running.url, "--api-key", KEY]
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "STRIPE_CLI_TELEMETRY_OPTOUT": "1",
    }

    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)

    client: Any = running.client()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Trigger succeeded!" in done.stdout + done.stderr
    assert event in {seen.type for seen in client.v1.events.list({"limit": 100}).data}
