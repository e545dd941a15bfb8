"""Lets tests talk to this machine only: a test that reached the real Stripe would be no test."""

import ipaddress
import sys
from collections.abc import Iterator

import pytest

LOCAL_NAMES = {"localhost", "", None}


class ForeignAddressError(RuntimeError):
    """A test tried to leave this machine."""


class _Guard:
    """An audit hook cannot be taken away again, but can be told to sleep."""

    def __init__(self) -> None:
        self.awake = False

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self.awake or not event.startswith("socket."):
            return
        if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
            self._judge(arguments[1])
        elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
            self._judge((arguments[0], 0))

    @staticmethod
    def _judge(address: object) -> None:
        # A tuple is of the internet; a unix socket's address is a path.
        if isinstance(address, tuple) and not _is_local(address[0]):
            raise ForeignAddressError(f"tests may not talk to {address[0]}")


def _is_local(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(str(name)).is_loopback
    except ValueError:
        return False


_guard = _Guard()
sys.addaudithook(_guard)


@pytest.fixture(autouse=True, scope="session")
def _only_this_machine() -> Iterator[None]:
    _guard.awake = True
    yield
    _guard.awake = False
