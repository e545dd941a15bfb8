"""Where a request comes from, and how that is written down: as a keyed hash, never as it is."""

import hashlib
import hmac
import ipaddress
from typing import Final

from flask import current_app, has_request_context, request

from config import Settings

# Of IPv6 one customer of a provider has this half for themselves, and changes the other as they like.
_OF_ONE_HOUSE: Final = 64
_NOWHERE: Final = "0.0.0.0"  # noqa: S104  nothing is bound
_KEPT_OF_A_HASH: Final = 20


def address() -> str:
    """Where a request comes from: of IPv6 the half that one customer of a provider has for themselves.

    Behind proxies it is what the last TRUSTED_PROXIES of them say; what anybody else wrote is not believed.
    """
    told = _read(request.remote_addr or _NOWHERE)
    if isinstance(told, ipaddress.IPv4Address):
        return str(told)
    return str(ipaddress.ip_network((told, _OF_ONE_HOUSE), strict=False))


def address_hash() -> str:
    """The same address is the same hash in this shop, and in no other; empty where nobody's request is answered."""
    if not has_request_context():
        return ""
    key: str = current_app.config["SETTINGS"].secret_key
    told = hmac.new(key.encode(), f"address {address()}".encode(), hashlib.sha256)
    return told.hexdigest()[:_KEPT_OF_A_HASH]


def is_untold_proxy() -> bool:
    """Whether a proxy on this machine stands before us that TRUSTED_PROXIES does not count: all the world comes from there."""
    settings: Settings = current_app.config["SETTINGS"]
    is_here = _read(request.remote_addr or _NOWHERE).is_loopback
    return is_here and not settings.trusted_proxies and "X-Forwarded-For" in request.headers


def _read(told: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        found = ipaddress.ip_address(_without_port(told))
    except ValueError:
        return ipaddress.ip_address(_NOWHERE)
    # On a socket for both, IPv4 looks like IPv6: all the world would be one house.
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def _without_port(told: str) -> str:
    """Some proxies write 203.0.113.9:4711 or [2001:db8::1]:4711."""
    if told.startswith("["):
        return told[1:].partition("]")[0]
    return told.partition(":")[0] if told.count(":") == 1 else told
