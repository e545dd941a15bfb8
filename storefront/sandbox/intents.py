"""What confirming a payment and confirming a set-up have in common."""

from dataclasses import dataclass

from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, StripeError, missing_parameter, refused
from storefront.sandbox.events import snapshot
from storefront.sandbox.fields import check_url, shipping, update_metadata, update_plain
from storefront.sandbox.resources.confirmation_tokens import redeem
from storefront.sandbox.resources.payment_method_configurations import chosen_configuration
from storefront.sandbox.resources.payment_methods import from_data, usable

AUTOMATIC_SINCE = "2023-08-16"
REFUSES_TYPES_SINCE = "2026-09-30"
OPEN = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})


@dataclass(frozen=True)
class Confirmation:
    """One confirm: the card, and how the browser wants to be asked for more."""

    payment_method: Document
    off_session: bool = False
    use_stripe_sdk: bool = False
    return_url: str | None = None
    refuses_challenge: bool = False


def new_fields(call: Call, params: Document) -> Document:
    """Fields of a new intent that say by which methods it may be paid."""
    types = _payment_method_types(call, params)
    automatic = types is None and call.version >= AUTOMATIC_SINCE and not params.get("allowed_payment_method_types")
    given = params.get("automatic_payment_methods")
    if given is None and automatic:
        given = {"enabled": True}
    methods = {"allow_redirects": "always", **given} if given and given["enabled"] else None
    configuration = chosen_configuration(call, params.get("payment_method_configuration")) if methods else None
    return {
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "automatic_payment_methods": methods,
        "excluded_payment_method_types": params.get("excluded_payment_method_types"),
        "payment_method_configuration_details": configuration,
        # What the filter leaves of what the account has: cards and debits here.
        "payment_method_types": types or _left_by(params.get("allowed_payment_method_types")),
    }


def _left_by(allowed: list[str] | None) -> list[str]:
    return [kind for kind in ("card", "sepa_debit") if kind in allowed] if allowed else ["card"]


def _payment_method_types(call: Call, params: Document) -> list[str] | None:
    sent = params.get("payment_method_types")
    if sent is None:
        return None
    if call.version >= REFUSES_TYPES_SINCE:
        message = (
            "`payment_method_types` is no longer supported. Use `allowed_payment_method_types`, or manage payment"
            " methods in the Dashboard."
        )
        raise refused(message, code="payment_method_types_no_longer_supported", param="payment_method_types")
    return list(sent.values()) if isinstance(sent, dict) else [str(sent)]


def confirmation(call: Call, intent: Document) -> Confirmation:
    """The card and the manner of this confirm, from its parameters and the intent."""
    off_session = call.params.get("off_session") not in {None, False}
    payment_method, token = chosen_payment_method(call, intent)
    if payment_method is None:
        noun = noun_of(intent)
        message = (
            f"You cannot confirm this {noun} because it's missing a payment method. You can either update the {noun}"
            f" with a payment method and then confirm it again, or confirm it again directly with a payment method or"
            f" ConfirmationToken."
        )
        raise unexpected_state(intent, message)
    return_url = call.params.get("return_url") or (token or {}).get("return_url")
    _check_return_url(call, intent, return_url, off_session=off_session)
    _check_off_session(intent, off_session=off_session)
    check_owner(payment_method, intent)
    check_type(payment_method, intent)
    return Confirmation(
        payment_method, off_session, bool(call.params.get("use_stripe_sdk")) or call.is_browser, return_url,
        bool(call.params.get("error_on_requires_action")),
    )  # fmt: skip


def chosen_payment_method(call: Call, intent: Document) -> tuple[Document | None, Document | None]:
    """The PaymentMethod a request names in one of four ways, and the confirmation token if it was that."""
    params = call.params
    ways = [name for name in ("payment_method", "payment_method_data", "confirmation_token") if name in params]
    if len(ways) > 1 and "confirmation_token" in ways:
        message = f"You may only specify one of these parameters: {', '.join(ways)}."
        raise refused(message, code="parameters_exclusive", param="confirmation_token")
    if "confirmation_token" in params:
        token, payment_method = redeem(call, params["confirmation_token"], intent)
        _take_from_token(call, intent, token)
        return payment_method, token
    if "payment_method_data" in params:
        return from_data(call, params["payment_method_data"], prefix="payment_method_data"), None
    reference = params.get("payment_method") or intent["payment_method"]
    return (usable(call, reference) if reference else None), None


def _take_from_token(call: Call, intent: Document, token: Document) -> None:
    if "setup_future_usage" not in call.params and "setup_future_usage" in intent and token["setup_future_usage"]:
        intent["setup_future_usage"] = token["setup_future_usage"]
    if "shipping" in intent and intent["shipping"] is None and token["shipping"]:
        intent["shipping"] = shipping(token["shipping"])


def check_type(payment_method: Document, intent: Document) -> None:
    """Only what the intent may be paid with; and only a card is saved by a SetupIntent here."""
    kind = payment_method["type"]
    types = ["card"] if intent["object"] == "setup_intent" else intent["payment_method_types"]
    if kind not in types:
        message = (
            f"The PaymentMethod provided ({kind}) is not allowed for this {noun_of(intent)}. Please attach one of the"
            f" following types of PaymentMethods: {', '.join(types)}."
        )
        raise refused(message, code=_invalid_parameter(intent), param="payment_method")


