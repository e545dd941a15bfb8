"""Pictures and small files: found by name, kept long."""

from flask import Response, current_app, send_from_directory
from flask.typing import ResponseReturnValue

from storefront.catalog.media import media_folder
from storefront.core.errors import NotFoundError

_TYPES = {".webp": "image/webp", ".svg": "image/svg+xml"}
_YEAR = 31_536_000
_DAY = 86_400
# Somebody else's drawing may hold a script: opened by itself it runs nothing and is nobody.
_SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
_PRIVATE = ("/account", "/api/", "/auth/", "/cart", "/checkout", "/console", "/downloads/", "/orders/", "/search")


def media(name: str) -> ResponseReturnValue:
    """A picture out of the media folder; its name says what is in it, so it never changes."""
    path = media_folder() / name
    if path.suffix not in _TYPES or any(part.startswith(".") for part in path.parts if part not in {".", ".."}):
        raise NotFoundError
    response = send_from_directory(media_folder(), name, mimetype=_TYPES[path.suffix], max_age=_YEAR)
    response.cache_control.immutable = True
    response.headers["Content-Security-Policy"] = _SANDBOX
    return response


def favicon() -> ResponseReturnValue:
    """The pebble, for those who ask where browsers always asked."""
    return send_from_directory(str(current_app.static_folder), "mark.svg", mimetype="image/svg+xml", max_age=_DAY)


def robots() -> ResponseReturnValue:
    """What search engines need not read."""
    rules = ["User-agent: *", *(f"Disallow: {path}" for path in _PRIVATE)]
    response = Response("\n".join(rules) + "\n", mimetype="text/plain")
    response.headers["Cache-Control"] = f"public, max-age={_DAY}"
    return response
