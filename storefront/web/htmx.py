"""The language of the pages: fragment or page, errors, filters, and the only place that knows htmx's headers."""

import datetime as dt
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from babel.dates import format_date
from flask import Flask, Response, current_app, g, make_response, redirect, render_template
from htmx_flask import request
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException
from werkzeug.local import LocalProxy

from config import Settings
from storefront.cards.brands import brand_name
from storefront.catalog.products import collections
from storefront.core.clock import local, now
from storefront.core.errors import NotFoundError, RateLimitedError, ShopError
from storefront.core.money import Money
from storefront.invoices.seller import imprint

_OWN_PAGES: Final = frozenset({400, 403, 404, 409, 413, 429, 500, 503})


def wants_fragment() -> bool:
    """Whether htmx asks for a part of a page; going back in history asks for the whole."""
    return bool(request.htmx) and not request.htmx.history_restore_request and not request.htmx.boosted


def render(fragment: str, *, page: str, status: int = 200, **context: Any) -> Response:
    """The same context as a fragment for htmx and as a whole page for a browser."""
    return _rendered(fragment if wants_fragment() else page, status, context)


def respond(fragment: str, *, then: str, status: int = 200, **context: Any) -> Response:
    """What a write answers: a fragment for htmx, for a browser the way to the page at `then`."""
    return _rendered(fragment, status, context) if wants_fragment() else redirect_to(then)


def retarget(response: Response, selector: str) -> Response:
    """Let htmx put this answer somewhere else than where it asked from, and leave the rest of the page as it is."""
    if wants_fragment():
        response.headers.update({"HX-Retarget": selector, "HX-Reswap": "outerHTML"})
    return response


def set_retry_after(response: Response, error: ShopError) -> Response:
    """Tell the browser too when to try again, where that is known."""
    if isinstance(error, RateLimitedError):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def push_url(url: str, fragment: str) -> Response:
    """A fragment that stands for a whole page: the browser shows, and remembers, that page's address."""
    return _response(fragment.lstrip(), HTTPStatus.OK, {"HX-Push-Url": url})


def redirect_to(url: str) -> Response:
    """Leave the page: a redirect for a browser, and for htmx what makes it load a whole page."""
    if not wants_fragment():
        return _response(redirect(url, HTTPStatus.SEE_OTHER))
    return _response("", HTTPStatus.NO_CONTENT, {"HX-Redirect": url})


def safe_path(url: str | None) -> str | None:
    """The path of a page of this shop, or none: what a stranger wrote into `next` leads nowhere else."""
    try:
        address = urlsplit(url or "")
    except ValueError:
        return None
    if (address.scheme or address.netloc) and address.netloc != request.host:
        return None
    path = urlunsplit(("", "", address.path, address.query, ""))
    # Browsers read "/\\" like "//", and drop what cannot be printed.
    is_ours = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_ours else None


def current_page() -> str | None:
    """The path of the page that the customer is looking at, or has just asked for."""
    if wants_fragment():
        return safe_path(request.htmx.current_url)
    return safe_path(request.full_path.rstrip("?") if request.method == "GET" else request.referrer)


def init_pages(app: Flask) -> None:
    """Teach Flask and Jinja the shop's pages."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.filters.update(money=_money, date=_date, time=_time, datetime=_datetime, brand=brand_name)
    app.context_processor(_common_context)
    app.after_request(_vary_by_htmx)
    app.register_error_handler(ShopError, _handle_refusal)
    app.register_error_handler(HTTPException, _handle_failure)


def _common_context() -> dict[str, Any]:
    settings: Settings = current_app.config["SETTINGS"]
    return {
        "shop_name": settings.shop_name,
        "imprint": settings.shop_name if is_server_error() else LocalProxy(imprint),
        "stripe_js_url": settings.stripe_js_url,
        "stripe_publishable_key": settings.stripe_publishable_key,
        # Asked for only where a page draws its masthead, and by no fragment.
        "collections": () if is_server_error() else LocalProxy(collections),
    }


def _rendered(template: str, status: int, context: dict[str, Any]) -> Response:
    return _response(render_template(template, **context).lstrip(), status)


def _response(*answer: Any) -> Response:
    response: Response = make_response(*answer)
    return response


def _vary_by_htmx(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.vary.add("HX-Request")
    return response


# What did not work


def _handle_refusal(error: ShopError) -> Response:
    # Whether it is missing or somebody else's: the page is the same.
    words = None if error.words == NotFoundError.words and not wants_fragment() else error.words
    return set_retry_after(_error_response(error.status, words), error)


def _handle_failure(error: HTTPException) -> Response | HTTPException:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if status < HTTPStatus.BAD_REQUEST:
        return error
    response = _error_response(status, None)
    response.headers.extend((name, value) for name, value in error.get_headers() if name in {"Allow", "Retry-After"})
    return response


def _error_response(status: int, words: str | None) -> Response:
    g.is_broken = status >= HTTPStatus.INTERNAL_SERVER_ERROR  # the database may be what broke
    if not wants_fragment():
        page = f"errors/{status}.html" if status in _OWN_PAGES else "errors/error.html"
        return _rendered(page, status, {"words": words})
    words = words or {HTTPStatus.NOT_FOUND: NotFoundError.words}.get(HTTPStatus(status), ShopError.words)
    response = _rendered("errors/_refused.html", status, {"words": words})
    response.headers.update({"HX-Retarget": "#refused", "HX-Reswap": "outerHTML"})
    return response


def is_server_error() -> bool:
    return bool(g.get("is_broken", False))


# Filters


def _money(amount: Money) -> str:
    return str(amount)


def _date(day: dt.date) -> str:
    """Tue 24 Nov; with the year when it is another one. A time is told as on the shop's own clock."""
    if isinstance(day, dt.datetime):
        day = local(day).date()
    pattern = "EEE d MMM" if day.year == local(now()).year else "EEE d MMM y"
    return format_date(day, pattern, locale="en")


def _time(moment: dt.datetime) -> str:
    return local(moment).strftime("%H:%M")


def _datetime(moment: dt.datetime) -> str:
    return f"{_date(moment)}, {_time(moment)}"
