"""Where Stripe tells us things: verified, applied once, answered."""

from collections import Counter
from typing import Final

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue

from storefront.core.alerts import alert_owner
from storefront.core.database import transaction
from storefront.webhooks import inbox
from storefront.webhooks.verify import IgnoredEventError, InvalidEventError, verify_event

webhooks = Blueprint("webhooks", __name__, url_prefix="/webhooks")


# Stripe's largest events, a Session with a hundred lines, are a quarter of this. Nobody has signed what is being read.
LARGEST: Final = 512 * 1024


@webhooks.post("/stripe")
def stripe_event() -> ResponseReturnValue:
    """400 for what is not from Stripe, not readable or not for this mode; 500 for what could not be applied: Stripe sends it again."""
    request.max_content_length = LARGEST
    try:
        delivery = verify_event(request.get_data(), request.headers.get("Stripe-Signature", ""))
    except InvalidEventError as bad:
        refused()[str(bad)] += 1
        if bad.other_mode:
            _warn_of_other_mode()
        return "", 400
    except IgnoredEventError as not_ours:
        ignored()[str(not_ours)] += 1
        return "", 204
    inbox.apply_once(delivery)
    return "", 204


def refused() -> Counter[str]:
    """How many deliveries this process refused, by reason."""
    counts: Counter[str] = current_app.extensions.setdefault("webhooks_refused", Counter())
    return counts


def ignored() -> Counter[str]:
    """How many events this process acknowledged without applying them, by reason: of connected accounts, thin ones."""
    counts: Counter[str] = current_app.extensions.setdefault("webhooks_ignored", Counter())
    return counts


def _warn_of_other_mode() -> None:
    with transaction():
        alert_owner(
            "webhook-mode",
            "Stripe sends events of another mode here",
            "The webhook endpoint belongs to test mode while the keys are live, or the other way round. Nothing was applied.",
            "In Stripe's dashboard, point each mode's endpoint at its own shop.",
        )
