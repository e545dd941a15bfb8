"""Shipping rates: what a Checkout Session may offer for the way to the customer."""

from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, missing_parameter
from storefront.sandbox.fields import update_metadata, update_plain
from storefront.sandbox.money import checked_currency
from storefront.sandbox.paging import page
from storefront.sandbox.routing import endpoint


@endpoint("POST", "/v1/shipping_rates", "ShippingRateCreateParams")
def create(call: Call) -> Document:
    return new_shipping_rate(call, call.params)


@endpoint("GET", "/v1/shipping_rates/<rate_id>", "ShippingRateRetrieveParams")
def retrieve(call: Call, rate_id: str) -> Document:
    return call.named_by_path("shipping_rate", rate_id)


@endpoint("POST", "/v1/shipping_rates/<rate_id>", "ShippingRateUpdateParams")
def update(call: Call, rate_id: str) -> Document:
    rate = call.named_by_path("shipping_rate", rate_id)
    update_plain(rate, call.params, "active", "tax_behavior")
    update_metadata(rate, call.params)
    return call.save(rate)


@endpoint("GET", "/v1/shipping_rates", "ShippingRateListParams")
def list_all(call: Call) -> Document:
    return page(call, "shipping_rate")


def new_shipping_rate(call: Call, sent: Document, prefix: str = "") -> Document:
    """A rate as `shipping_rates` and `shipping_rate_data` describe it."""
    if "fixed_amount" not in sent:
        raise missing_parameter(f"{prefix}[fixed_amount]" if prefix else "fixed_amount")
    fixed = {"amount": sent["fixed_amount"]["amount"], "currency": checked_currency(sent["fixed_amount"]["currency"])}
    estimate = sent.get("delivery_estimate")
    if estimate is not None:
        estimate = {"maximum": estimate.get("maximum"), "minimum": estimate.get("minimum")}
    rate = call.new(
        "shipping_rate", "shr", active=True, delivery_estimate=estimate, display_name=sent["display_name"],
        fixed_amount=fixed, metadata={}, tax_behavior=sent.get("tax_behavior", "unspecified"),
        tax_code=sent.get("tax_code"), type="fixed_amount",
    )  # fmt: skip
    update_metadata(rate, sent)
    return call.save(rate)
