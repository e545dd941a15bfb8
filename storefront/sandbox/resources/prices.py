"""Prices: what one of a product costs."""

from decimal import Decimal

from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, InvalidParameterError, missing_parameter, refused
from storefront.sandbox.fields import update_metadata, update_plain
from storefront.sandbox.money import checked_currency
from storefront.sandbox.paging import equal, page
from storefront.sandbox.resources.products import new_product
from storefront.sandbox.routing import endpoint


@endpoint("POST", "/v1/prices", "PriceCreateParams")
def create(call: Call) -> Document:
    price = new_price(call, call.params)
    call.emit("price.created", price)
    return price


@endpoint("GET", "/v1/prices/<price_id>", "PriceRetrieveParams")
def retrieve(call: Call, price_id: str) -> Document:
    return call.named_by_path("price", price_id)


@endpoint("POST", "/v1/prices/<price_id>", "PriceUpdateParams")
def update(call: Call, price_id: str) -> Document:
    price = call.named_by_path("price", price_id)
    update_plain(price, call.params, "active", "nickname", "lookup_key", "tax_behavior")
    update_metadata(price, call.params)
    call.save(price)
    call.emit("price.updated", price, {})
    return price


@endpoint("GET", "/v1/prices", "PriceListParams")
def list_all(call: Call) -> Document:
    return page(call, "price", *equal(call, "product", "currency", "type"))


def new_price(call: Call, sent: Document, *, active: bool = True, prefix: str = "") -> Document:
    """A price as `prices` and `price_data` describe it, with its product if that is new."""
    whole, exact = _amounts(sent, prefix)
    recurring = sent.get("recurring")
    if recurring is not None:
        recurring = {"interval": recurring["interval"], "interval_count": recurring.get("interval_count", 1),
                     "meter": None, "trial_period_days": None, "usage_type": "licensed"}  # fmt: skip
    price = call.new(
        "price", "price", active=sent.get("active", active), billing_scheme="per_unit",
        currency=checked_currency(sent["currency"]), custom_unit_amount=None, lookup_key=sent.get("lookup_key"),
        metadata={}, nickname=sent.get("nickname"), product=_product(call, sent, prefix, active=active),
        recurring=recurring, tax_behavior=sent.get("tax_behavior", "unspecified"), tiers_mode=None,
        transform_quantity=None, type="one_time" if recurring is None else "recurring", unit_amount=whole,
        unit_amount_decimal=exact,
    )  # fmt: skip
    update_metadata(price, sent)
    return call.save(price)


def cost_of(price: Document, quantity: int) -> int:
    """What so many cost, in whole smallest units."""
    return int((Decimal(price["unit_amount_decimal"]) * quantity).to_integral_value(rounding="ROUND_HALF_UP"))


def _amounts(sent: Document, prefix: str) -> tuple[int | None, str]:
    whole, exact = sent.get("unit_amount"), sent.get("unit_amount_decimal")
    if (whole is None) == (exact is None):
        name = f"{prefix}[unit_amount]" if prefix else "unit_amount"
        if whole is None:
            raise missing_parameter(name)
        message = "You may only specify one of these parameters: unit_amount, unit_amount_decimal."
        raise refused(message, code="parameters_exclusive", param=name)
    amount = Decimal(str(whole if exact is None else exact))
    if amount < 0:
        message = "Invalid non-negative integer"
        raise InvalidParameterError(message, code="parameter_invalid_integer", param=f"{prefix}[unit_amount]")
    is_whole = amount == amount.to_integral_value()
    return int(amount) if is_whole else None, str(int(amount)) if is_whole else f"{amount.normalize():f}"


def _product(call: Call, sent: Document, prefix: str, *, active: bool) -> str:
    if "product" in sent:
        name = f"{prefix}[product]" if prefix else "product"
        return str(call.named_by_param("product", sent["product"], name)["id"])
    if "product_data" not in sent:
        raise missing_parameter(f"{prefix}[product]" if prefix else "product")
    return str(new_product(call, sent["product_data"], active=active)["id"])
