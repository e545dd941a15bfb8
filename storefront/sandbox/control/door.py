"""The door of the control API: loopback only, and only with a test key."""

import ipaddress
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from storefront.sandbox import events
from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, StripeError
from storefront.sandbox.sandbox import Sandbox

control = Blueprint("control", __name__, url_prefix="/control")


@control.before_request
def only_tests_from_here() -> None:
    """A proxy in front speaks for somebody else, so what it forwards is refused too."""
    address = ipaddress.ip_address(request.remote_addr or "0.0.0.0")  # noqa: S104
    key = request.authorization.token if request.authorization else None
    if not address.is_loopback or "X-Forwarded-For" in request.headers or not (key or "").startswith("sk_test_"):
        abort(HTTPStatus.FORBIDDEN)


@control.errorhandler(StripeError)
def answer_error(error: StripeError) -> ResponseReturnValue:
    return jsonify(error.body), error.status


def sandbox_here() -> Sandbox:
    """The sandbox that is asked."""
    sandbox: Sandbox = current_app.extensions["sandbox"]
    return sandbox


def sent() -> dict[str, Any]:
    """What the request tells; empty where it tells nothing that can be read."""
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}


def happens(act: Callable[[Call], Document]) -> Response:
    """Let something happen at Stripe, as one change, and show what it happened to."""
    sandbox = sandbox_here()
    with sandbox.store.transaction():
        shown = events.snapshot(act(Call(sandbox)))
    sandbox.wake()
    return jsonify(shown)
