"""Deliveries: an event as Stripe tells it, verified, and without its secrets."""

import json
from dataclasses import dataclass
from typing import Any

from flask import current_app

from storefront.payments.news.facts import Facts
from storefront.payments.stripe_gateway.events import check_signature

SECRETS = {"client_secret"}


class BadDeliveryError(Exception):
    """Not from Stripe, not for this mode, or no event at all: answered 400."""

    def __init__(self, why: str, *, other_mode: bool = False) -> None:
        super().__init__(why)
        self.other_mode = other_mode


@dataclass(frozen=True)
class Delivery:
    """A verified event."""

    id: str
    type: str
    object: Facts
    previous: Facts
    api_version: str
    livemode: bool
    key: str | None
    payload: Facts
    fetched: bool = False


def open_delivery(body: bytes, signature: str) -> Delivery:
    """Verify and read a delivery; BadDeliveryError says what is wrong with it."""
    settings = current_app.config["SETTINGS"]
    try:
        text = body.decode("utf-8")
        if not check_signature(text, signature, settings.stripe_webhook_secrets):
            raise BadDeliveryError("signature")
        payload = json.loads(text)
        delivery = read(payload)
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise BadDeliveryError("no event") from wrong
    if delivery.livemode != settings.livemode:
        raise BadDeliveryError("mode", other_mode=True)
    return delivery


def read(payload: Facts) -> Delivery:
    """An event as Stripe tells it, by webhook or in its list."""
    request = payload.get("request")
    return Delivery(
        id=str(payload["id"]),
        type=str(payload["type"]),
        object=dict(payload["data"]["object"]),
        previous=dict(payload["data"].get("previous_attributes") or {}),
        api_version=payload.get("api_version") or "",
        livemode=bool(payload["livemode"]),
        key=request.get("idempotency_key") if isinstance(request, dict) else None,
        payload=_without_secrets(payload),
    )


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(inner) for key, inner in value.items() if key not in SECRETS}
    return [_without_secrets(inner) for inner in value] if isinstance(value, list) else value
