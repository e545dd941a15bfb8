"""Coupons: a part or an amount off a Checkout Session."""

import copy

from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, missing_parameter, refused
from storefront.sandbox.events import changes
from storefront.sandbox.fields import update_metadata, update_plain
from storefront.sandbox.ids import random_text
from storefront.sandbox.money import checked_currency
from storefront.sandbox.paging import page
from storefront.sandbox.routing import endpoint


@endpoint("POST", "/v1/coupons", "CouponCreateParams")
def create(call: Call) -> Document:
    params = call.params
    if ("percent_off" in params) == ("amount_off" in params):
        message = "Must provide percent_off or amount_off."
        raise refused(message, param="percent_off")
    if "amount_off" in params and "currency" not in params:
        raise missing_parameter("currency")
    coupon_id = params.get("id") or random_text(8)
    if call.store.find_any(coupon_id) is not None:
        message = f"Coupon already exists: {coupon_id}"
        raise refused(message, code="resource_already_exists", param="id")
    percent = params.get("percent_off")
    coupon = call.new(
        "coupon", "coupon", id=coupon_id, amount_off=params.get("amount_off"),
        currency=checked_currency(params["currency"]) if "amount_off" in params else None,
        duration=params.get("duration", "once"), duration_in_months=params.get("duration_in_months"),
        max_redemptions=params.get("max_redemptions"), metadata={}, name=params.get("name"),
        percent_off=None if percent is None else float(percent), redeem_by=params.get("redeem_by"), times_redeemed=0,
        valid=True,
    )  # fmt: skip
    update_metadata(coupon, params)
    call.save(coupon)
    call.emit("coupon.created", coupon)
    return coupon


@endpoint("GET", "/v1/coupons/<coupon_id>", "CouponRetrieveParams")
def retrieve(call: Call, coupon_id: str) -> Document:
    return call.named_by_path("coupon", coupon_id)


@endpoint("GET", "/v1/coupons", "CouponListParams")
def list_all(call: Call) -> Document:
    return page(call, "coupon", ("livemode", "=", 0))


@endpoint("POST", "/v1/coupons/<coupon_id>", "CouponUpdateParams")
def update(call: Call, coupon_id: str) -> Document:
    """Name, metadata and amounts in other currencies; the rest is what was promised, and stays."""
    coupon = call.named_by_path("coupon", coupon_id)
    before = copy.deepcopy(coupon)
    update_plain(coupon, call.params, "name")
    update_metadata(coupon, call.params)
    if "currency_options" in call.params:
        coupon["_currency_options"] = coupon.get("_currency_options", {}) | call.params["currency_options"]
    call.save(coupon)
    call.emit("coupon.updated", coupon, changes(before, coupon))
    return coupon


@endpoint("DELETE", "/v1/coupons/<coupon_id>", "CouponDeleteParams")
def delete(call: Call, coupon_id: str) -> Document:
    coupon = call.named_by_path("coupon", coupon_id)
    call.emit("coupon.deleted", coupon)
    gone = {"id": coupon_id, "object": "coupon", "deleted": True}
    coupon.clear()
    coupon.update(gone)
    return call.save(coupon)
