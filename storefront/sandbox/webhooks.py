"""The courier: brings each event to each endpoint, signed, until it is taken."""

import hashlib
import hmac
import http.client
import json
import random
import sqlite3
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from storefront.sandbox.errors import Document
from storefront.sandbox.events import snapshot

if TYPE_CHECKING:
    from storefront.sandbox.sandbox import Sandbox

_PAUSES = (1, 2, 5, 15, 30, 60)
_GIVES_UP_AFTER_SECONDS = 3 * 86400
_PATIENCE_SECONDS = 20
_HOLD = "hold_webhooks"


class Courier:
    """Deliveries live in the state file; the courier only remembers that it has a bag."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox
        self._wake = threading.Event()
        self._stopping = False
        self._carrying = threading.Lock()

    def run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            self._wake.wait(self.deliver_due())

    def stop(self) -> None:
        self._stopping = True

    def wake(self) -> None:
        self._wake.set()

    def deliver_due(self) -> float | None:
        """Deliver what is due, and tell the seconds until the next is."""
        while not self._stopping:
            with self._carrying:
                row = self._next()
                if row is None:
                    break
                self._deliver(row)
        rows = self._execute("SELECT MIN(due) AS next FROM deliveries WHERE state = 'pending'")
        if rows[0]["next"] is None or self.is_held:
            return None
        return max(0.01, float(rows[0]["next"]) - time.time())

    @property
    def is_held(self) -> bool:
        return bool(self._sandbox.store.setting(_HOLD))

    def hold(self) -> None:
        """From now on nothing leaves; what is under way arrives first."""
        with self._carrying:
            self._sandbox.store.set_setting(_HOLD, "yes")

    def release(self, *, order: str = "as_is", seed: int = 0, repeat: int = 1, delay: float = 0.0) -> int:
        """Let everything go in this order, each `repeat` times in all; how many deliveries that makes."""
        store = self._sandbox.store
        with self._carrying, store.transaction():
            rows = store.execute("SELECT id, event, endpoint FROM deliveries WHERE state = 'pending' ORDER BY rank")
            bag = [row for row in rows for _ in range(repeat)]
            if order == "reversed":
                bag.reverse()
            elif order == "shuffled":
                random.Random(seed).shuffle(bag)  # noqa: S311
            store.execute("DELETE FROM deliveries WHERE state = 'pending'")
            for rank, row in enumerate(bag):
                store.execute(
                    "INSERT INTO deliveries (rank, event, endpoint, due) VALUES (?, ?, ?, ?)",
                    rank, row["event"], row["endpoint"], time.time() + delay,
                )  # fmt: skip
            store.set_setting(_HOLD, "")
        self.wake()
        return len(bag)

    def described(self) -> dict[str, Any]:
        rows = self._execute("SELECT * FROM deliveries ORDER BY id")
        states = [row["state"] for row in rows]
        return {
            "hold": self.is_held, "pending": states.count("pending"), "delivered": states.count("delivered"),
            "deliveries": [dict(row) for row in rows],
        }  # fmt: skip

    def wait_until_idle(self, seconds: float) -> bool:
        """Whether, within this time, everything that is due has been tried."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with self._carrying:
                if self.is_held or self._next() is None:
                    return True
            time.sleep(0.01)
        return False

    def _next(self) -> sqlite3.Row | None:
        if self.is_held:
            return None
        rows = self._execute(
            "SELECT * FROM deliveries WHERE state = 'pending' AND due <= ? ORDER BY rank LIMIT 1", time.time()
        )
        return rows[0] if rows else None

    def _deliver(self, row: sqlite3.Row) -> None:
        store = self._sandbox.store
        with store.transaction():
            event, endpoint = store.find("event", row["event"]), store.find("webhook_endpoint", row["endpoint"])
        if event is None or endpoint is None or endpoint["status"] != "enabled":
            self._execute("UPDATE deliveries SET state = 'dropped' WHERE id = ?", row["id"])
            return
        status, answer = self._post(event, endpoint)
        if 200 <= status < 300:
            self._note_delivered(row, answer)
        else:
            self._note_failed(row, event, answer)

    def _post(self, event: Document, endpoint: Document) -> tuple[int, str]:
        payload = snapshot(event)
        payload["api_version"] = event.get("_api_version") or endpoint["api_version"] or event["api_version"]
        body = json.dumps(payload, indent=2).encode()
        headers = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-cache",
                   "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
                   "Stripe-Signature": signature(body, endpoint["_secrets"], self._sandbox.clock.now())}  # fmt: skip
        parts = urlsplit(endpoint["url"])
        connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = connect(parts.netloc, timeout=_PATIENCE_SECONDS)
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            return response.status, f"{response.status} {response.read(500).decode(errors='replace')}"
        except (OSError, http.client.HTTPException) as error:
            return 0, repr(error)
        finally:
            connection.close()

    def _note_delivered(self, row: sqlite3.Row, answer: str) -> None:
        store = self._sandbox.store
        with store.transaction():
            store.execute(
                "UPDATE deliveries SET state = 'delivered', tries = tries + 1, answer = ? WHERE id = ?",
                answer,
                row["id"],
            )
            event = store.find("event", row["event"])
            waiting = store.execute(
                "SELECT COUNT(DISTINCT endpoint) AS number FROM deliveries WHERE event = ? AND state = 'pending'",
                row["event"],
            )
            if event is not None:
                event["pending_webhooks"] = waiting[0]["number"]
                store.save(event)

    def _note_failed(self, row: sqlite3.Row, event: Document, answer: str) -> None:
        pause = _PAUSES[min(row["tries"], len(_PAUSES) - 1)]
        gives_up = self._sandbox.clock.now() - event["created"] > _GIVES_UP_AFTER_SECONDS
        self._execute(
            "UPDATE deliveries SET tries = tries + 1, due = ?, answer = ?, state = ? WHERE id = ?",
            time.time() + pause, answer, "failed" if gives_up else "pending", row["id"],
        )  # fmt: skip

    def _execute(self, statement: str, *values: object) -> list[sqlite3.Row]:
        return self._sandbox.store.execute(statement, *values)


def signature(body: bytes, secrets: list[str], now: int) -> str:
    """`t=…,v1=…`, with one `v1` for each secret that is valid now."""
    signed = f"{now}.".encode() + body
    proofs = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={now}", *(f"v1={proof}" for proof in proofs)])
