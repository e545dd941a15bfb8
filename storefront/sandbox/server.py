"""The sandbox as a WSGI application, and a small threaded server for it."""

import importlib.util
import logging
import tempfile
import time
from http import HTTPStatus
from pathlib import Path

import click
from flask import Flask, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from storefront.sandbox.api import api
from storefront.sandbox.control import control
from storefront.sandbox.errors import StripeError
from storefront.sandbox.sandbox import Sandbox

_PAGES = "storefront.sandbox.browser.pages"


def create_sandbox(
    state_path: Path | None, *, public_url: str, clock_file: Path | None = None, settle_seconds: float = 1.0,
    takes_card_numbers: bool = False,
) -> Flask:  # fmt: skip
    """A running sandbox; without a state path it forgets everything when it stops."""
    path = state_path or Path(tempfile.mkdtemp(prefix="sandbox-")) / "sandbox.sqlite"
    app = Flask(__name__, static_folder=None)
    sandbox = Sandbox(
        path,
        public_url=public_url,
        clock_file=clock_file,
        settle_seconds=settle_seconds,
        takes_card_numbers=takes_card_numbers,
    )
    app.extensions["sandbox"] = sandbox
    app.register_blueprint(api)
    app.register_blueprint(control)
    _register_pages(app)
    app.add_url_rule("/sandbox/challenges/<intent_id>", view_func=answer_challenge, methods=["POST"])
    app.add_url_rule("/healthz", view_func=lambda: "ok")
    app.register_error_handler(StripeError, _answer_error)
    sandbox.start()
    return app


def answer_challenge(intent_id: str) -> ResponseReturnValue:
    """The customer's answer to the bank: `outcome=passed|failed`."""
    outcome = request.form.get("outcome") or (request.get_json(silent=True) or {}).get("outcome")
    if outcome not in {"passed", "failed"}:
        raise StripeError(400, "Invalid outcome: must be one of passed or failed", param="outcome")
    sandbox: Sandbox = _sandbox()
    return jsonify(sandbox.answer_challenge(intent_id, outcome == "passed"))


def serve(app: Flask, host: str, port: int) -> None:
    """Serve until interrupted, and say where."""
    server = bound(app, host, port)
    click.echo(f"Sandbox: http://{host}:{server.server_port}")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
        app.extensions["sandbox"].stop()


def bound(app: Flask, host: str, port: int) -> BaseWSGIServer:
    """A threaded server on this address; port 0 takes any that is free."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server(host, port, app, threaded=True, request_handler=_handler_for(app))
    sandbox: Sandbox = app.extensions["sandbox"]
    if sandbox.public_url.endswith(":0"):
        sandbox.public_url = f"http://{host}:{server.server_port}"
    return server


def _register_pages(app: Flask) -> None:
    """The browser's part: a stand-in for Stripe.js, the card frame, the bank's page, the hosted page."""
    if importlib.util.find_spec("storefront.sandbox.browser") and importlib.util.find_spec(_PAGES):
        from storefront.sandbox.browser.hosted_page import hosted  # noqa: PLC0415
        from storefront.sandbox.browser.pages import pages  # noqa: PLC0415

        app.register_blueprint(pages)
        app.register_blueprint(hosted)


def _answer_error(error: StripeError) -> ResponseReturnValue:
    return jsonify(error.body), HTTPStatus(error.status)


def _sandbox() -> Sandbox:
    sandbox: Sandbox = current_app.extensions["sandbox"]
    return sandbox


def _handler_for(app: Flask) -> type[WSGIRequestHandler]:
    """Werkzeug's, whose Date header can be set wrong: see control's /date."""

    class Handler(WSGIRequestHandler):
        def date_time_string(self, timestamp: float | None = None) -> str:
            off: int = app.extensions["sandbox"].date_off
            return super().date_time_string((time.time() if timestamp is None else timestamp) + off)

    return Handler
