"""SetupIntents: saving a card without paying."""

from storefront.sandbox import setting_up
from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document
from storefront.sandbox.ids import client_secret
from storefront.sandbox.intents import (
    OPEN,
    call_off,
    check_secret,
    confirmation,
    new_fields,
    refuse_confirm_only,
    take_choice,
    take_facts,
    to_cancel,
    to_confirm,
    unexpected_state,
)
from storefront.sandbox.paging import equal, page
from storefront.sandbox.resources.confirmation_tokens import BROWSER_EXTRAS
from storefront.sandbox.routing import endpoint

_HIDDEN_FROM_BROWSERS = frozenset({"metadata", "customer", "latest_attempt", "mandate", "on_behalf_of", "application"})


@endpoint("POST", "/v1/setup_intents", "SetupIntentCreateParams", extras=("payment_method_types",))
def create(call: Call) -> Document:
    nothing = ("application", "cancellation_reason", "customer", "customer_account", "description", "flow_directions",
               "last_setup_error", "latest_attempt", "mandate", "next_action", "on_behalf_of", "payment_method",
               "single_use_mandate")  # fmt: skip
    options = {"card": {"mandate_options": None, "network": None, "request_three_d_secure": "automatic"}}
    intent = call.new(
        "setup_intent", "seti", **dict.fromkeys(nothing), **new_fields(call, call.params), metadata={},
        payment_method_options=options, status="requires_payment_method", usage=call.params.get("usage", "off_session"),
    )  # fmt: skip
    intent["client_secret"] = client_secret(intent["id"])
    take_facts(call, intent)
    call.save(intent)
    call.emit("setup_intent.created", intent)
    if call.params.get("confirm"):
        return setting_up.confirm(call, intent, confirmation(call, intent))
    refuse_confirm_only(call.params, "return_url", "confirmation_token")
    return take_choice(call, intent)


@endpoint("GET", "/v1/setup_intents/<intent_id>", "SetupIntentRetrieveParams", extras=BROWSER_EXTRAS, for_browsers=True)
def retrieve(call: Call, intent_id: str) -> Document:
    intent = call.named_by_path("setup_intent", intent_id)
    check_secret(call, intent)
    return _shown(call, intent)


@endpoint("GET", "/v1/setup_intents", "SetupIntentListParams")
def list_all(call: Call) -> Document:
    return page(call, "setup_intent", *equal(call, "customer", "payment_method"))


@endpoint("POST", "/v1/setup_intents/<intent_id>", "SetupIntentUpdateParams", extras=("payment_method_types",))
def update(call: Call, intent_id: str) -> Document:
    intent = call.named_by_path("setup_intent", intent_id)
    if intent["status"] not in OPEN and set(call.params) - {"metadata", "description", "expand"}:
        message = f"This SetupIntent could not be updated because it has a status of {intent['status']}."
        raise unexpected_state(intent, message)
    new_fields(call, call.params)
    take_facts(call, intent)
    call.save(intent)
    return take_choice(call, intent)


@endpoint(
    "POST", "/v1/setup_intents/<intent_id>/confirm", "SetupIntentConfirmParams", extras=BROWSER_EXTRAS,
    for_browsers=True,
)  # fmt: skip
def confirm(call: Call, intent_id: str) -> Document:
    intent = to_confirm(call, "setup_intent", intent_id)
    if intent["status"] not in OPEN:
        message = f"You cannot confirm this SetupIntent because it has a status of {intent['status']}."
        raise unexpected_state(intent, message)
    return _shown(call, setting_up.confirm(call, intent, confirmation(call, intent)))


@endpoint("POST", "/v1/setup_intents/<intent_id>/cancel", "SetupIntentCancelParams")
def cancel(call: Call, intent_id: str) -> Document:
    intent = to_cancel(call, "setup_intent", intent_id, OPEN)
    return call_off(call, intent, call.params.get("cancellation_reason"))


def _shown(call: Call, intent: Document) -> Document:
    if not call.is_browser:
        return intent
    return {name: value for name, value in intent.items() if name not in _HIDDEN_FROM_BROWSERS}
