"""Signing in: right passwords get in, guesses run out of tries, and nobody can lock an owner out by guessing."""

from typing import Final

from flask import after_this_request, current_app, request
from flask.wrappers import Response
from itsdangerous import BadSignature, URLSafeSerializer

from storefront.core.client_address import address
from storefront.core.email_addresses import key_of
from storefront.core.errors import InvalidRequestError
from storefront.core.rate_limits import forgive, throttle, throttle_address
from storefront.customers.models import User
from storefront.customers.passwords import is_password_of, renew_hash
from storefront.customers.people import user_by_email

# One account from one place; all accounts from one address; one account from all browsers it was never used in.
# A browser that it was used in is a place of its own: no neighbour's guesses count there.
MAX_GUESSES: Final = "10 per 15 minutes"
MAX_GUESSES_PER_ADDRESS: Final = "200 per 15 minutes"
MAX_GUESSES_OF_STRANGERS: Final = "100 per hour"
_KNOWN_BROWSER: Final = "known"
_A_YEAR: Final = 365 * 24 * 3600


class WrongPasswordError(InvalidRequestError):
    """Address and password do not belong together; which of them is wrong is not said."""

    words = "E-mail and password do not fit together."


def check_password(email: str, password: str) -> User:
    """Whose login this is; raises WrongPasswordError or RateLimitedError."""
    account, user = key_of(email), user_by_email(email)
    place = _KNOWN_BROWSER if _is_known_browser(user) else address()
    if place != _KNOWN_BROWSER:
        # Before the account's own tries: who is stopped here must not use them up.
        throttle_address("login-address", limit=MAX_GUESSES_PER_ADDRESS)
    throttle("login", account, place, limit=MAX_GUESSES)
    if place != _KNOWN_BROWSER:
        throttle("login-strangers", account, limit=MAX_GUESSES_OF_STRANGERS)
    if not is_password_of(user, password) or user is None:
        raise WrongPasswordError
    forgive("login", account, place, limit=MAX_GUESSES)
    renew_hash(user, password)
    return user


def remember_browser(user: User) -> None:
    """Remember that this account was used here: however many guess elsewhere, here its owner still gets in."""
    known = _known_browsers().dumps(user.id)

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(
            _KNOWN_BROWSER, known, max_age=_A_YEAR, path="/auth", httponly=True, samesite="Lax",
            secure=current_app.config["SETTINGS"].secure,
        )  # fmt: skip
        return response


def _is_known_browser(user: User | None) -> bool:
    try:
        return user is not None and _known_browsers().loads(request.cookies.get(_KNOWN_BROWSER, "")) == user.id
    except BadSignature:
        return False


def _known_browsers() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SETTINGS"].secret_key, salt="storefront:known-browser")
