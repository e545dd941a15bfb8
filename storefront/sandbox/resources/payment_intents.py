"""PaymentIntents."""

from typing import Any

from storefront.sandbox import charging
from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, refused
from storefront.sandbox.fields import check_email, shipping, update_metadata, update_plain
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
from storefront.sandbox.money import check_amount, checked_currency
from storefront.sandbox.paging import equal, page
from storefront.sandbox.resources.charges import settle_captured
from storefront.sandbox.resources.confirmation_tokens import BROWSER_EXTRAS
from storefront.sandbox.resources.refunds import release
from storefront.sandbox.routing import endpoint
from storefront.sandbox.tax import recording

_PLAIN = ("capture_method", "receipt_email", "setup_future_usage", "statement_descriptor",
          "statement_descriptor_suffix", "transfer_group")  # fmt: skip
_CONFIRM_ONLY = ("return_url", "off_session", "confirmation_token", "error_on_requires_action", "mandate_data")
_CANCELABLE = OPEN | {"requires_capture", "processing"}
_CONFIRMABLE = f"Only a PaymentIntent with one of the following statuses may be confirmed: {', '.join(sorted(OPEN))}"
# All that a publishable key may see.
_SEEN_BY_BROWSERS = frozenset({
    "id", "object", "amount", "automatic_payment_methods", "canceled_at", "cancellation_reason", "capture_method",
    "client_secret", "confirmation_method", "created", "currency", "description", "last_payment_error", "livemode",
    "next_action", "payment_method", "payment_method_types", "processing", "receipt_email", "setup_future_usage",
    "shipping", "status",
})  # fmt: skip


@endpoint("POST", "/v1/payment_intents", "PaymentIntentCreateParams", extras=("payment_method_types",))
def create(call: Call) -> Document:
    params = call.params
    currency = checked_currency(params["currency"])
    check_amount(params["amount"], currency)
    intent = call.new("payment_intent", "pi", **_blank(), **new_fields(call, params))
    intent.update(
        amount=params["amount"], currency=currency, client_secret=client_secret(intent["id"]),
        confirmation_method=params.get("confirmation_method", "automatic"),
    )  # fmt: skip
    _apply(call, intent)
    call.save(intent)
    call.emit("payment_intent.created", intent)
    if params.get("confirm"):
        return charging.confirm(call, intent, confirmation(call, intent))
    refuse_confirm_only(params, *_CONFIRM_ONLY)
    return take_choice(call, intent)


@endpoint(
    "GET", "/v1/payment_intents/<intent_id>", "PaymentIntentRetrieveParams", extras=BROWSER_EXTRAS, for_browsers=True
)
def retrieve(call: Call, intent_id: str) -> Document:
    intent = call.named_by_path("payment_intent", intent_id)
    check_secret(call, intent)
    return _shown(call, intent)


@endpoint("GET", "/v1/payment_intents", "PaymentIntentListParams")
def list_all(call: Call) -> Document:
    return page(call, "payment_intent", *equal(call, "customer"))


@endpoint("POST", "/v1/payment_intents/<intent_id>", "PaymentIntentUpdateParams", extras=("payment_method_types",))
def update(call: Call, intent_id: str) -> Document:
    intent = call.named_by_path("payment_intent", intent_id)
    fixed = set(call.params) - {"metadata", "description", "receipt_email", "shipping", "expand", "transfer_group"}
    if intent["status"] not in OPEN and fixed:
        message = (
            f"This PaymentIntent's {min(fixed)} could not be updated because it has a status of"
            f" {intent['status']}. You may only update the {min(fixed)} of a PaymentIntent with one of the"
            f" following statuses: {', '.join(sorted(OPEN))}."
        )
        raise unexpected_state(intent, message)
    new_fields(call, call.params)
    if "currency" in call.params:
        intent["currency"] = checked_currency(call.params["currency"])
    intent["amount"] = call.params.get("amount", intent["amount"])
    check_amount(intent["amount"], intent["currency"])
    _apply(call, intent)
    call.save(intent)
    return take_choice(call, intent)


@endpoint(
    "POST", "/v1/payment_intents/<intent_id>/confirm", "PaymentIntentConfirmParams", extras=BROWSER_EXTRAS,
    for_browsers=True,
)  # fmt: skip
def confirm(call: Call, intent_id: str) -> Document:
    intent = to_confirm(call, "payment_intent", intent_id)
    if intent["status"] not in OPEN:
        because = (
            "it has already succeeded after being previously confirmed"
            if intent["status"] == "succeeded"
            else f"it has a status of {intent['status']}. {_CONFIRMABLE}"
        )
        raise unexpected_state(intent, f"You cannot confirm this PaymentIntent because {because}.")
    if call.is_browser and intent["confirmation_method"] == "manual":
        message = "This PaymentIntent cannot be confirmed with a publishable key: its confirmation_method is manual."
        raise unexpected_state(intent, message)
    _apply(call, intent)
    return _shown(call, charging.confirm(call, intent, confirmation(call, intent)))


