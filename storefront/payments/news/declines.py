"""Declines: what of a bank's no may be told."""

from dataclasses import dataclass

from storefront.payments.news.facts import Facts

# Reasons a bank gives that must not be told on: whoever tries a stolen card learns nothing.
SILENT_DECLINES = frozenset(
    {
        "fraudulent",
        "lost_card",
        "stolen_card",
        "pickup_card",
        "restricted_card",
        "merchant_blacklist",
        "security_violation",
    }
)


@dataclass(frozen=True)
class Decline:
    """The bank said no. `words` are Stripe's, meant for the customer; empty where nothing may be said."""

    code: str
    words: str


def decline_of(failed: Facts) -> Decline:
    """Read the error that an intent or a set-up was left with."""
    code = failed.get("decline_code") or failed.get("code") or "card_declined"
    return Decline(code, "" if code in SILENT_DECLINES else failed.get("message") or "")
