"""What a session is for: its line items, its ways of shipping, its discount, and the sums of all three."""

from decimal import Decimal

from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, InvalidParameterError, missing_parameter, refused
from storefront.sandbox.ids import new_id
from storefront.sandbox.resources.prices import cost_of, new_price
from storefront.sandbox.resources.shipping_rates import new_shipping_rate

_MOST_LINES, _MOST_SHIPPING_OPTIONS = 100, 5


def add_lines(call: Call, session: Document, sent: list[Document]) -> list[Document]:
    """The line items, not yet kept; their currency becomes the session's."""
    if not sent:
        raise missing_parameter("line_items")
    if len(sent) > _MOST_LINES:
        message = f"A Checkout Session can have up to {_MOST_LINES} line items."
        raise InvalidParameterError(message, param="line_items")
    lines = [_line(call, session, item, f"line_items[{place}]") for place, item in enumerate(sent)]
    currencies = {line["currency"] for line in lines} | {(session["currency"] or lines[0]["currency"]).lower()}
    if len(currencies) > 1:
        message = "All prices on a Checkout Session must have the same currency."
        raise refused(message, param="line_items")
    session["currency"] = lines[0]["currency"]
    return lines


def offer_shipping(call: Call, session: Document, sent: list[Document]) -> None:
    """The ways of shipping; the first counts until the customer chooses."""
    if len(sent) > _MOST_SHIPPING_OPTIONS:
        message = f"A Checkout Session can have up to {_MOST_SHIPPING_OPTIONS} shipping options."
        raise InvalidParameterError(message, param="shipping_options")
    rates = [_shipping_rate(call, option, f"shipping_options[{place}]") for place, option in enumerate(sent)]
    for rate in rates:
        if rate["fixed_amount"]["currency"] != session["currency"]:
            message = "The shipping rates of a Checkout Session must have the currency of its prices."
            raise refused(message, param="shipping_options")
    session["shipping_options"] = [
        {"shipping_amount": rate["fixed_amount"]["amount"], "shipping_rate": rate["id"]} for rate in rates
    ]


def add_discount(call: Call, session: Document, sent: list[Document], lines: list[Document]) -> None:
    """One coupon at most, shared among the lines so that they add up to the cent."""
    if len(sent) > 1:
        message = "You may only specify one discount."
        raise refused(message, param="discounts")
    for discount in sent:
        if "coupon" not in discount:
            message = "The sandbox takes coupons alone as discounts of a Checkout Session."
            raise refused(message, param="discounts[0]")
        coupon = call.named_by_param("coupon", discount["coupon"], "discounts[0][coupon]")
        if coupon["currency"] not in {None, session["currency"]}:
            message = "The coupon's currency is not that of the Checkout Session."
            raise refused(message, param="discounts[0][coupon]")
        _share(_off(coupon, sum(line["amount_subtotal"] for line in lines)), lines)
        session["discounts"] = [{"coupon": coupon["id"], "promotion_code": None}]


def add_up(session: Document, lines: list[Document], shipping_rate: str | None = None) -> None:
    """Set the session's sums, with the way of shipping chosen, or the first."""
    options = session["shipping_options"]
    chosen = next((option for option in options if option["shipping_rate"] == shipping_rate), None)
    chosen = chosen or (options[0] if options else None)
    shipping = chosen["shipping_amount"] if chosen else 0
    session["shipping_cost"] = chosen and {
        "amount_subtotal": shipping, "amount_tax": 0, "amount_total": shipping,
        "shipping_rate": chosen["shipping_rate"],
    }  # fmt: skip
    session["amount_subtotal"] = sum(line["amount_subtotal"] for line in lines)
    session["amount_total"] = sum(line["amount_total"] for line in lines) + shipping
    discount = sum(line["amount_discount"] for line in lines)
    session["total_details"] = {"amount_discount": discount, "amount_shipping": shipping, "amount_tax": 0}


def lines_of(call: Call, session: Document) -> list[Document]:
    """In the order they were sent."""
    return call.store.select("item", ("_session", "=", session["id"]))


def _line(call: Call, session: Document, sent: Document, path: str) -> Document:
    price = _price(call, sent, path)
    quantity = sent.get("quantity", (sent.get("adjustable_quantity") or {}).get("minimum"))
    if quantity is None:
        message = f"Quantity is required. Add `quantity` to `{path}`"
        raise InvalidParameterError(message, code="parameter_missing", param=f"{path}[quantity]")
    if quantity < 1:
        message = "This value must be greater than or equal to 1."
        raise InvalidParameterError(message, code="parameter_invalid_integer", param=f"{path}[quantity]")
    product = call.named_by_param("product", price["product"], f"{path}[price]")
    cost = cost_of(price, quantity)
    return {
        "id": new_id("li"), "object": "item", "adjustable_quantity": None, "amount_discount": 0,
        "amount_subtotal": cost, "amount_tax": 0, "amount_total": cost, "currency": price["currency"],
        "description": product["name"], "metadata": sent.get("metadata") or {}, "price": dict(price),
        "quantity": quantity, "_details": product["description"], "_session": session["id"],
    }  # fmt: skip


def _price(call: Call, sent: Document, path: str) -> Document:
    if "price" in sent:
        price = call.named_by_param("price", sent["price"], f"{path}[price]")
        if not price["active"]:
            message = "The price specified is inactive. This field only accepts active prices."
            raise refused(message, param=f"{path}[price]")
    elif "price_data" in sent:
        price = new_price(call, sent["price_data"], active=False, prefix=f"{path}[price_data]")
    else:
        raise missing_parameter(f"{path}[price]")
    if price["type"] == "recurring":
        message = (
            "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use"
            " only one-time prices."
        )
        raise refused(message, param=path)
    return price


def _shipping_rate(call: Call, option: Document, path: str) -> Document:
    if "shipping_rate" in option:
        return call.named_by_param("shipping_rate", option["shipping_rate"], f"{path}[shipping_rate]")
    if "shipping_rate_data" not in option:
        raise missing_parameter(f"{path}[shipping_rate]")
    return new_shipping_rate(call, option["shipping_rate_data"], f"{path}[shipping_rate_data]")


def _off(coupon: Document, subtotal: int) -> int:
    if coupon["amount_off"] is not None:
        return int(min(coupon["amount_off"], subtotal))
    part = Decimal(subtotal) * Decimal(str(coupon["percent_off"])) / 100
    return int(part.to_integral_value(rounding="ROUND_HALF_UP"))


def _share(off: int, lines: list[Document]) -> None:
    """By the size of each line; the rounding of one is made up for by the next."""
    whole, passed, given = sum(line["amount_subtotal"] for line in lines), 0, 0
    for line in lines:
        passed += line["amount_subtotal"]
        upto = off * passed // whole if whole else 0
        line["amount_discount"], given = upto - given, upto
        line["amount_total"] = line["amount_subtotal"] - line["amount_discount"]
