"""Customer sessions: what a browser may do for a customer, for half an hour."""

from typing import Any

from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, missing_parameter
from storefront.sandbox.ids import random_text
from storefront.sandbox.routing import endpoint

_LIFE_SECONDS = 1800
_ELEMENT_FEATURES: dict[str, Any] = {
    "payment_method_allow_redisplay_filters": ["always"], "payment_method_redisplay": "disabled",
    "payment_method_redisplay_limit": 3, "payment_method_remove": "disabled", "payment_method_save": "disabled",
    "payment_method_save_usage": None,
}  # fmt: skip
_OTHERS = (
    "active_entitlements", "buy_button", "customer_portal", "customer_sheet", "mobile_payment_element", "pricing_table"
)  # fmt: skip


@endpoint("POST", "/v1/customer_sessions", "CustomerSessionCreateParams")
def create(call: Call) -> Document:
    name = "customer"
    if name not in call.params:
        raise missing_parameter(name)
    call.named_by_param("customer", call.params[name], name)
    session = call.new(
        "customer_session", "cuss", client_secret=f"cuss_secret_{random_text(40)}",
        components=_components(call.params["components"]), customer=call.params["customer"], customer_account=None,
        expires_at=call.now + _LIFE_SECONDS,
    )  # fmt: skip
    return {name: value for name, value in session.items() if name != "id"}


def _components(sent: Document) -> Document:
    components: Document = {name: {"enabled": sent.get(name, {}).get("enabled", False)} for name in _OTHERS}
    for name in ("customer_sheet", "mobile_payment_element"):
        components[name]["features"] = sent.get(name, {}).get("features")
    element = sent.get("payment_element", {"enabled": False})
    features = {**_ELEMENT_FEATURES, **element.get("features", {})} if element["enabled"] else None
    components["payment_element"] = {"enabled": element["enabled"], "features": features}
    return components
