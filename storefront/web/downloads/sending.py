"""Sending a file: in pieces where pieces are asked for, by the shop or by the server in front of it."""

import hashlib
from typing import Final

from flask import Response, current_app, redirect, request
from werkzeug.utils import send_from_directory

from config import Settings
from storefront.core.client_address import address_hash
from storefront.digital.fetching import DownloadRefusedError, Goods, count
from storefront.digital.folder import files_folder
from storefront.digital.models import AssetKind

# Whatever the file is, opened by itself it runs nothing and is nobody.
_POLICY: Final = "default-src 'none'; sandbox"
_SENT: Final = frozenset({200, 206, 303})


def send(goods: Goods) -> Response:
    """The answer to GET or HEAD, which alone does not count; raises DownloadRefusedError where it would be one too many."""
    response = _link(goods) if goods.kind is AssetKind.link else _file(goods)
    # What is there already (304), or not in the file (416), is no download.
    if request.method == "GET" and response.status_code in _SENT:
        try:
            count(goods.grant_id, _client(), _first_byte())
        except DownloadRefusedError:
            response.close()
            raise
    response.headers["Cache-Control"] = "private, no-store, no-transform"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _link(goods: Goods) -> Response:
    answer: Response = current_app.make_response(redirect(goods.url, 303))
    return answer


def _file(goods: Goods) -> Response:
    settings: Settings = current_app.config["SETTINGS"]
    accel = settings.files_accel
    response = send_from_directory(
        files_folder(), goods.path, request.environ, response_class=Response, mimetype=goods.content_type, as_attachment=True,
        download_name=goods.name, etag=goods.sha256, last_modified=goods.changed_at,
        # The server in front looks to the pieces itself.
        conditional=not accel, use_x_sendfile=bool(accel),
    )  # fmt: skip
    assert isinstance(response, Response)
    if accel:
        del response.headers["Content-Length"]
    if accel and accel != "x-sendfile":
        del response.headers["X-Sendfile"]
        response.headers["X-Accel-Redirect"] = accel + goods.path
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _client() -> str:
    """Tells this browser from others for as long as a download goes on; nobody can read who it is."""
    told = f"{address_hash()} {request.user_agent.string}"
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _first_byte() -> int:
    """Where what is asked for begins; the end of a file, asked for by its length, counts as a later part."""
    if request.range is None or request.range.units != "bytes" or not request.range.ranges:
        return 0
    return abs(request.range.ranges[0][0])
