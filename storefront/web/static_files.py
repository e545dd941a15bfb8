"""The shop's own styles, scripts, letters and pictures: kept by browsers for good, and changed all at once.

One version stands in front of every path (`/static/<version>/css/page.css`). It tells the content of all of them, so
modules that import each other and styles that name a font, which do so by relative paths, stay within one version.
"""

import functools
import gzip
import hashlib
import mimetypes
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import brotli
from flask import Flask, Response
from werkzeug.http import parse_accept_header

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_IMMUTABLE: Final = "public, max-age=31536000, immutable"
_VERSION: Final = re.compile(r"[0-9a-f]{12}/")
_TEXT: Final = (".css", ".js", ".svg", ".txt")
# Stripe's frame for the card is of another origin, and wears our letters.
_OFFERED_TO_OTHERS: Final = "fonts/"
# A picture opened by itself runs nothing.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def init_static_files(app: Flask) -> None:
    """Serve the static folder as it is now, under one version.

    Under another version, or none, a file is answered too, but has to be asked about each time: pages of before an
    update, or of another process during one, still find their styles.
    """

    def as_it_is(filename: str) -> Response:
        name = _VERSION.sub("", filename, count=1) if _VERSION.match(filename) else filename
        response = app.send_static_file(name)
        if name.startswith(_OFFERED_TO_OTHERS):
            response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    app.view_functions["static"] = as_it_is
    if app.debug:
        return  # whoever works on the styles wants to see them
    version, files = _read(Path(str(app.static_folder)))
    prefix = f"{app.static_url_path}/{version}/"
    https = app.config["SESSION_COOKIE_SECURE"]
    app.wsgi_app = StaticFiles(app.wsgi_app, prefix, files, https=https)  # type: ignore[method-assign]

    @app.url_defaults
    def name_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values["filename"] = f"{version}/{values['filename']}"

    def url_for(endpoint: str, **values: Any) -> str:
        # The same for templates, where a page names forty files and the router takes ten times as long.
        if endpoint == "static" and values.keys() == {"filename"}:
            return prefix + quote(values["filename"])
        return app.url_for(endpoint, **values)

    app.jinja_env.globals["url_for"] = url_for


class StaticFiles:
    """Answers out of memory before the shop is asked: a first visit brings more requests for files than for pages.

    WhiteNoise would want compressed copies on disk, which nobody makes before `gunicorn wsgi:app`, and which are
    wrong when a file has changed since.
    """

    def __init__(self, app: "WSGIApplication", prefix: str, files: dict[str, bytes], *, https: bool = False) -> None:
        self._app = app
        self._always = [("Referrer-Policy", "same-origin")]
        if https:
            self._always.append(("Strict-Transport-Security", "max-age=31536000"))
        self._prefix = prefix
        self._files = files
        self._drawn: dict[tuple[str, str], tuple[bytes, list[tuple[str, str]]]] = {}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        name = path.removeprefix(self._prefix)
        if name == path or name not in self._files or environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return self._app(environ, start_response)
        body, headers = self._answer(name, _coding(environ.get("HTTP_ACCEPT_ENCODING", "")))
        start_response("200 OK", headers)
        return [body] if environ["REQUEST_METHOD"] == "GET" else []

    def _answer(self, name: str, coding: str) -> tuple[bytes, list[tuple[str, str]]]:
        if not name.endswith(_TEXT):
            coding = "identity"
        if (name, coding) not in self._drawn:
            body = _coded(self._files[name], coding)
            self._drawn[name, coding] = (body, _headers(name, coding, len(body)) + self._always)
        return self._drawn[name, coding]


def _headers(name: str, coding: str, length: int) -> list[tuple[str, str]]:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    headers = {
        "Content-Type": f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
        "Content-Length": str(length),
        "Cache-Control": _IMMUTABLE,
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept-Encoding",
    }
    if coding != "identity":
        headers["Content-Encoding"] = coding
    if name.startswith(_OFFERED_TO_OTHERS):
        headers["Access-Control-Allow-Origin"] = "*"
    return list(headers.items())


@functools.lru_cache(maxsize=64)
def _coding(accepted: str) -> str:
    told = parse_accept_header(accepted)
    return next((coding for coding in ("br", "gzip") if dict(told).get(coding, 0) > 0), "identity")


def _coded(body: bytes, coding: str) -> bytes:
    if coding == "br":
        packed: bytes = brotli.compress(body, quality=9)
        return packed
    return gzip.compress(body, mtime=0) if coding == "gzip" else body


def _read(folder: Path) -> tuple[str, dict[str, bytes]]:
    """All files, and what their version is called: the same on two machines with the same shop."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return _read_once(folder, tuple((path, path.stat().st_mtime_ns) for path in paths))


@functools.lru_cache(maxsize=4)
def _read_once(folder: Path, found: tuple[tuple[Path, int], ...]) -> tuple[str, dict[str, bytes]]:
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path, _ in found}
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name} {len(content)} ".encode() + content)
    return digest.hexdigest()[:12], files
