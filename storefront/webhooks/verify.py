"""Deliveries: an event as Stripe tells it, verified, and without its secrets."""

import json
from dataclasses import dataclass
from typing import Any

from flask import current_app

from storefront.stripe.api import check_signature
from storefront.stripe.objects import StripeObject

SECRETS = {"client_secret"}


class InvalidEventError(Exception):
    """Not from Stripe, not for this mode, or no event at all: answered 400."""

    def __init__(self, why: str, *, other_mode: bool = False) -> None:
        super().__init__(why)
        self.other_mode = other_mode


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
    """Verify and read a delivery; InvalidEventError says what is wrong with it."""
    settings = current_app.config["SETTINGS"]
    try:
        text = body.decode("utf-8")
        if not check_signature(text, signature, settings.stripe_webhook_secrets):
            raise InvalidEventError("signature")
        payload = json.loads(text)
        delivery = read_event(payload)
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise InvalidEventError("no event") from wrong
    if delivery.livemode != settings.livemode:
        raise InvalidEventError("mode", other_mode=True)
    return delivery


def read_event(payload: StripeObject) -> WebhookEvent:
    """An event as Stripe tells it, by webhook or in its list."""
    request = payload.get("request")
    return WebhookEvent(
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
