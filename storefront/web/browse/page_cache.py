"""How long an answer lives: visitors share theirs, and ask again only whether the catalogue has changed."""

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from flask import Response, current_app, g, make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import Headers

from config import Settings
from storefront.catalog.version import catalogue_version
from storefront.extensions import compress
from storefront.web.browse.cache import page_cache
from storefront.web.htmx import wants_fragment
from storefront.web.query import CHOICE, FILTERS
from storefront.web.security import has_session

_TOLD = ("page", "q", "variant", *CHOICE, *FILTERS)
T = TypeVar("T")
_LOOKS = ("*.html", "*.css", "*.js", "*.svg", "*.py")

View = Callable[..., ResponseReturnValue]
_Key = tuple[str | bool, ...]


def cached(view: View) -> View:
    """A page of the catalogue: kept and shared for visitors, private for whoever has a session."""

    @functools.wraps(view)
    def answer(**place: Any) -> ResponseReturnValue:
        if has_session():
            return _privately(make_response(view(**place)))
        tag = f"{version()}-{'f' if wants_fragment() else 'p'}"
        if _has_already(tag):
            return Response(status=304, headers=_public_headers(tag))
        how = _choose_encoding()
        body, headers = page_cache(version(), (how, *_key()), lambda: _drawn(view, place, tag))
        return Response(body, headers=headers)

    return answer


def _choose_encoding() -> str:
    """The encoding that this browser gets, one of four, however it says what it takes; Flask-Compress is told that one alone.

    The header itself has as many spellings as there are programs: kept by it, one page would fill the cache.
    """
    taken = request.accept_encodings
    offered = current_app.config["COMPRESS_ALGORITHM"]
    best = max(offered, key=lambda name: (taken.quality(name), -offered.index(name)))
    chosen = best if taken.quality(best) > 0 else "identity"
    request.environ["HTTP_ACCEPT_ENCODING"] = chosen
    return str(chosen)


def _has_already(tag: str) -> bool:
    # What compresses our answer on its way adds its name to the tag, or makes it weak.
    return any(known.partition(":")[0] == tag for known in request.if_none_match.as_set(include_weak=True))


def version() -> str:
    """What pages of now are drawn from: the catalogue, the settings and our own templates."""
    if "browse_version" not in g:
        g.browse_version = f"{catalogue_version()}-{_look()}"
    told: str = g.browse_version
    return told


def cached_part(name: str, make: Callable[[], T]) -> T:
    """A part of this page that is the same for everybody, kept as long as the catalogue is the same."""
    return page_cache(version(), (name, *_key()), make)


def cached_shared_part(name: str, make: Callable[[], T]) -> T:
    """A part that is the same on every page."""
    return page_cache(version(), name, make)


def _key() -> _Key:
    # Only what our pages listen to: else any tail of an address would be a page of its own.
    return (request.path, wants_fragment(), *("\n".join(request.args.getlist(name)) for name in _TOLD))


def _drawn(view: View, place: dict[str, Any], tag: str) -> tuple[bytes, Headers]:
    response = compress.after_request(make_response(view(**place)))  # once, not for every visitor
    headers = Headers([(name, value) for name, value in response.headers if name != "Content-Length"])
    headers.update(_public_headers(tag))
    return response.get_data(), headers


def _public_headers(tag: str) -> dict[str, str]:
    # Weak: the same page, however it was compressed.
    return {
        "ETag": f'W/"{tag}"',
        "Cache-Control": "public, max-age=60",
        "Vary": "Cookie, HX-Request, Accept-Encoding",
    }


def _privately(response: Response) -> Response:
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _look() -> str:
    settings: Settings = current_app.config["SETTINGS"]
    told = (settings.shop_name, settings.currency, settings.base_url, _templates(current_app.root_path))
    return hashlib.sha256(" ".join(told).encode()).hexdigest()[:12]


@functools.cache
def _templates(root: str) -> str:
    # By content, so that two machines and two workers with the same shop give the same tag.
    digest = hashlib.sha256()
    for pattern in _LOOKS:
        for path in sorted(Path(root).glob(f"**/{pattern}")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
