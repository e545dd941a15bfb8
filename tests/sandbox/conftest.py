"""One sandbox for each test that asks, and a shop that listens."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.sandbox.running import BROWSER_KEY, VERSION, Running, running_sandbox


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with running_sandbox(tmp_path / "sandbox.sqlite") as sandbox:
        yield sandbox


@pytest.fixture
def client(running: Running) -> Any:
    """The SDK; not typed, for tests also send what its types would refuse."""
    return running.client()


@pytest.fixture
def browser(running: Running) -> Any:
    """The SDK with a browser's key: what Stripe.js may do, such as sending a card's number."""
    return running.client(key=BROWSER_KEY)


class Listener:
    """A shop's webhook: keeps what came, answers what it is told to."""

    def __init__(self) -> None:
        self.received: list[tuple[bytes, str]] = []
        self.answers: list[int] = []
        listener = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.received.append((body, self.headers["Stripe-Signature"]))
                self.send_response(listener.answers.pop(0) if listener.answers else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhooks/stripe"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def listen(self, client: Any, *types: str) -> str:
        """Subscribe to these types, or to all; the secret."""
        endpoint = client.v1.webhook_endpoints.create(
            {"url": self.url, "enabled_events": list(types) or ["*"], "api_version": VERSION}
        )
        return str(endpoint.secret)

    def events(self, secret: str) -> list[Any]:
        """What came, with its signature checked by the SDK."""
        return [stripe.Webhook.construct_event(body, signature, secret) for body, signature in self.received]


@pytest.fixture
def listener() -> Iterator[Listener]:
    shop = Listener()
    yield shop
    shop.close()