def check_owner(payment_method: Document, intent: Document) -> None:
    """A card attached to a customer is charged for that customer alone."""
    owner, customer = payment_method["customer"], intent["customer"]
    if owner is None or owner == customer:
        return
    if customer is None:
        message = (
            f"The payment method supplied ({payment_method['id']}) belongs to a Customer. Please include the Customer"
            f" in the `customer` parameter on the {noun_of(intent)}."
        )
        raise refused(message, code=_invalid_parameter(intent), param="payment_method")
    message = (
        f"The customer does not have a payment method with the ID {payment_method['id']}. The payment method must be"
        " attached to the customer."
    )
    raise refused(message, code="resource_missing", param="payment_method")


def _invalid_parameter(intent: Document) -> str:
    return f"{intent['object']}_invalid_parameter"


def _check_off_session(intent: Document, *, off_session: bool) -> None:
    if off_session and intent.get("setup_future_usage"):
        message = (
            "You cannot confirm with the `off_session` parameter when `setup_future_usage` is also set on the"
            " PaymentIntent because you cannot set up future usages when processing payments off-session."
        )
        raise refused(message, code=_invalid_parameter(intent), param="off_session")


def _check_return_url(call: Call, intent: Document, return_url: str | None, *, off_session: bool) -> None:
    check_url(return_url, "return_url")
    automatic = intent["automatic_payment_methods"]
    may_redirect = intent["allowed_payment_method_types"] or (automatic and automatic["allow_redirects"] != "never")
    if not may_redirect or off_session or return_url or call.version < AUTOMATIC_SINCE:
        return
    noun = "Payment Intent" if intent["object"] == "payment_intent" else "Setup Intent"
    message = (
        f"A `return_url` must be specified because this {noun} is configured to automatically accept the payment"
        " methods enabled in the Dashboard, some of which may require a full page redirect to succeed. If you do not"
        " want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and"
        f" `automatic_payment_methods[allow_redirects]` to `never` when creating {noun}s and confirming them."
    )
    raise refused(message, param="return_url")


def to_confirm(call: Call, kind: str, intent_id: str) -> Document:
    """The intent that a request confirms: the browser's own, and not that of a Checkout Session."""
    intent = call.named_by_path(kind, intent_id)
    check_secret(call, intent)
    _refuse_hosted(intent, "confirm")
    return intent


def to_cancel(call: Call, kind: str, intent_id: str, statuses: frozenset[str]) -> Document:
    """The intent that a request cancels, in one of these statuses."""
    intent = call.named_by_path(kind, intent_id)
    _refuse_hosted(intent, "cancel")
    if intent["status"] not in statuses:
        noun = noun_of(intent)
        message = (
            f"You cannot cancel this {noun} because it has a status of {intent['status']}. Only a {noun}"
            f" with one of the following statuses may be canceled: {', '.join(sorted(statuses))}."
        )
        raise unexpected_state(intent, message)
    return intent


def take_facts(call: Call, intent: Document) -> None:
    """Whose it is, and what the shop wants to remember of it."""
    update_plain(intent, call.params, "description")
    update_metadata(intent, call.params)
    if "customer" in call.params:
        intent["customer"] = call.named_by_param("customer", call.params["customer"], "customer")["id"]


def take_choice(call: Call, intent: Document) -> Document:
    """Remember a card that is not confirmed yet, or forget the one there was."""
    if call.params.get("payment_method") == "":
        intent.update(next_action=None, payment_method=None, status="requires_payment_method", _challenge=None)
        return call.save(intent)
    if not {"payment_method", "payment_method_data"} & set(call.params):
        return intent
    payment_method, _ = chosen_payment_method(call, intent)
    if payment_method is not None:
        check_owner(payment_method, intent)
        intent.update(payment_method=payment_method["id"], status="requires_confirmation")
    return call.save(intent)


def refuse_confirm_only(params: Document, *names: str) -> None:
    """These mean something only while confirming."""
    for name in names:
        if name in params:
            message = f"You can only pass `{name}` when `confirm` is `true`."
            raise refused(message, param=name)


def _refuse_hosted(intent: Document, deed: str) -> None:
    """The intent of a Checkout Session is confirmed by its page, and called off by expiring it."""
    if intent.get("_session") and intent["status"] != "requires_capture":
        noun = noun_of(intent)
        message = (
            f"You cannot {deed} this {noun}: it was created by a Checkout Session. To cancel it, expire the Checkout"
            f" Session instead."
        )
        raise unexpected_state(intent, message)


def call_off(call: Call, intent: Document, reason: str | None) -> Document:
    if intent["object"] == "payment_intent":
        intent.update(amount_capturable=0, canceled_at=call.now)
    intent.update(cancellation_reason=reason, next_action=None, status="canceled", _challenge=None)
    call.save(intent)
    call.emit(f"{intent['object']}.canceled", intent)
    return intent


def noun_of(intent: Document) -> str:
    return "PaymentIntent" if intent["object"] == "payment_intent" else "SetupIntent"


def unexpected_state(intent: Document, message: str) -> StripeError:
    return refused(message, code=f"{intent['object']}_unexpected_state", **{intent["object"]: snapshot(intent)})


def check_secret(call: Call, intent: Document) -> None:
    """A browser proves itself with the intent's client secret."""
    if not call.is_browser:
        return
    sent = call.params.get("client_secret")
    if sent is None:
        raise missing_parameter("client_secret")
    if sent != intent["client_secret"]:
        message = f"The client_secret provided does not match the client_secret associated with {intent['id']}."
        raise refused(message, code=f"{intent['object']}_invalid_parameter", param="client_secret")
