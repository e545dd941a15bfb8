"""Idempotency keys: the first answer is every answer, for a day."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from storefront.sandbox.errors import Document, StripeError
from storefront.sandbox.store import Store

_LIFE_SECONDS = 24 * 3600
_LONGEST_KEY = 255


@dataclass(frozen=True)
class Answer:
    """What a request got, and whether another request with its key, `request_id`, got it before."""

    status: int
    body: Document
    replayed: bool = False
    request_id: str | None = None


def fingerprint(method: str, path: str, params: Document) -> str:
    text = json.dumps([method, path, params], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


class IdempotencyKeys:
    """Keys in use are known to this process; answers are kept in the state file, with their effects."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._in_use: set[str] = set()
        self._lock = threading.Lock()

    @contextmanager
    def using(self, key: str | None) -> Iterator[None]:
        """For the time of one request; a second one with the same key gets 409."""
        if key is None:
            yield
            return
        if len(key) > _LONGEST_KEY:
            message = f"Idempotency keys can be at most {_LONGEST_KEY} characters long."
            raise StripeError(400, message, kind="idempotency_error")
        with self._lock:
            if key in self._in_use:
                raise conflict(key)
            self._in_use.add(key)
        try:
            yield
        finally:
            with self._lock:
                self._in_use.discard(key)

    def replay(self, key: str | None, print_: str, now: int) -> Answer | None:
        """The first answer to this key, or 400 if it was for another request."""
        if key is None:
            return None
        self._store.execute("DELETE FROM idempotency WHERE created <= ?", now - _LIFE_SECONDS)
        rows = self._store.execute("SELECT fingerprint, status, body, request FROM idempotency WHERE key = ?", key)
        if not rows:
            return None
        if rows[0]["fingerprint"] != print_:
            message = (
                "Keys for idempotent requests can only be used with the same parameters they were first used with. Try"
                f" using a key other than '{key}' if you meant to execute a different request."
            )
            raise StripeError(400, message, kind="idempotency_error")
        return Answer(rows[0]["status"], json.loads(rows[0]["body"]), replayed=True, request_id=rows[0]["request"])

    def remember(self, key: str | None, print_: str, answer: Answer, now: int, request_id: str) -> None:
        if key is not None:
            self._store.execute(
                "INSERT INTO idempotency (key, fingerprint, status, body, created, request) VALUES (?, ?, ?, ?, ?, ?)",
                key, print_, answer.status, json.dumps(answer.body), now, request_id,
            )  # fmt: skip


def conflict(key: str, code: str = "idempotency_key_in_use") -> StripeError:
    message = (
        "There is currently another in-progress request using this Idempotent Key (that probably means you submitted"
        f" twice, and the other request is still going through): {key}. Please try again later."
    )
    return StripeError(409, message, code=code)
