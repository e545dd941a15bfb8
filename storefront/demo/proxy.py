"""Hands a browser's requests on to the sandbox, so that the demo needs one port only."""

from base64 import b64decode
from binascii import Error as NotBase64Error
from functools import cache
from typing import Final
from urllib.parse import quote, urlsplit

import urllib3
from flask import Request, Response

# Of the sandbox's pages only these are for browsers. Its control API is not among them.
PAGES: Final = frozenset({"js", "frames", "3ds", "pay"})
API: Final = "v1"
BROWSER_KEY: Final = "pk_test_"
# https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1: meant for one connection, not for who stands behind it.
ONE_HOP: Final = frozenset(
    [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ]
)
NOT_OURS: Final = ONE_HOP | {"host", "content-length", "cookie"}
CHUNK: Final = 64 * 1024


def is_for_browsers(path: str, request: Request) -> bool:
    """Pages for all; the API with a publishable key alone, never with a secret one."""
    first, *rest = path.split("/")
    if {".", "..", ""} & {first, *rest[:-1]} or (rest and rest[-1] in {".", ".."}) or "\\" in path:
        return False
    if first == API:
        keys = _keys(request)
        return request.method == "OPTIONS" or (bool(keys) and all(key.startswith(BROWSER_KEY) for key in keys))
    return first in PAGES


def hand_on(api_base: str, path: str, request: Request) -> Response:
    """Ask the sandbox the same, and answer what it answers, as it comes."""
    query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
    answer = _connections().request(
        request.method,
        f"{api_base}/{quote(path)}{query}",
        body=request.get_data(),
        headers=_headers(request),
        preload_content=False,
        decode_content=False,
        redirect=False,
        retries=False,
    )
    headers = [(name, value) for name, value in answer.headers.items() if name.lower() not in ONE_HOP]
    return Response(answer.stream(CHUNK, decode_content=False), answer.status, headers, direct_passthrough=True)


def _headers(request: Request) -> dict[str, str]:
    handed = {name: value for name, value in request.headers if name.lower() not in NOT_OURS}
    return handed | {
        "X-Forwarded-For": request.remote_addr or "",
        "X-Forwarded-Host": request.host,
        "X-Forwarded-Proto": urlsplit(request.url).scheme,
    }


def _keys(request: Request) -> list[str]:
    """Every key in the request, wherever Stripe would look for one: a secret one beside another gains nothing."""
    request.get_data()  # kept, to be handed on: reading the form first would use it up
    return [
        *_keys_in(request.headers.getlist("Authorization")),
        *request.args.getlist("key"),
        *request.form.getlist("key"),
    ]


def _keys_in(authorizations: list[str]) -> list[str]:
    keys = []
    for authorization in authorizations:
        scheme, _, given = authorization.strip().partition(" ")
        try:
            keys.append(
                b64decode(given).decode("latin-1").partition(":")[0] if scheme.lower() == "basic" else given.strip()
            )
        except NotBase64Error:
            keys.append(given)
    return keys


@cache
def _connections() -> urllib3.PoolManager:
    return urllib3.PoolManager(maxsize=8, timeout=urllib3.Timeout(connect=3, read=60))
