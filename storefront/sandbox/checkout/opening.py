"""A session is opened: its parameters judged, its sums made, its page named."""

from typing import Any
from urllib.parse import urlsplit

from storefront.sandbox.call import Call
from storefront.sandbox.checkout import EXPIRY, lines
from storefront.sandbox.errors import Document, InvalidParameterError, StripeError, missing_parameter, refused
from storefront.sandbox.fields import address, check_email, update_metadata
from storefront.sandbox.ids import random_text
from storefront.sandbox.intents import new_fields
from storefront.sandbox.money import check_amount, checked_currency
from storefront.sandbox.resources import setup_intents
from storefront.sandbox.resources.payment_intents import check_descriptors

_SHORTEST, _LONGEST = 30 * 60, 24 * 3600
_HOSTED = "hosted_page"
_NOTHING = (
    "amount_subtotal", "amount_total", "client_secret", "collected_information", "consent", "currency_conversion",
    "customer_account", "customer_details", "discounts", "invoice", "payment_intent", "payment_link",
    "recovered_from", "setup_intent", "shipping_cost", "subscription", "total_details",
)  # fmt: skip
_AS_SENT = (
    "allow_promotion_codes", "billing_address_collection", "cancel_url", "client_reference_id", "consent_collection",
    "currency", "customer", "customer_creation", "customer_email", "integration_identifier", "locale",
    "origin_context", "payment_method_collection", "permissions", "shipping_address_collection", "submit_type",
    "success_url", "wallet_options",
)  # fmt: skip


def open_session(call: Call) -> Document:
    """A new session, as its parameters say; nothing is charged or held yet."""
    params = call.params
    _check(call, params)
    session = call.new(
        "checkout.session", "cs", id=f"cs_test_{random_text(58)}", **dict.fromkeys(_NOTHING),
        **{name: params.get(name) for name in _AS_SENT}, **_facts(call, params),
    )  # fmt: skip
    session["url"] = f"{call.sandbox.public_url}/pay/{session['id']}"
    session["payment_method_types"] = new_fields(call, params)["payment_method_types"]
    update_metadata(session, params)
    _name_customer(call, session)
    if session["mode"] == "setup":
        _prepare_set_up(call, session)
    else:
        _price(call, session)
    call.save(session)
    call.sandbox.tasks.plan_at(EXPIRY, session["id"], session["expires_at"])
    return session


def _check(call: Call, params: Document) -> None:
    if "mode" not in params:
        raise missing_parameter("mode")
    if params["mode"] == "subscription":
        raise refused("The sandbox has no subscriptions: `mode` is `payment` or `setup`.", param="mode")
    if params.get("ui_mode", _HOSTED) != _HOSTED:
        raise refused("The sandbox has the hosted page alone: `ui_mode` is `hosted_page`.", param="ui_mode")
    if "success_url" not in params:
        raise missing_parameter("success_url")
    for name in ("success_url", "cancel_url"):
        _check_url(params.get(name), name)
    _check_customer(call, params)
    if params["mode"] == "setup":
        _check_set_up(params)
    _check_expiry(call, params.get("expires_at"))


def _check_url(url: str | None, name: str) -> None:
    if url is not None and (urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).netloc):
        message = "Not a valid URL"
        raise InvalidParameterError(message, code="url_invalid", param=name)


def _check_customer(call: Call, params: Document) -> None:
    check_email(params.get("customer_email"), "customer_email")
    for name in ("customer_email", "customer_creation"):
        if "customer" in params and name in params:
            message = f"You may only specify one of these parameters: customer, {name}."
            raise refused(message, code="parameters_exclusive", param="customer")
    if "customer" in params:
        call.named_by_param("customer", params["customer"], "customer")


def _check_set_up(params: Document) -> None:
    for name in ("line_items", "payment_intent_data", "shipping_options", "discounts"):
        if name in params:
            message = f"You can not pass `{name}` in `setup` mode."
            raise refused(message, param=name)
    if not {"currency", "allowed_payment_method_types", "payment_method_types"} & set(params):
        raise missing_parameter("currency")


def _check_expiry(call: Call, expires_at: int | None) -> None:
    if expires_at is None or _SHORTEST <= expires_at - call.now <= _LONGEST:
        return
    bound = "at least 30 minutes" if expires_at - call.now < _SHORTEST else "less than 24 hours"
    message = f"The `expires_at` timestamp must be {bound} from Checkout Session creation."
    raise StripeError(400, message, param="expires_at")


