"""What every request must pass and every answer carries: the cross-site rule, security headers, privacy of pages."""

import math
from collections.abc import Iterator
from itertools import chain
from typing import ClassVar, Final
from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, current_app, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

from config import STRIPE_JS, Settings
from storefront.core.errors import ShopError
from storefront.customers.login_sessions import MAX_AGE

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# Webhooks are signed; the API takes a bearer token and reads no cookie.
# Reports of blocked hosts are written by the browser itself, and say nothing that is believed.
CSP_REPORTS: Final = "/csp-reports"
_NO_BROWSER: Final = ("/webhooks/", "/api/", CSP_REPORTS)
# Remembers guests' things; kept apart from the session, which a guest does not have.
CART_COOKIE: Final = "cart"

_STRIPE_HOSTS: Final = {
    "script-src": "https://js.stripe.com https://*.js.stripe.com",
    "frame-src": "https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com https://link.com https://*.link.com",
    "connect-src": "https://api.stripe.com https://link.com https://*.link.com",
    "img-src": "https://*.stripe.com https://*.link.com",
    # A form may be answered with a redirect to the hosted page.
    "form-action": "https://checkout.stripe.com",
}


class CrossSiteError(ShopError):
    """A write that another site's page sent."""

    status: ClassVar[int] = 403


def init_security(app: Flask) -> None:
    """Refuse what other sites send, and put security headers on every answer."""
    settings: Settings = app.config["SETTINGS"]
    policy, permissions = content_security_policy(settings), permissions_policy(settings)
    # A session cookie is set when somebody signs in, and not again with every page.
    app.config.update(SESSION_REFRESH_EACH_REQUEST=False, PERMANENT_SESSION_LIFETIME=MAX_AGE)
    app.session_interface = QuietSessions()

    @app.before_request
    def refuse_other_sites() -> None:
        if not _is_same_site(request, settings.base_url):
            raise CrossSiteError(
                f"This form was sent from another address. The shop is at {settings.base_url}: "
                "please open the page there and try once more. Nothing was changed."
            )

    @app.before_request
    def refuse_what_cannot_be_written() -> None:
        # Postgres keeps no NUL, and no keyboard writes one.
        if "\0" in request.path or any("\0" in typed for typed in _typed(request)):
            abort(400)

    @app.after_request
    def put_headers(response: Response) -> Response:
        _secure(response, policy, permissions, https=settings.secure)
        _set_cache_control(response)
        return response


class QuietSessions(SecureCookieSessionInterface):
    """Flask's sessions, which say nothing of themselves to visitors that have none, and cost them nothing.

    Flask-Login looks into the session with every answer, which would mark each of them as varying by cookie.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if self.get_cookie_name(app) in request.cookies:
            return super().open_session(app, request)
        return self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if session.modified or self.get_cookie_name(app) in request.cookies:
            super().save_session(app, session, response)


def has_session() -> bool:
    """Whether this browser brought anything that tells it apart from others."""
    cookies = request.cookies
    return current_app.config["SESSION_COOKIE_NAME"] in cookies or CART_COOKIE in cookies


def content_security_policy(settings: Settings) -> str:
    """Ourselves and Stripe's hosts, or the sandbox's: nothing else runs, is framed or asked."""
    rules = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "frame-src": "'self'",
        "form-action": "'self'",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        # Every browser knows it, and reports at once. With `report-to` beside it some would wait a minute, and need https.
        "report-uri": CSP_REPORTS,
    }
    for rule, hosts in _payment_hosts(settings).items():
        rules[rule] += f" {hosts}"
    return "; ".join(f"{rule} {sources}" for rule, sources in rules.items())


def permissions_policy(settings: Settings) -> str:
    """Payment requests are left to all of Stripe's frames, which ask for it as the page does; the rest is nobody's."""
    frames = _payment_hosts(settings).get("frame-src", "")
    allowed = " ".join(["self", *(f'"{host}"' for host in frames.split())])
    return f"payment=({allowed}), camera=(), geolocation=(), microphone=()"


def _payment_hosts(settings: Settings) -> dict[str, str]:
    address = urlsplit(settings.stripe_js_url)
    origin = f"{address.scheme}://{address.netloc}"
    if origin == settings.base_url:
        return {}
    if origin == "{0.scheme}://{0.netloc}".format(urlsplit(STRIPE_JS)):
        return _STRIPE_HOSTS
    return dict.fromkeys(_STRIPE_HOSTS, origin)


def _is_same_site(request: Request, base_url: str) -> bool:
    if request.method in _READING or request.path.startswith(_NO_BROWSER):
        return True
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    # Older browsers send an Origin alone; what sends neither is no browser and has no cookies to abuse.
    origin = request.headers.get("Origin")
    return origin is None or origin == base_url


def _typed(request: Request) -> Iterator[str]:
    if request.path.startswith(_NO_BROWSER):
        return iter(())
    if request.method in _READING:
        return iter(request.args.values())
    body = request.get_data()  # kept: reading the form alone would use the body up for whoever hands it on
    # Of a body that does not say how long it is, only so much is read: what is cut off was not sent to be cut off.
    if request.content_length is None and len(body) >= (request.max_content_length or math.inf):
        abort(413)
    return chain(request.args.values(), request.form.values())


def _secure(response: Response, policy: str, permissions: str, *, https: bool) -> None:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", policy)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", permissions)
    if https:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")


def _set_cache_control(response: Response) -> None:
    """Whatever does not say how it may be kept is kept by nobody; a page drawn for somebody is never public."""
    is_page = response.mimetype == "text/html"
    if "Cache-Control" not in response.headers or (is_page and response.cache_control.public and has_session()):
        response.headers["Cache-Control"] = "private, no-store"
    if is_page and response.cache_control.public:
        # Else the browser shows its visitor's copy to somebody who has just signed in.
        response.vary.add("Cookie")
