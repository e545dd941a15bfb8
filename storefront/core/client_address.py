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
# This machine, and networks that no stranger on the Internet has an address of (RFC 1918, 6598, 3927, 4193, 4291).
_NEAR: Final = tuple(
    ipaddress.ip_network(net)
    for net in (
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16",
        "::1/128", "fc00::/7", "fe80::/10",
    )
)  # fmt: skip


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


def is_address_known() -> bool:
    """Whether the address is a customer's own. Where it is not, nothing may be limited by it: it would be everybody's.

    It is not when a proxy stands before us that TRUSTED_PROXIES does not count, or when the server told none (a socket).
    """
    return _read(request.remote_addr or _NOWHERE) != _read(_NOWHERE) and not is_untold_proxy()


def is_untold_proxy() -> bool:
    """Whether a proxy near us is not counted by TRUSTED_PROXIES, so that all the world seems to come from there.

    It is when the request came from this machine or network and carries what proxies add. What strangers add reaches us
    from their public addresses, and changes nothing. Behind proxies the header has to be as long as they make it.
    """
    settings: Settings = current_app.config["SETTINGS"]
    forwarded = request.headers.get("X-Forwarded-For", "")
    if not forwarded and "Forwarded" not in request.headers:
        return False
    peer = _read(request.remote_addr or _NOWHERE)
    return any(peer in net for net in _NEAR) and len(forwarded.split(",")) != settings.trusted_proxies


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
