"""What all of Stripe's objects have in common."""

from typing import Any

Facts = dict[str, Any]


def id_of(value: object) -> str | None:
    """An expandable field: the id itself, or the object."""
    if isinstance(value, dict):
        return str(value["id"])
    return str(value) if value else None


def intent_of(facts: Facts) -> str | None:
    """The intent that a refund or a dispute is about."""
    return id_of(facts.get("payment_intent"))
