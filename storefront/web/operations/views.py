"""GET /healthz, /readyz and /metrics."""

import hmac
import ipaddress

from flask import Blueprint, Response, abort, current_app, request

from storefront.web.operations import metrics as measures
from storefront.web.operations import readiness
from storefront.web.operations.csp_reports import take_reports
from storefront.web.security import CSP_REPORTS

operations = Blueprint("operations", __name__)


@operations.get("/healthz")
def healthz() -> Response:
    """The process answers; nothing else is asked, so that a slow database does not get it killed."""
    return _text("ok\n")


@operations.get("/readyz")
def readyz() -> Response:
    """Whether customers should be sent here: 200, or 503 and what is missing, a line each."""
    missing = readiness.what_is_missing()
    return _text("".join(f"{line}\n" for line in missing) or "ready\n", 503 if missing else 200)


@operations.post(CSP_REPORTS)
def csp_reports() -> Response:
    """Browsers report here what the Content-Security-Policy blocked."""
    return take_reports()


@operations.get("/metrics")
def metrics() -> Response:
    """Numbers for Prometheus: from this machine, or with METRICS_TOKEN as bearer token."""
    if not (_has_token() or _is_near()):
        abort(404)
    return Response(measures.to_prometheus(measures.metrics()), content_type="text/plain; version=0.0.4; charset=utf-8")


def _has_token() -> bool:
    token: str = current_app.config["SETTINGS"].metrics_token
    given = request.headers.get("Authorization", "")
    return bool(token) and hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


def _is_near() -> bool:
    # Behind a proxy on this machine everybody seems near; the proxy says that it stands between.
    between = {"X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "Via", "X-Real-Ip"}
    if any(header in request.headers for header in between):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _text(words: str, status: int = 200) -> Response:
    return Response(words, status, mimetype="text/plain", headers={"Cache-Control": "no-store"})
