"""Finding a place to listen, and seeing whether somebody does."""

import socket
from itertools import chain
from typing import Final

import requests

FIRST_CHOICE: Final = range(8000, 8020)


class PortTakenError(Exception):
    """Somebody listens there already."""


def choose_port(host: str, wanted: int | None, last: int | None) -> int:
    """The wanted port; without a wish the last one, or the next that is free."""
    if wanted is not None:
        if not is_free(host, wanted):
            raise PortTakenError(f"Something listens on port {wanted} already. Another one: bin/demo --port N")
        return wanted
    wishes = chain([last] if last else [], FIRST_CHOICE)
    return next((port for port in wishes if is_free(host, port)), None) or any_port()


def is_free(host: str, port: int) -> bool:
    """Whether we could listen there."""
    with socket.socket() as attempt:
        # As a server does it: what a stopped one left behind does not count.
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host, port))
        except OSError:
            return False
    return True


def any_port() -> int:
    """A port on loopback that nobody has."""
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        port: int = attempt.getsockname()[1]
        return port


def reachable(url: str) -> bool:
    """Whether this address answers well."""
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False
