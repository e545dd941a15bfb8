"""The sandbox as a process: starts at once, says where, survives being killed, loads nothing of the shop."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from storefront.sandbox.clock import Clock

ROOT = Path(__file__).parents[2]
AUTH = {"Authorization": "Bearer sk_test_sandbox"}


@contextmanager
def process(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`python -m storefront.sandbox run`, and the address it printed."""
    command = [sys.executable, "-m", "storefront.sandbox", "run", "--port", "0", *options]
    started = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert started.stdout is not None
        found = re.search(r"http://\S+", started.stdout.readline())
        assert found is not None
        yield started, found[0]
    finally:
        started.kill()
        started.wait()
        assert started.stdout is not None
        started.stdout.close()


def create_customer(url: str, key: str) -> Any:
    return requests.post(f"{url}/v1/customers", headers={**AUTH, "Idempotency-Key": key}, timeout=5).json()


def test_it_starts_says_where_and_survives_kill_9(tmp_path: Path) -> None:
    state = str(tmp_path / "deep" / "state.sqlite")
    with process("--data", state) as (running, url):
        first = create_customer(url, "k1")
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
    with process("--data", state) as (_, url):
        replayed = create_customer(url, "k1")
        account = requests.get(f"{url}/v1/account", headers=AUTH, timeout=5).json()["id"]
        listed = requests.get(f"{url}/v1/customers", headers=AUTH, timeout=5).json()["data"]

    assert replayed == first
    assert listed == [first]
    assert account.startswith("acct_")


def test_it_loads_nothing_of_the_shop_and_starts_in_under_a_second() -> None:
    code = (
        "import sys, storefront.sandbox.server\n"
        "print([name for name in sys.modules if name.startswith(('stripe', 'sqlalchemy'))"
        " or (name.startswith('storefront.') and not name.startswith('storefront.sandbox'))])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "[]"


def test_it_does_not_run_beside_a_live_key() -> None:
    command = [sys.executable, "-m", "storefront.sandbox", "run", "--port", "0"]
    refused = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "STRIPE_SECRET_KEY": "sk_live_1"},
    )

    assert (refused.returncode, "live key" in refused.stderr) == (2, True)


def test_two_do_not_run_on_one_file(tmp_path: Path) -> None:
    state = str(tmp_path / "state.sqlite")
    command = [sys.executable, "-m", "storefront.sandbox", "run", "--port", "0", "--data", state]
    with process("--data", state):
        second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=20)

    assert (second.returncode, second.stderr) == (1, f"Error: {state} is in use by another sandbox.\n")


def test_the_clock_is_moved_by_a_file(tmp_path: Path) -> None:
    offset = tmp_path / "offset"
    clock = Clock(offset)

    still = clock.now() - int(time.time())
    offset.write_text("+7200\n")
    moved = clock.now() - int(time.time())
    offset.write_text("")

    assert (abs(still) <= 1, abs(moved - 7200) <= 1, abs(clock.now() - int(time.time())) <= 1) == (True, True, True)
