"""Ids that look like Stripe's."""

import secrets
import string

_ALPHABET = string.ascii_letters + string.digits


def new_id(prefix: str) -> str:
    return f"{prefix}_{random_text(24)}"


def client_secret(object_id: str) -> str:
    return f"{object_id}_secret_{random_text(25)}"


def random_text(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
