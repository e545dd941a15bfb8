"""A sandbox that runs, for tests: in a thread, on any free port, with the real SDK before it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe
from flask import Flask

from storefront.sandbox.sandbox import Sandbox
from storefront.sandbox.server import bound, create_sandbox

VERSION = "2026-10-28.endive"
KEY = "sk_test_sandbox"
BROWSER_KEY = "pk_test_sandbox"
RETURN_URL = "https://shop.example/return"


def told(refusal: pytest.ExceptionInfo[stripe.StripeError]) -> Any:
    """The error object of a refusal; every one of the sandbox's has it."""
    return refusal.value.error


@dataclass(frozen=True)
class Running:
    """A sandbox at work, and three ways to speak to it."""

    app: Flask
    url: str

    @property
    def sandbox(self) -> Sandbox:
        sandbox: Sandbox = self.app.extensions["sandbox"]
        return sandbox

    def client(self, *, key: str = KEY, version: str = VERSION, retries: int = 0) -> stripe.StripeClient:
        """The SDK, talking to this sandbox alone."""
        return stripe.StripeClient(
            key,
            stripe_version=version,
            max_network_retries=retries,
            http_client=stripe.RequestsClient(timeout=(3, 20)),
            base_addresses={"api": self.url, "files": self.url, "connect": self.url, "meter_events": self.url},
        )

    def http(self, method: str, path: str, *, key: str | None = KEY, **options: Any) -> requests.Response:
        """A plain request, for what the SDK would not send or does not show."""
        headers = {"Stripe-Version": VERSION, **options.pop("headers", {})}
        if key is not None:
            headers.setdefault("Authorization", f"Bearer {key}")
        return requests.request(method, self.url + path, headers=headers, timeout=20, **options)

    def control(self, method: str, path: str, /, **body: Any) -> Any:
        """The control API: `control("POST", "/faults", kind="cut_after")`."""
        answer = self.http(method, f"/control{path}", json=body or None)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def running_sandbox(
    state_path: Path | None = None, *, clock_file: Path | None = None, settle_seconds: float = 0.05,
    takes_card_numbers: bool = False,
) -> Iterator[Running]:  # fmt: skip
    """A sandbox for the time of a `with`; give it a path, and the next one remembers."""
    app = create_sandbox(
        state_path, public_url="http://127.0.0.1:0", clock_file=clock_file, settle_seconds=settle_seconds,
        takes_card_numbers=takes_card_numbers,
    )  # fmt: skip
    server = bound(app, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Running(app, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        app.extensions["sandbox"].stop()
