"""One command brings up a stocked shop, keeps it up, and ends without leaving anything behind."""

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest
import requests
from click.testing import CliRunner

from config import read_settings
from storefront.demo.__main__ import demo as command
from storefront.demo.folder import DemoFolder
from storefront.demo.people import CUSTOMER
from storefront.demo.plan import plan_for
from storefront.demo.ports import any_port

LONGEST = 90
Starts = Callable[[], "RunningDemo"]


class RunningDemo:
    """The demo as somebody at a terminal has it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        words = [sys.executable, "-m", "storefront.demo", "--data", str(folder), "--port", str(port)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)

    def opens(self) -> None:
        """Wait until it says that it is open."""
        words, stdout = "", self.process.stdout
        assert stdout is not None
        while "Ctrl-C stops it." not in words:
            line = stdout.readline()
            assert line, f"the demo ended: {words}"
            words += line

    def children(self) -> dict[str, psutil.Process]:
        """Its processes by what they are; the dead, who have no words any more, are left out."""
        return {_name_of(child): child for child in psutil.Process(self.process.pid).children() if is_alive(child)}

    def stop(self, with_signal: int = signal.SIGINT) -> int:
        self.process.send_signal(with_signal)
        return self.process.wait(LONGEST)


def _name_of(process: psutil.Process) -> str:
    names = {"storefront.sandbox": "sandbox", "gunicorn": "shop", "flask": "worker"}
    return next((name for module, name in names.items() if module in process.cmdline()), "about to begin")


def is_alive(process: psutil.Process) -> bool:
    return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)


class Visitor:
    """A browser without JavaScript."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()

    def get(self, path: str) -> str:
        answer = self._session.get(self._url + path, timeout=30)
        answer.raise_for_status()
        return answer.text

    def post(self, path: str, **fields: str) -> str:
        answer = self._session.post(self._url + path, data=fields, timeout=30)
        answer.raise_for_status()
        return answer.text

    def buys_with_one_click(self, product: str) -> str:
        """`product`: the address of a page on which a variant has been chosen, as its pickers' links have it."""
        form = re.search(r'<form[^>]*action="/checkout/one-click".*?</form>', self.get(product), re.DOTALL)
        assert form is not None
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form.group()))
        return self.post("/checkout/one-click", **hidden)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starts]:
    port = any_port()
    started: list[RunningDemo] = []

    def start() -> RunningDemo:
        started.append(RunningDemo(tmp_path / "demo", port))
        started[-1].opens()
        return started[-1]

    yield start
    for demo in started:
        if demo.process.poll() is None:
            demo.stop(signal.SIGKILL)
        assert demo.process.stdout is not None
        demo.process.stdout.close()


def test_one_command_is_a_shop_that_stays_up_and_forgets_nothing(start: Starts) -> None:
    demo = start()
    mara = Visitor(demo.url)
    mara.post("/auth/login", email=CUSTOMER.email, password=CUSTOMER.password)

    receipt = mara.buys_with_one_click("/products/teapot-no-3?option-1=Chalk")

    assert 'data-state="paid"' in receipt
    until(lambda: "Receipt for order K-1001" in mara.get("/demo/mail"))
    until(lambda: requests.get(f"{demo.url}/readyz", timeout=30).ok)

    _kill_some(demo)
    until(lambda: is_up(demo.url))
    assert demo.stop() == 0

    again = start()
    assert "K-1001" in mara.get("/account/orders")

    everybody = psutil.Process(again.process.pid).children(recursive=True)
    again.stop(signal.SIGKILL)
    until(lambda: not any(is_alive(one) for one in everybody))


def test_a_second_demo_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with DemoFolder.opened(tmp_path):
        second = CliRunner().invoke(command, ["--data", str(tmp_path)])

    assert (second.exit_code, second.output.startswith("Error: A demo runs on")) == (1, True)


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = CliRunner().invoke(command, ["--data", str(tmp_path), "--port", port])

    assert refused.exit_code == 1
    assert f"Something listens on port {port} already." in refused.output


def test_the_same_ports_are_taken_again(tmp_path: Path) -> None:
    with DemoFolder.opened(tmp_path) as folder:
        first = plan_for(folder, host="127.0.0.1", port=None, base_url=None)
        second = plan_for(folder, host="127.0.0.1", port=None, base_url=None)

    assert (first.port, first.sandbox_port, first.secret) == (second.port, second.sandbox_port, second.secret)


def test_a_real_shops_settings_do_not_leak_into_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY_FILE", "/run/secrets/stripe")
    monkeypatch.setenv("STAGING_COPY", "1")
    monkeypatch.setenv("ALERT_WEBHOOK_URL", "https://pager.example")
    with DemoFolder.opened(tmp_path) as folder:
        settings = read_settings(plan_for(folder, host="127.0.0.1", port=None, base_url=None).environment({}))

    assert (settings.livemode, settings.staging_copy, settings.alert_webhook_url, settings.demo) == (
        False,
        False,
        "",
        True,
    )


def _kill_some(demo: RunningDemo) -> None:
    before = demo.children()
    assert set(before) == {"sandbox", "shop", "worker"}
    before["worker"].kill()
    before["shop"].kill()
    until(lambda: demo.children().keys() == before.keys())


def is_up(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=5).ok
    except requests.RequestException:
        return False


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONGEST
    while not is_so():
        assert time.monotonic() < deadline, f"it did not come to be within {LONGEST} s"
        time.sleep(0.2)
