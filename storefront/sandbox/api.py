"""From an HTTP request under `/v1` to Stripe's answer."""

import json
import logging
import socket
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Request, Response, current_app, request

from storefront.sandbox import (
    endpoints,  # noqa: F401  registers them
    routing,
)
from storefront.sandbox.call import API_VERSION, Call
from storefront.sandbox.callers import api_key, check_account, check_body, is_browser_key, version_of
from storefront.sandbox.errors import DeclinedError, Document, StripeError
from storefront.sandbox.events import snapshot
from storefront.sandbox.expand import expanded
from storefront.sandbox.faults import Fault, FaultKind
from storefront.sandbox.idempotency import Answer, conflict, fingerprint
from storefront.sandbox.ids import new_id
from storefront.sandbox.parameters import checked, nested
from storefront.sandbox.routing import Endpoint
from storefront.sandbox.sandbox import Sandbox

api = Blueprint("api", __name__)
_log = logging.getLogger(__name__)
_LOG_LENGTH = 10_000
_CARD = "PaymentMethodCreateParams:PaymentMethodCreateParamsCard"
_CORS = {
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Allow-Methods": "GET,HEAD,PUT,PATCH,POST,DELETE",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Request-Id, Stripe-Manage-Version, Stripe-Should-Retry,"
    " X-Stripe-External-Auth-Required, X-Stripe-Privileged-Session-Required",
    "Access-Control-Max-Age": "300",
}
_PREFLIGHT = _CORS | {"Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, Stripe-Version"}
# Whether the SDK shall ask again: told where Stripe knows; of 429 and 5xx the SDK has rules of its own.
_FINAL = frozenset({400, 401, 402, 403, 404})


@dataclass
class Asked:
    """What the request's head says: who, in which version, with which key; and the faults that strike it."""

    request_id: str
    version: str
    key: str | None
    is_browser: bool
    faults: list[Fault]

    def struck_by(self, kind: FaultKind) -> Fault | None:
        return next((fault for fault in self.faults if fault.kind is kind), None)


@api.route("/v1/<path:rest>", methods=["GET", "POST", "DELETE", "PUT", "PATCH"], provide_automatic_options=False)
def answer_api(rest: str) -> Response:  # noqa: ARG001
    sandbox: Sandbox = current_app.extensions["sandbox"]
    began = time.perf_counter()
    request_id = new_id("req")
    try:
        asked = _asked(request, sandbox, request_id)
    except StripeError as error:
        return _response(Answer(error.status, error.body), request_id, API_VERSION)
    params: Document = {}
    try:
        answer = _answer(sandbox, asked, params)
    except StripeError as error:
        answer = Answer(error.status, error.body)
    _note(sandbox, asked, params, answer, time.perf_counter() - began)
    sandbox.wake()
    _delay_or_cut(asked)
    return _response(answer, request_id, asked.version, asked.key)


@api.route("/v1/<path:rest>", methods=["OPTIONS"])
def allow_origins(rest: str) -> Response:  # noqa: ARG001
    return Response(status=204, headers=_PREFLIGHT)


def _answer(sandbox: Sandbox, asked: Asked, params: Document) -> Answer:
    """`params` is filled for the log, whatever comes of it."""
    if fault := asked.struck_by(FaultKind.RATE_LIMIT):
        message = "Request rate limit exceeded."
        raise StripeError(429, message, code=fault.code or "rate_limit")
    raw = _raw_parameters(request, asked)
    params.update(raw)
    matched, values = routing.match(request.method, request.path)
    if asked.is_browser and not matched.for_browsers:
        message = (
            "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list"
            " of your API keys at https://dashboard.stripe.com/account/apikeys."
        )
        raise StripeError(403, message, code="secret_key_required")
    call = Call(
        sandbox, _checked(raw, matched, asked), asked.version, asked.request_id, asked.key, asked.is_browser,
        request.path,
    )  # fmt: skip
    with sandbox.keys.using(asked.key):
        print_ = fingerprint(request.method, request.path, raw)
        _strike_before(sandbox, asked, print_)
        return _once(call, asked, print_, matched, values)


def _once(call: Call, asked: Asked, print_: str, matched: Endpoint, values: dict[str, Any]) -> Answer:
    """One transaction: the effect, its events, and the answer kept for the key."""
    store, keys = call.store, call.sandbox.keys
    with store.transaction():
        replayed = keys.replay(asked.key, print_, call.now)
        if replayed is not None:
            return replayed
        answer = _execute(call, matched, values)
        fault = asked.struck_by(FaultKind.ERROR_AFTER)
        kept = answer if fault is None or fault.remembered is False else _broken()
        keys.remember(asked.key, print_, kept, call.now, asked.request_id)
        return answer if fault is None else _broken()


def _execute(call: Call, matched: Endpoint, values: dict[str, Any]) -> Answer:
    try:
        with call.store.transaction():
            try:
                document = snapshot(routing.run(matched, call, values))
                return Answer(200, expanded(call.store, document, call.params.get("expand", [])))
            except DeclinedError as decline:
                return Answer(decline.status, decline.body)
    except StripeError as error:
        if not error.remembered:
            raise
        return Answer(error.status, error.body)


