"""Parts that many objects share: addresses, metadata, plain fields."""

import re
from typing import Any
from urllib.parse import urlsplit

from storefront.sandbox.errors import Document, InvalidParameterError

_NOT_TO_VISIT = frozenset({"javascript", "data", "vbscript", "file"})
_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
_MOST_KEYS, _LONGEST_NAME, _LONGEST_VALUE = 50, 40, 500


def update_plain(document: Document, params: Document, *names: str) -> None:
    """Set these fields as sent; an empty string unsets."""
    for name in names:
        if name in params:
            document[name] = _unset(params[name])


def _unset(value: Any) -> Any:
    """Null for an empty string, inside objects too."""
    if isinstance(value, dict):
        return {name: _unset(inner) for name, inner in value.items()}
    return None if value == "" else value


def update_lists(document: Document, params: Document, *names: str) -> None:
    """Set these lists as sent; an empty string empties them."""
    for name in names:
        if name in params:
            document[name] = params[name] or []


def update_metadata(document: Document, params: Document) -> None:
    """Merge; an empty value removes its key, an empty `metadata` all of them."""
    if "metadata" not in params:
        return
    if params["metadata"] == "":
        document["metadata"] = {}
        return
    merged = {**(document.get("metadata") or {}), **params["metadata"]}
    document["metadata"] = {name: value for name, value in merged.items() if value != ""}
    _check_metadata(document["metadata"])


def _check_metadata(metadata: dict[str, str]) -> None:
    if len(metadata) > _MOST_KEYS:
        message = f"Metadata can have up to {_MOST_KEYS} keys, but you passed in {len(metadata)}."
        raise InvalidParameterError(message, param="metadata")
    for name, value in metadata.items():
        if len(name) > _LONGEST_NAME:
            message = (
                f"Metadata keys can have up to {_LONGEST_NAME} characters, but you passed in a key that is {len(name)}"
                f" characters. Invalid key: {name}"
            )
            raise InvalidParameterError(message, param="metadata")
        if len(value) > _LONGEST_VALUE:
            message = (
                f"Metadata values can have up to {_LONGEST_VALUE} characters, but you passed in a value that is"
                f" {len(value)} characters. Invalid value: {value}"
            )
            raise InvalidParameterError(message, param=f"metadata[{name}]")


def address(sent: Any) -> Document | None:
    return {name: sent.get(name) or None for name in _ADDRESS} if isinstance(sent, dict) else None


def shipping(sent: Any) -> Document | None:
    if not isinstance(sent, dict):
        return None
    plain = {name: sent.get(name) or None for name in ("carrier", "name", "phone", "tracking_number")}
    return {"address": address(sent.get("address", {})), **plain}


def billing_details(sent: Document) -> Document:
    plain = {name: sent.get(name) or None for name in ("email", "name", "phone", "tax_id")}
    check_email(plain["email"])
    return {"address": address(sent.get("address") or {}), **plain}


def check_url(url: str | None, param: str) -> None:
    """An address that a browser can be sent to: with a scheme, and a host where the scheme has one."""
    parts = urlsplit(url or "")
    is_app = re.fullmatch(r"[a-z][a-z0-9+.-]*", parts.scheme) and parts.scheme not in _NOT_TO_VISIT
    reaches = parts.netloc if parts.scheme in {"http", "https"} else parts.netloc or parts.path
    if url is not None and (not is_app or not reaches or re.search(r"\s", url)):
        raise InvalidParameterError("Not a valid URL", code="url_invalid", param=param)


def check_email(email: str | None, param: str = "email") -> None:
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        message = f"Invalid email address: {email}"
        raise InvalidParameterError(message, code="email_invalid", param=param)
