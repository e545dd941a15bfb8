"""The bare programs: the least that does the same work, on the same server. Their speed is 100 %."""

import hashlib
import hmac
import http.client
import json
import os
import threading
from typing import Any

from flask import Flask, request
from flask.typing import ResponseReturnValue

SECRET = b"whsec_bare"
TABLE = "create table kept (id {key}, event text unique, payload text, state text)"

app = Flask("bare")
_own = threading.local()


@app.get("/")
def hello() -> str:
    return "hello"


@app.post("/webhook")
def webhook() -> ResponseReturnValue:
    """Signature, JSON, one durable commit."""
    body = request.get_data()
    told = dict(part.split("=", 1) for part in request.headers["Stripe-Signature"].split(","))
    right = hmac.new(SECRET, f"{told['t']}.".encode() + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(right, told["v1"]):
        return "", 400
    _write("insert into kept (event, payload, state) values (?, ?, 'done')", json.loads(body)["id"], body.decode())
    return "", 204


@app.post("/click")
def click() -> ResponseReturnValue:
    """Two durable commits around one call to an instant Stripe."""
    token = request.form["checkout_token"]
    _write("insert into kept (event, payload, state) values (?, '', 'sending')", token)
    answer = _stripe().post(f"amount=100&currency=eur&payment_method=pm_1&metadata[order_id]={token}")
    _write("update kept set payload = ?, state = 'paid' where event = ?", answer["id"], token)
    return "paid"


def _write(statement: str, *values: str) -> None:
    connection = _connection()
    if _on_postgres():
        connection.execute(statement.replace("?", "%s"), values)
        return
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(statement, values)
    connection.execute("COMMIT")


def _connection() -> Any:
    if not hasattr(_own, "connection"):
        _own.connection = connect(os.environ["BENCH_DATABASE"])
    return _own.connection


def connect(address: str) -> Any:
    """A connection that commits each statement durably."""
    if address.startswith("postgres"):
        import psycopg  # noqa: PLC0415

        return psycopg.connect(address, autocommit=True)
    from pysqlite3 import dbapi2 as sqlite  # noqa: PLC0415

    connection = sqlite.connect(address, isolation_level=None)
    for pragma in ("busy_timeout=15000", "journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def make_table(address: str) -> None:
    """The one table, made before two workers want it."""
    key = "bigint generated always as identity primary key" if address.startswith("postgres") else "integer primary key"
    connection = connect(address)
    connection.execute(TABLE.format(key=key))
    connection.close()


class _Stripe:
    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)

    def post(self, form: str) -> dict[str, Any]:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        self._connection.request("POST", "/v1/payment_intents", form, headers)
        answer: dict[str, Any] = json.loads(self._connection.getresponse().read())
        return answer


def _stripe() -> _Stripe:
    if not hasattr(_own, "stripe"):
        _own.stripe = _Stripe(int(os.environ["BENCH_STUB_PORT"]))
    stripe: _Stripe = _own.stripe
    return stripe


def _on_postgres() -> bool:
    return os.environ["BENCH_DATABASE"].startswith("postgres")
