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
    """Deliveries live in the state file; the courier knows only which doors it stands at.

    Several carry at once, but never two to the same endpoint: what is slow there delays nobody else.
    """

    carriers = 3

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox
        self._stopping = False
        self._at_door: set[str] = set()
        self._changed = threading.Condition()

    def run(self) -> None:
        """Carry until stopped; for a thread of its own."""
        while not self._stopping:
            row = self._take()
            if row is not None:
                self._carry(row)

    def stop(self) -> None:
        self._stopping = True
        self.wake()

    def wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    @property
    def is_held(self) -> bool:
        return bool(self._sandbox.store.setting(_HOLD))

    def hold(self) -> None:
        """From now on nothing leaves; what is under way arrives first."""
        with self._changed:
            self._sandbox.store.set_setting(_HOLD, "yes")
            self._changed.wait_for(lambda: not self._at_door)

    def release(self, *, order: str = "as_is", seed: int = 0, repeat: int = 1, delay: float = 0.0) -> int:
        """Let everything go in this order, each `repeat` times in all; how many deliveries that makes."""
        store = self._sandbox.store
        with self._changed:
            self._changed.wait_for(lambda: not self._at_door)
            with store.transaction():
                rows = store.execute("SELECT event, endpoint FROM deliveries WHERE state = 'pending' ORDER BY rank, id")
                bag = _ordered([row for row in rows for _ in range(repeat)], order, seed)
                store.execute("DELETE FROM deliveries WHERE state = 'pending'")
                for rank, row in enumerate(bag):
                    store.execute(
                        "INSERT INTO deliveries (rank, event, endpoint, due) VALUES (?, ?, ?, ?)",
                        rank, row["event"], row["endpoint"], time.time() + delay,
                    )  # fmt: skip
                store.set_setting(_HOLD, "")
            self._changed.notify_all()
        return len(bag)

    def counted(self) -> dict[str, Any]:
        """Whether deliveries are held, and how many wait or have arrived."""
        rows = self._execute("SELECT state, COUNT(*) AS number FROM deliveries GROUP BY state")
        numbers = {row["state"]: row["number"] for row in rows}
        return {
            "hold": self.is_held,
            "pending": numbers.get("pending", 0),
            "delivered": numbers.get("delivered", 0),
        }

    def deliveries(self) -> list[dict[str, Any]]:
        return [dict(row) for row in self._execute("SELECT * FROM deliveries ORDER BY id")]

    def wait_until_idle(self, seconds: float) -> bool:
        """Whether, within this time, everything that is due has been tried."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._at_door and self._next() is None, seconds)

    def _take(self) -> sqlite3.Row | None:
        """The next delivery, to be carried now; or None, after waiting for something to change."""
        with self._changed:
            row = self._next()
            if row is not None:
                self._at_door.add(row["endpoint"])
            elif not self._stopping:
                self._changed.wait(self._pause())
            return row

    def _next(self) -> sqlite3.Row | None:
        if self.is_held or self._stopping:
            return None
        rows = self._execute(
            "SELECT * FROM deliveries WHERE state = 'pending' AND due <= ?"
            " AND endpoint NOT IN (SELECT value FROM json_each(?)) ORDER BY rank, id LIMIT 1",
            time.time(), json.dumps(list(self._at_door)),
        )  # fmt: skip
        return rows[0] if rows else None

    def _pause(self) -> float | None:
        rows = self._execute(
            "SELECT MIN(due) AS next FROM deliveries WHERE state = 'pending'"
            " AND endpoint NOT IN (SELECT value FROM json_each(?))",
            json.dumps(list(self._at_door)),
        )
        if rows[0]["next"] is None or self.is_held:
            return None
        return max(0.01, float(rows[0]["next"]) - time.time())

    def _carry(self, row: sqlite3.Row) -> None:
        try:
            self._deliver(row)
        finally:
            with self._changed:
                self._at_door.discard(row["endpoint"])
                self._changed.notify_all()

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


def _ordered(bag: list[sqlite3.Row], order: str, seed: int) -> list[sqlite3.Row]:
    if order == "reversed":
        return bag[::-1]
    if order == "shuffled":
        random.Random(seed).shuffle(bag)  # noqa: S311  not a secret: the same seed, the same order
    return bag


def signature(body: bytes, secrets: list[str], now: int) -> str:
    """`t=…,v1=…`, with one `v1` for each secret that is valid now."""
    signed = f"{now}.".encode() + body
    proofs = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={now}", *(f"v1={proof}" for proof in proofs)])
