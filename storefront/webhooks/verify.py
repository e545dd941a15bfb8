"""Webhook events as Stripe sends them: verified, read with care, and without their secrets."""

import json
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from flask import current_app

from storefront.stripe.api import check_signature
from storefront.stripe.client import API_VERSION
from storefront.stripe.objects import StripeObject
from storefront.webhooks.handlers import is_followed

SECRETS = {"client_secret"}
# Stripe's own objects are a dozen levels deep at most.
MAX_DEPTH: Final = 64
# Beyond it a number is no longer exact in JSON's own terms (RFC 8259, section 6); Stripe's amounts have twelve digits at most.
MAX_INTEGER: Final = 2**53
MAX_ID_LENGTH: Final = 255
_ID: Final = ("id", "customer", "payment_intent", "payment_method", "charge", "latest_charge")
_TEXT: Final = ("object", "status", "currency", "mode", "payment_status", "client_reference_id")
_NUMBER: Final = ("amount", "amount_received", "amount_refunded", "amount_total", "created", "expires_at")
_OBJECT: Final = ("metadata", "last_payment_error", "last_setup_error", "card", "invoice_settings")


class InvalidEventError(Exception):
    """Not from Stripe, not for this mode, or not readable as an event: answered 400."""

    def __init__(self, why: str, *, other_mode: bool = False) -> None:
        super().__init__(why)
        self.other_mode = other_mode


class IgnoredEventError(Exception):
    """A real event that is none of this shop's business: answered 204, so that Stripe does not send it again."""


@dataclass(frozen=True)
class WebhookEvent:
    """A verified event."""

    id: str
    type: str
    object: StripeObject
    previous: StripeObject
    api_version: str
    livemode: bool
    key: str | None
    payload: StripeObject
    fetched: bool = False


def verify_event(body: bytes, signature: str) -> WebhookEvent:
    """Verify and read what was posted.

    Raises InvalidEventError, which says what is wrong with it, and IgnoredEventError for events of connected accounts
    (they bear `account`: Stripe sends them to endpoints that listen to "Connected accounts") and for thin events of API v2,
    which name an object and do not hold it. Source: docs.stripe.com/connect/webhooks and docs.stripe.com/event-destinations.
    """
    settings = current_app.config["SETTINGS"]
    try:
        text = body.decode("utf-8")
        if not check_signature(text, signature, settings.stripe_webhook_secrets):
            raise InvalidEventError("signature")
        payload = _parsed(text)
        if payload.get("object") == "v2.core.event":
            raise IgnoredEventError("v2")
        if payload.get("account"):
            raise IgnoredEventError("connected account")
        event = read_event(payload)
    except (ValueError, KeyError, TypeError, RecursionError) as wrong:
        raise InvalidEventError("no event") from wrong
    if event.livemode != settings.livemode:
        raise InvalidEventError("mode", other_mode=True)
    return event


def read_event(payload: StripeObject) -> WebhookEvent:
    """An event as Stripe tells it, by webhook or in its list; ValueError, KeyError or TypeError where it is none."""
    data, request = _a(dict, payload["data"]), payload.get("request")
    kind, about = _a(str, payload["type"]), _a(dict, data["object"])
    version = _a(str, payload.get("api_version") or "")
    if is_followed(kind):
        _id_of(about["id"])
        # Of other versions nothing more is read: the object is fetched in ours.
        if version == API_VERSION:
            _check_object(about)
    key = request.get("idempotency_key") if isinstance(request, dict) else None
    return WebhookEvent(
        id=_id_of(payload["id"]),
        type=kind,
        object=about,
        previous=_a(dict, data.get("previous_attributes") or {}),
        api_version=version,
        livemode=_a(bool, payload["livemode"]),
        key=_a(str, key) if key is not None else None,
        payload=_without_secrets(payload),
    )


def _parsed(text: str) -> StripeObject:
    """The JSON object in it; ValueError for anything that the database or a number could not hold."""
    payload: StripeObject = _a(dict, json.loads(text, parse_constant=_refuse))
    # Level by level: a function that calls itself would end at Python's own limit.
    level: list[Any] = [payload]
    for _ in range(MAX_DEPTH):
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return payload
    raise ValueError("nested too deep")


def _inside(value: Any) -> list[Any]:
    if isinstance(value, str):
        value.encode()  # UnicodeEncodeError, a ValueError, for half of a surrogate pair
        if "\0" in value:
            raise ValueError("a NUL character")  # Postgres has no text with one
    elif isinstance(value, int | float) and not abs(value) <= MAX_INTEGER:  # NaN is not either
        raise ValueError("a number out of range")
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else []


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _check_object(about: StripeObject) -> None:
    """The fields that are read of any of Stripe's objects have their types; which of them there are is another matter."""
    for name in _ID:
        value = about.get(name)
        if isinstance(value, dict):  # expanded
            value = value["id"]
        if value is not None:
            _id_of(value)
    for names, kind in ((_TEXT, str), (_NUMBER, int), (_OBJECT, dict)):
        for name in names:
            if about.get(name) is not None:
                _a(kind, about[name])
    for value in (about.get("metadata") or {}).values():
        _a(str, value)


def _id_of(value: object) -> str:
    told: str = _a(str, value)
    if not 0 < len(told) <= MAX_ID_LENGTH:
        raise ValueError("no id")
    return told


def _a(kind: type[Any], value: object) -> Any:
    # A bool is an int to Python, and not to Stripe.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(f"{type(value).__name__} where {kind.__name__} is expected")
    return value


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(inner) for key, inner in value.items() if key not in SECRETS}
    return [_without_secrets(inner) for inner in value] if isinstance(value, list) else value
