"""Who asks, with which key, in which version, and whether the request is one that Stripe reads at all."""

import base64
import re
from functools import cache

from werkzeug.wrappers import Request

from storefront.sandbox.call import API_VERSION
from storefront.sandbox.errors import StripeError
from storefront.sandbox.parameter_types import fields_of

_KEY = re.compile(r"(?:sk|rk|pk)_test_\w+", re.ASCII)
_BROWSER_KEY = "pk_test_"
_SHOWN_AT_START, _SHOWN_AT_END = 8, 4
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


def api_key(http: Request) -> str:
    """The key of this request, by bearer, basic authentication or (browsers) the form; 401 without a good one."""
    key = _sent_key(http)
    if not key:
        message = (
            "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer"
            " auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for"
            " details, or we can help at https://support.stripe.com/."
        )
        raise StripeError(401, message)
    if not _KEY.fullmatch(key):
        raise StripeError(401, f"Invalid API Key provided: {_masked(key)}")
    return key


def is_browser_key(key: str) -> bool:
    return key.startswith(_BROWSER_KEY)


def version_of(http: Request, *, is_browser: bool) -> str:
    """The version asked for; "" where none is, which is taken for an old one, so that the official CLI's triggers run.

    A version is known when the SDK lists it among those a webhook endpoint may have. Stripe.js is never old.
    """
    version = http.headers.get("Stripe-Version", API_VERSION if is_browser else "")
    if version and version not in _versions():
        message = f"Invalid Stripe API version: {version}"
        raise StripeError(400, message)
    return version


def check_account(http: Request, key: str, account_id: str) -> None:
    """There is one account: to ask in the name of another is refused, as without Connect at Stripe."""
    asked = http.headers.get("Stripe-Account", account_id)
    if asked != account_id:
        message = (
            f"The provided key '{_masked(key)}' does not have access to account '{asked}' (or that account does not"
            " exist). Application access may have been revoked."
        )
        raise StripeError(403, message, code="account_invalid")


def check_body(http: Request) -> None:
    """v1 reads forms: JSON and anything else is refused, and so is a body where parameters go in the address."""
    if not http.content_length and "Transfer-Encoding" not in http.headers:
        return
    if http.method != "POST":
        message = f"Invalid request: a {http.method} takes its parameters in the query string, and no body."
        raise StripeError(400, message)
    if http.mimetype == "application/json":
        message = (
            "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have any"
            " questions, we can help at https://support.stripe.com/."
        )
        raise StripeError(400, message)
    if http.mimetype not in _FORMS:
        message = (
            f"Invalid request: unsupported Content-Type {http.content_type or ''}. If error persists and you need"
            " assistance, please contact support@stripe.com."
        )
        raise StripeError(400, message)


@cache
def _versions() -> frozenset[str]:
    return frozenset(fields_of("WebhookEndpointCreateParams").kinds["api_version"].literals)


def _sent_key(http: Request) -> str | None:
    scheme, _, credentials = http.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(credentials).decode().partition(":")[0]
        except ValueError:
            return None
    return http.values.get("key")


def _masked(key: str) -> str:
    """A key's ends alone, and nothing of one too short to hide the rest."""
    hidden = len(key) - _SHOWN_AT_START - _SHOWN_AT_END
    if hidden < _SHOWN_AT_END:
        return "*" * len(key)
    return key[:_SHOWN_AT_START] + "*" * hidden + key[-_SHOWN_AT_END:]
