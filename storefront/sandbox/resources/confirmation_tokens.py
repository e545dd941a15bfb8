"""Confirmation tokens: what the browser collected, good for one confirmation within twelve hours."""

import copy

from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, missing_parameter, refused
from storefront.sandbox.events import snapshot
from storefront.sandbox.fields import check_url, shipping
from storefront.sandbox.resources.payment_methods import from_data, usable
from storefront.sandbox.routing import endpoint

_LIFE_SECONDS = 12 * 3600
_TEST_HELPER = "test_helpers.ConfirmationTokenCreateParams"
# Stripe.js sends these, and no SDK does.
BROWSER_EXTRAS = (
    "client_attribution_metadata", "client_context", "client_secret", "guid", "key", "mandate_data", "muid",
    "payment_user_agent", "set_as_default_payment_method", "sid", "_stripe_version",
)  # fmt: skip


@endpoint("POST", "/v1/confirmation_tokens", _TEST_HELPER, extras=BROWSER_EXTRAS, for_browsers=True)
def create_from_browser(call: Call) -> Document:
    if not call.is_browser:
        message = "ConfirmationTokens are created in the browser, with a publishable key."
        raise refused(message)
    return _create(call)


@endpoint("POST", "/v1/test_helpers/confirmation_tokens", _TEST_HELPER)
def create_for_test(call: Call) -> Document:
    return _create(call)


@endpoint("GET", "/v1/confirmation_tokens/<token_id>", "ConfirmationTokenRetrieveParams")
def retrieve(call: Call, token_id: str) -> Document:
    return call.named_by_path("confirmation_token", token_id)


def _create(call: Call) -> Document:
    check_url(call.params.get("return_url"), "return_url")
    payment_method = _payment_method(call)
    preview = {name: copy.deepcopy(value) for name, value in snapshot(payment_method).items()
               if name in {"allow_redisplay", "billing_details", "card", "customer", "customer_account", "sepa_debit", "type"}}  # fmt: skip
    return call.new(
        "confirmation_token", "ctoken", expires_at=call.now + _LIFE_SECONDS, mandate_data=None, metadata=None,
        payment_intent=None, payment_method_options=call.params.get("payment_method_options"),
        payment_method_preview=preview, return_url=call.params.get("return_url"),
        setup_future_usage=call.params.get("setup_future_usage"), setup_intent=None,
        shipping=shipping(call.params.get("shipping")), use_stripe_sdk=True, _payment_method=payment_method["id"],
    )  # fmt: skip


def _payment_method(call: Call) -> Document:
    if "payment_method_data" in call.params:
        return from_data(call, call.params["payment_method_data"], prefix="payment_method_data")
    if "payment_method" in call.params:
        return usable(call, call.params["payment_method"])
    raise missing_parameter("payment_method_data")


def redeem(call: Call, token_id: str, intent: Document) -> tuple[Document, Document]:
    """The token, now used for this intent, and its PaymentMethod."""
    token = call.named_by_param("confirmation_token", token_id, "confirmation_token")
    if token["payment_intent"] or token["setup_intent"]:
        message = (
            f"The ConfirmationToken '{token_id}' has already been used to confirm a previous PaymentIntent or"
            " SetupIntent. Each ConfirmationToken can be used once: create a new one."
        )
        raise refused(message, param="confirmation_token")
    if token["expires_at"] <= call.now:
        message = f"The ConfirmationToken '{token_id}' has expired. Create a new one."
        raise refused(message, param="confirmation_token")
    token[intent["object"]] = intent["id"]
    call.save(token)
    return token, usable(call, token["_payment_method"])