def _strike_before(sandbox: Sandbox, asked: Asked, print_: str) -> None:
    if fault := asked.struck_by(FaultKind.CONFLICT):
        raise conflict(asked.key or "", fault.code or "idempotency_key_in_use")
    _refuse(asked)
    if fault := asked.struck_by(FaultKind.DELAY):
        time.sleep(fault.seconds)
    if asked.struck_by(FaultKind.CUT_BEFORE):
        raise StripeError(499, "The connection was cut before anything was done.")
    if fault := asked.struck_by(FaultKind.ERROR_BEFORE):
        broken = _broken()
        if fault.remembered:
            with sandbox.store.transaction():
                sandbox.keys.remember(asked.key, print_, broken, sandbox.clock.now(), asked.request_id)
        raise StripeError(500, broken.body["error"]["message"], kind="api_error")


def _refuse(asked: Asked) -> None:
    if fault := asked.struck_by(FaultKind.REFUSE):
        message = "Refused, as a test wished."
        raise StripeError(400, message, code=fault.code or "payment_intent_unexpected_state")
    if fault := asked.struck_by(FaultKind.DECLINE):
        raise DeclinedError("Your card was declined.", code=fault.code or "card_declined")
    if asked.struck_by(FaultKind.FORBID):
        raise StripeError(403, "The provided key does not have the required permissions for this endpoint.")


def _broken() -> Answer:
    message = "An unknown error occurred. Please contact support@stripe.com if it goes on."
    return Answer(500, StripeError(500, message, kind="api_error").body)


def _delay_or_cut(asked: Asked) -> None:
    if fault := asked.struck_by(FaultKind.DELAY_AFTER):
        time.sleep(fault.seconds)
    if asked.struck_by(FaultKind.CUT_BEFORE) or asked.struck_by(FaultKind.CUT_AFTER):
        # Werkzeug's server hands its socket over; without it the answer's bytes would still arrive.
        request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)


@api.errorhandler(Exception)
def answer_failure(error: Exception) -> Response:
    """A fault of the sandbox's own: Stripe's kind of 500, and the truth in the log."""
    _log.error("%s %s failed", request.method, request.path, exc_info=error)
    return _response(_broken(), new_id("req"), API_VERSION)


def _asked(http: Request, sandbox: Sandbox, request_id: str) -> Asked:
    key = api_key(http)
    is_browser = is_browser_key(key)
    version = version_of(http, is_browser=is_browser)
    check_account(http, key, sandbox.account_id)
    faults = sandbox.faults.striking(http.method, http.path)
    idempotency_key = http.headers.get("Idempotency-Key") if http.method == "POST" else None
    return Asked(request_id, version, idempotency_key, is_browser, faults)


def _raw_parameters(http: Request, asked: Asked) -> Document:
    check_body(http)
    sent = http.form if http.method == "POST" else http.args
    pairs = [(name, value) for name, values in sent.lists() for value in values]
    if asked.is_browser:
        pairs = [(name, value) for name, value in pairs if name not in {"key", "_stripe_version"}]
    return nested(pairs)


def _checked(raw: Document, matched: Endpoint, asked: Asked) -> Document:
    """A browser may send a card within `payment_method_data`, which no SDK type has."""
    if matched.modernized is not None:
        raw = matched.modernized(raw, asked.version)
    data = raw.get("payment_method_data")
    if not asked.is_browser or not isinstance(data, dict) or not isinstance(data.get("card"), dict):
        return checked(raw, matched.parameters, matched.extras)
    without = {
        **raw,
        "payment_method_data": {name: value for name, value in data.items() if name not in {"card", "type"}},
    }
    without["payment_method_data"]["type"] = "link"  # the SDK's list of types has no card either
    params = checked(without, matched.parameters, matched.extras)
    params["payment_method_data"] |= {"type": data.get("type"), "card": checked(data["card"], _CARD)}
    return params


def _note(sandbox: Sandbox, asked: Asked, params: Document, answer: Answer, seconds: float) -> None:
    error = answer.body.get("error", {})
    line = {
        "id": asked.request_id, "method": request.method, "path": request.path, "params": _masked(params),
        "idempotency_key": asked.key, "status": answer.status, "replayed": answer.replayed, "version": asked.version,
        "browser": asked.is_browser, "error_code": error.get("code"), "at": sandbox.clock.now(), "moment": time.time(),
        "milliseconds": round(1000 * seconds, 1), "faults": [fault.kind for fault in asked.faults],
        "object": answer.body.get("id") or error.get("payment_intent", {}).get("id"),
    }  # fmt: skip
    with sandbox.store.transaction():
        sandbox.store.execute("INSERT INTO requests (body) VALUES (?)", json.dumps(line))
        sandbox.store.execute("DELETE FROM requests WHERE id <= (SELECT MAX(id) FROM requests) - ?", _LOG_LENGTH)
    if answer.status >= 400 and answer.status != 402:
        _log.info("%s %s: %s %s", request.method, request.path, answer.status, error.get("message"))


def _masked(params: Document) -> Document:
    """The log holds no card number."""
    return {
        name: _masked(value) if isinstance(value, dict) else "…" if name in {"number", "cvc"} else value
        for name, value in params.items()
    }


def _response(answer: Answer, request_id: str, version: str, key: str | None = None) -> Response:
    headers = {**_CORS, "Request-Id": request_id, "Stripe-Version": version or API_VERSION,
               "Cache-Control": "no-cache, no-store"}  # fmt: skip
    if key is not None:
        headers |= {"Idempotency-Key": key, "Original-Request": answer.request_id or request_id}
    if answer.replayed:
        headers["Idempotent-Replayed"] = "true"
    if answer.status in _FINAL or answer.status == HTTPStatus.CONFLICT:
        headers["Stripe-Should-Retry"] = "false" if answer.status in _FINAL else "true"
    if answer.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Basic realm="Stripe"'
    return Response(json.dumps(answer.body), answer.status, headers, mimetype="application/json")