def _facts(call: Call, params: Document) -> Document:
    after = params.get("after_expiration", {}).get("recovery")
    recovery = after and {"allow_promotion_codes": after.get("allow_promotion_codes", False),
                          "enabled": after["enabled"], "expires_at": None, "url": None}  # fmt: skip
    taxed = params.get("automatic_tax", {}).get("enabled", False)
    facts: dict[str, Any] = {
        "adaptive_pricing": {"enabled": params.get("adaptive_pricing", {}).get("enabled", True)},
        "after_expiration": {"recovery": recovery} if recovery else None,
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "automatic_tax": {"enabled": taxed, "liability": {"type": "self"} if taxed else None,
                          "provider": "stripe" if taxed else None, "status": "complete" if taxed else None},
        "custom_fields": [],
        "custom_text": {"after_submit": None, "shipping_address": None, "submit": None,
                        "terms_of_service_acceptance": None, **_texts(params)},
        "expires_at": params.get("expires_at", call.now + _LONGEST), "invoice_creation": None,
        "managed_payments": {"enabled": False}, "metadata": {}, "mode": params["mode"],
        "payment_method_configuration_details": {"id": f"pmc_{random_text(14)}", "parent": None},
        "payment_method_options": {"card": {"request_three_d_secure": _three_d_secure(params)}},
        "payment_status": "unpaid" if params["mode"] == "payment" else "no_payment_required",
        "phone_number_collection": {"enabled": False}, "saved_payment_method_options": _saving(params),
        "shipping_options": [], "status": "open", "ui_mode": _HOSTED,
        "_allow_redisplay": params.get("payment_method_data", {}).get("allow_redisplay"),
        "_intent_data": params.get("payment_intent_data") or params.get("setup_intent_data") or {},
    }  # fmt: skip
    return facts


def _texts(params: Document) -> Document:
    return {name: text or None for name, text in params.get("custom_text", {}).items()}


def _three_d_secure(params: Document) -> str:
    card = (params.get("payment_method_options") or {}).get("card") or {}
    return str(card.get("request_three_d_secure", "automatic"))


def _saving(params: Document) -> Document | None:
    sent = params.get("saved_payment_method_options")
    if sent is None and "customer" not in params:
        return None
    return {"allow_redisplay_filters": ["always"], "payment_method_remove": "disabled",
            "payment_method_save": None, **(sent or {})}  # fmt: skip


def _name_customer(call: Call, session: Document) -> None:
    email, name = session["customer_email"], None
    if session["customer"]:
        customer = call.named_by_param("customer", session["customer"], "customer")
        email, name = customer["email"], customer["name"]
    elif session["customer_creation"] is None:
        session["customer_creation"] = "if_required"
    if email:
        session["customer_details"] = details(email, name)


def details(email: str | None, name: str | None = None) -> Document:
    """Who pays, as far as it is known."""
    return {"address": address({}) if name else None, "business_name": None, "email": email, "individual_name": None,
            "name": name, "phone": None, "tax_exempt": "none", "tax_ids": []}  # fmt: skip


def _price(call: Call, session: Document) -> None:
    params = call.params
    check_descriptors(session["_intent_data"])
    sold = lines.add_lines(call, session, params.get("line_items", []))
    lines.offer_shipping(call, session, params.get("shipping_options", []))
    lines.add_discount(call, session, params.get("discounts", []), sold)
    for line in reversed(sold):  # lists tell the newest first
        call.save(line)
    lines.add_up(session, sold)
    if session["amount_total"]:
        check_amount(session["amount_total"], session["currency"])


def _prepare_set_up(call: Call, session: Document) -> None:
    if session["currency"]:
        session["currency"] = checked_currency(session["currency"])
    wanted = {name: session["_intent_data"][name] for name in ("description", "metadata")
              if name in session["_intent_data"]}  # fmt: skip
    if session["customer"]:
        wanted["customer"] = session["customer"]
    intent = setup_intents.create(Call(call.sandbox, wanted, request_id=call.request_id))
    intent["_session"] = session["id"]
    call.save(intent)
    session["setup_intent"] = intent["id"]
