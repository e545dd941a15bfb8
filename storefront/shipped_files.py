"""The shop's own styles, fonts and libraries: kept by browsers, and read anew when they change."""

import functools
import hashlib
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, request

_YEAR: Final = 365 * 24 * 60 * 60
# Their names hold their version, or their content never changes.
_LASTING: Final = ("fonts/", "vendor/")


def set_up_files(app: Flask) -> None:
    """Give each stylesheet an address that tells its content, and tell browsers how long to keep what.

    A style that has to be asked about first comes too late: Chromium then gives up the morph from page to page.
    """
    folder = Path(str(app.static_folder))

    @app.url_defaults
    def name_content(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and str(values.get("filename")).endswith(".css"):
            path = folder / values["filename"]
            values["v"] = _digest(path, path.stat().st_mtime_ns)

    @app.after_request
    def keep(response: Response) -> Response:
        if request.endpoint != "static" or response.status_code not in {200, 304}:
            return response
        name = (request.view_args or {})["filename"]
        if "v" in request.args or name.startswith(_LASTING):
            response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
        if name.startswith("fonts/"):
            # Stripe's frame for the card is of another origin, and wears our letters.
            response.headers["Access-Control-Allow-Origin"] = "*"
        return response


@functools.cache
def _digest(path: Path, _changed_at: int) -> str:
    # By content, so that two machines with the same shop give the same address.
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
