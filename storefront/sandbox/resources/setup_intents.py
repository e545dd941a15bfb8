"""SetupIntents: saving a card without paying."""

from storefront.sandbox import setting_up
from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, refused
from storefront.sandbox.fields import update_metadata, update_plain
from storefront.sandbox.ids import client_secret
from storefront.sandbox.intents import (
    OPEN,
    call_off,
    check_owner,
    check_secret,
    chosen_payment_method,
    confirmation,
    new_fields,
    refuse_hosted,
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
    _apply(call, intent)
    call.save(intent)
    call.emit("setup_intent.created", intent)
    if call.params.get("confirm"):
        return setting_up.confirm(call, intent, confirmation(call, intent))
    for name in ("return_url", "confirmation_token"):
        if name in call.params:
            message = f"You can only pass `{name}` when `confirm` is `true`."
            raise refused(message, param=name)
    return _choose(call, intent)


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
    _apply(call, intent)
    call.save(intent)
    return _choose(call, intent)


@endpoint(
    "POST", "/v1/setup_intents/<intent_id>/confirm", "SetupIntentConfirmParams", extras=BROWSER_EXTRAS,
    for_browsers=True,
)  # fmt: skip
def confirm(call: Call, intent_id: str) -> Document:
    intent = call.named_by_path("setup_intent", intent_id)
    check_secret(call, intent)
    refuse_hosted(intent, "confirm")
    if intent["status"] not in OPEN:
        message = f"You cannot confirm this SetupIntent because it has a status of {intent['status']}."
        raise unexpected_state(intent, message)
    return _shown(call, setting_up.confirm(call, intent, confirmation(call, intent)))


@endpoint("POST", "/v1/setup_intents/<intent_id>/cancel", "SetupIntentCancelParams")
def cancel(call: Call, intent_id: str) -> Document:
    intent = call.named_by_path("setup_intent", intent_id)
    refuse_hosted(intent, "cancel")
    if intent["status"] not in OPEN:
        message = (
            f"You cannot cancel this SetupIntent because it has a status of {intent['status']}. Only a SetupIntent"
            f" with one of the following statuses may be canceled: {', '.join(sorted(OPEN))}."
        )
        raise unexpected_state(intent, message)
    return call_off(call, intent, call.params.get("cancellation_reason"))


def _apply(call: Call, intent: Document) -> None:
    update_plain(intent, call.params, "description")
    update_metadata(intent, call.params)
    if "customer" in call.params:
        intent["customer"] = call.named_by_param("customer", call.params["customer"], "customer")["id"]


def _choose(call: Call, intent: Document) -> Document:
    if not {"payment_method", "payment_method_data"} & set(call.params):
        return intent
    payment_method, _ = chosen_payment_method(call, intent)
    if payment_method is not None:
        check_owner(payment_method, intent)
        intent.update(payment_method=payment_method["id"], status="requires_confirmation")
    return call.save(intent)


def _shown(call: Call, intent: Document) -> Document:
    if not call.is_browser:
        return intent
    return {name: value for name, value in intent.items() if name not in _HIDDEN_FROM_BROWSERS}
