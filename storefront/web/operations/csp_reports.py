"""What browsers report of hosts that the Content-Security-Policy blocked: counted, and told where it is one of Stripe's.

Anybody can post here. So nothing but a directive and a host of a known list is kept, a row for each, and never what a page was.
"""

import json
from typing import Any, Final
from urllib.parse import urlsplit

from flask import Response, current_app, request
from sqlalchemy import select

from config import Settings
from storefront.core.alerts import alert_owner
from storefront.core.clock import now
from storefront.core.database import current_session, transaction, upsert
from storefront.core.errors import RateLimitedError
from storefront.core.rate_limits import throttle
from storefront.web.operations.models import BlockedHost

LARGEST: Final = 16 * 1024
MAX_REPORTS: Final = "600 per hour"
MAX_IN_ONE: Final = 20
OTHER: Final = "other"
# Hosts that Stripe's own pages and scripts come from: https://docs.stripe.com/security/guide#content-security-policy, and its captcha.
_STRIPES: Final = ("stripe.com", "stripe.network", "stripecdn.com", "link.com", "hcaptcha.com")
_DIRECTIVES: Final = frozenset(
    {"script-src", "script-src-elem", "frame-src", "connect-src", "img-src", "style-src", "style-src-elem", "style-src-attr",
     "font-src", "form-action", "media-src", "worker-src"}
)  # fmt: skip


def take_reports() -> Response:
    """Count what was blocked; always 204, for no browser does anything with another answer."""
    request.max_content_length = LARGEST
    done = Response(status=204)
    try:
        told = json.loads(request.get_data())
    except (ValueError, RecursionError):
        return done
    blocked = {one for report in _reports(told)[:MAX_IN_ONE] if (one := _read(report))}
    if not blocked:
        return done
    try:
        throttle("csp-reports", limit=MAX_REPORTS)
    except RateLimitedError:
        return done
    with transaction():
        for directive, host in sorted(blocked):
            _count(directive, host)
    return done


def blocked_hosts() -> list[BlockedHost]:
    """All of them, for the metrics."""
    return list(current_session().scalars(select(BlockedHost).order_by(BlockedHost.id)))


def _reports(told: Any) -> list[Any]:
    """The older form is an object with one report, the newer one a list: https://www.w3.org/TR/CSP3/#reporting."""
    if isinstance(told, dict):
        return [told.get("csp-report")]
    return [one.get("body") for one in told if isinstance(one, dict)] if isinstance(told, list) else []


def _read(report: Any) -> tuple[str, str] | None:
    if not isinstance(report, dict):
        return None
    directive = (
        report.get("effective-directive") or report.get("effectiveDirective") or report.get("violated-directive")
    )
    url = report.get("blocked-uri") or report.get("blockedURL")
    if not isinstance(directive, str) or not isinstance(url, str):
        return None
    name = directive.split(" ", 1)[0]
    return (name, _host(url)) if name in _DIRECTIVES else None


def _host(url: str) -> str:
    """One of Stripe's hosts, or of the sandbox's; anything else is an extension of the browser's, or an attack: "other"."""
    settings: Settings = current_app.config["SETTINGS"]
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return OTHER
    # A wildcard's hosts are without number: three labels tell enough.
    is_stripes = any(host == one or host.endswith(f".{one}") for one in _STRIPES)
    is_ours = host == urlsplit(settings.stripe_js_url).hostname
    return ".".join(host.split(".")[-3:])[:100] if is_stripes or is_ours else OTHER


def _count(directive: str, host: str) -> None:
    row = upsert(BlockedHost).values(directive=directive, host=host, reports=1, first_at=now(), last_at=now())
    counted = row.on_conflict_do_update(
        index_elements=["directive", "host"], set_={"reports": BlockedHost.reports + 1, "last_at": now()}
    )
    current_session().execute(counted)
    if host != OTHER:
        alert_owner(
            f"csp:{directive}:{host}",
            f"Customers’ browsers block {host}",
            f"The shop's Content-Security-Policy ({directive}) does not allow a host that Stripe uses now. Paying with a new card "
            "or confirming with the bank may fail for some customers.",
            "Update the shop. If it is the newest version, please report this to its maintainers; a proxy that adds a policy of its "
            "own can be the cause too.",
        )
