"""What we hold about a customer beside what they bought."""

from typing import Any

from storefront.core.errors import NotFoundError
from storefront.customers.addresses import addresses_of
from storefront.customers.login_sessions import session_history
from storefront.customers.models import User
from storefront.customers.people import user_by_id

Facts = dict[str, Any]


def profile_of(user_id: int) -> Facts:
    """Who they are to the shop."""
    user = _user(user_id)
    fields = ("name", "email", "email_verified_at", "email_wanted", "role", "locale", "created_at")
    return {field: getattr(user, field) for field in fields}


def book_of(user_id: int) -> list[Facts]:
    """Their address book."""
    return [
        address.as_copy() | {"is_default": address.is_default, "created_at": address.created_at}
        for address in addresses_of(user_id)
    ]


def logins_of(user_id: int) -> Facts:
    """Where they are signed in, and were in the last month. The tokens in their cookies are kept as hashes."""
    return {
        "password": "kept as a hash, which nobody can read",
        "sessions": [one._asdict() for one in session_history(user_id)],
        "times_all_sessions_were_ended": _user(user_id).session_version - 1,
        "guesses_at_your_password": "counted under a scrambled key for an hour at most, then thrown away",
    }


def _user(user_id: int) -> User:
    user = user_by_id(user_id)
    if user is None:
        raise NotFoundError
    return user