@endpoint("POST", "/v1/payment_intents/<intent_id>/capture", "PaymentIntentCaptureParams")
def capture(call: Call, intent_id: str) -> Document:
    intent = call.named_by_path("payment_intent", intent_id)
    if intent["status"] != "requires_capture":
        message = (
            f"This PaymentIntent could not be captured because it has a status of {intent['status']}. Only a"
            " PaymentIntent with one of the following statuses may be captured: requires_capture."
        )
        raise unexpected_state(intent, message)
    amount = call.params.get("amount_to_capture") or intent["amount_capturable"]
    if not 1 <= amount <= intent["amount_capturable"]:
        message = f"The amount to capture must be at most {intent['amount_capturable']}."
        raise refused(message, code="amount_too_large", param="amount_to_capture")
    update_metadata(intent, call.params)
    update_plain(intent, call.params, "statement_descriptor_suffix")
    recording.link(call, intent)
    charge = call.named_by_param("charge", intent["latest_charge"], "charge")
    charge.update(amount_captured=amount, captured=True)
    call.save(charge)
    settle_captured(call, charge, at_once=False)
    call.emit("charge.captured", charge)
    intent.update(amount_capturable=0, amount_received=amount, status="succeeded")
    call.save(intent)
    recording.commit(call, intent)
    call.emit("payment_intent.succeeded", intent)
    if session := call.store.find("checkout.session", intent.get("_session") or ""):
        session["payment_status"] = "paid"
        call.save(session)
    return intent


@endpoint("POST", "/v1/payment_intents/<intent_id>/cancel", "PaymentIntentCancelParams")
def cancel(call: Call, intent_id: str) -> Document:
    intent = to_cancel(call, "payment_intent", intent_id, _CANCELABLE)
    if intent["status"] == "requires_capture":
        release(call, call.named_by_param("charge", intent["latest_charge"], "charge"))
    return call_off(call, intent, call.params.get("cancellation_reason"))


def _blank() -> Document:
    nothing = (
        "application", "application_fee_amount", "canceled_at", "cancellation_reason", "customer", "customer_account",
        "description", "last_payment_error", "latest_charge", "managed_payments", "next_action", "on_behalf_of",
        "payment_method", "payment_record", "processing", "receipt_email", "review", "setup_future_usage", "shipping",
        "source", "statement_descriptor", "statement_descriptor_suffix", "transfer_data", "transfer_group",
    )  # fmt: skip
    facts: dict[str, Any] = {
        "amount_capturable": 0, "amount_details": {"tip": {}}, "amount_received": 0,
        "capture_method": "automatic_async", "metadata": {}, "payment_method_options": {"card": _card_options()},
        "status": "requires_payment_method",
    }  # fmt: skip
    return {**dict.fromkeys(nothing), **facts}


def _apply(call: Call, intent: Document) -> None:
    params = call.params
    check_descriptors(params)
    check_email(params.get("receipt_email"), "receipt_email")
    update_plain(intent, params, *_PLAIN)
    take_facts(call, intent)
    recording.link(call, intent)
    if "shipping" in params:
        intent["shipping"] = shipping(params["shipping"])
    if "card" in (params.get("payment_method_options") or {}):
        _take_card_options(intent, params["payment_method_options"]["card"])


def _take_card_options(intent: Document, sent: Document | str) -> None:
    """An empty string unsets one option, or all of them."""
    kept = _card_options() if sent == "" else intent["payment_method_options"]["card"]
    for name, value in (sent if isinstance(sent, dict) else {}).items():
        kept.pop(name, None)
        kept |= {name: value} if value != "" else {}
    intent["payment_method_options"]["card"] = {**_card_options(), **kept}


def _card_options() -> Document:
    return {"installments": None, "mandate_options": None, "network": None, "request_three_d_secure": "automatic"}


def check_descriptors(params: Document) -> None:
    if params.get("statement_descriptor"):
        message = (
            "The `statement_descriptor` parameter is not supported for the payment method type `card`. Use"
            " `statement_descriptor_suffix` instead."
        )
        raise refused(message, code="payment_intent_invalid_parameter", param="statement_descriptor")
    suffix = params.get("statement_descriptor_suffix")
    if not suffix:
        return
    if not any(letter.isalpha() for letter in suffix) or set(suffix) & set("<>\\'\"*") or len(suffix) > 22:
        message = (
            "The statement descriptor suffix must have a letter, at most 22 characters, and none of < > \\ ' \" *."
        )
        raise refused(message, param="statement_descriptor_suffix")


def _shown(call: Call, intent: Document) -> Document:
    if not call.is_browser:
        return intent
    return {name: value for name, value in intent.items() if name in _SEEN_BY_BROWSERS}
