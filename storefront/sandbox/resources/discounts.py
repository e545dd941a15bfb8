"""Discounts of customers: a coupon on everything they are invoiced, as versions before 2025-03-31.basil can give it."""

import calendar
from datetime import UTC, datetime

from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, InvalidParameterError, StripeError
from storefront.sandbox.events import snapshot
from storefront.sandbox.ids import new_id
from storefront.sandbox.routing import endpoint

GONE_SINCE = "2025-03-31"


@endpoint("DELETE", "/v1/customers/<customer_id>/discount", "CustomerDeleteDiscountParams")
def delete(call: Call, customer_id: str) -> Document:
    customer = call.named_by_path("customer", customer_id)
    discount = customer["discount"]
    if discount is None:
        message = f"No active discount for customer: {customer_id}"
        raise StripeError(404, message, code="resource_missing", param="customer")
    customer["discount"] = None
    call.save(customer)
    call.emit("customer.discount.deleted", discount)
    return {**discount, "deleted": True}


def take_coupon(call: Call, customer: Document) -> None:
    """`coupon` of create and update; an empty string takes the discount away."""
    if "coupon" not in call.params:
        return
    if call.version >= GONE_SINCE:
        message = "Received unknown parameter: coupon"
        raise InvalidParameterError(message, code="parameter_unknown", param="coupon")
    before = customer["discount"]
    if call.params["coupon"] == "":
        customer["discount"] = None
        if before is not None:
            call.emit("customer.discount.deleted", before)
        return
    coupon = call.named_by_param("coupon", call.params["coupon"], "coupon")
    customer["discount"] = _discount(call, customer, coupon)
    call.emit(f"customer.discount.{'created' if before is None else 'updated'}", customer["discount"])


def _discount(call: Call, customer: Document, coupon: Document) -> Document:
    coupon["times_redeemed"] += 1
    call.save(coupon)
    nothing = ("checkout_session", "customer_account", "invoice", "invoice_item", "promotion_code", "subscription",
               "subscription_item")  # fmt: skip
    return {
        "id": new_id("di"), "object": "discount", **dict.fromkeys(nothing), "customer": customer["id"],
        "end": _end(call.now, coupon), "source": {"coupon": snapshot(coupon)["id"], "type": "coupon"},
        "start": call.now,
    }  # fmt: skip


def _end(start: int, coupon: Document) -> int | None:
    """When a coupon of some months runs out: on the same day of a later month, or its last."""
    if coupon["duration"] != "repeating" or not coupon["duration_in_months"]:
        return None
    moment = datetime.fromtimestamp(start, UTC)
    year, month = divmod(moment.month - 1 + coupon["duration_in_months"], 12)
    year, month = moment.year + year, month + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return int(moment.replace(year=year, month=month, day=day).timestamp())
