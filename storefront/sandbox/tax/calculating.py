"""A calculation: what the tax on some lines and their shipping is, at one address."""

import re

from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, InvalidParameterError, missing_parameter, no_such, refused
from storefront.sandbox.fields import address as address_of
from storefront.sandbox.ids import new_id
from storefront.sandbox.money import checked_currency, step_of
from storefront.sandbox.tax.levying import Piece, Taxation, levies_on, merged, told_in_all, told_of
from storefront.sandbox.tax.rates import GOODS, SHIPPING, place_of

EXPIRY_SECONDS = 90 * 86400
_MOST_LINES = 100
_TAX_DATE_SECONDS = 31 * 86400


def calculate(call: Call) -> Document:
    """A new calculation, kept with its lines, as the request's parameters want it."""
    params = call.params
    currency = checked_currency(params["currency"])
    customer = _customer_details(call)
    where = Taxation(place_of(customer["address"]), customer["taxability_override"], step_of(currency))
    calculation: Document = {
        "id": new_id("taxcalc"), "object": "tax.calculation", "livemode": False, "currency": currency,
        "customer": params.get("customer"), "customer_details": customer, "expires_at": call.now + EXPIRY_SECONDS,
        "ship_from_details": _ship_from(params), "tax_date": _tax_date(call), "_levies": [],
    }  # fmt: skip
    lines = [_line(call, calculation, where, place) for place in range(len(_sent_lines(params)))]
    shipping = _shipping(call, calculation, where)
    _add_up(calculation, lines, shipping)
    for line in reversed(lines):
        call.save(line)
    return call.save(calculation)


def lines_of(call: Call, calculation: Document) -> list[Document]:
    """In the order they were sent."""
    return call.store.select("tax.calculation_line_item", ("_calculation", "=", calculation["id"]))


def _customer_details(call: Call) -> Document:
    details = call.params.get("customer_details") or {}
    sent = details.get("address")
    if sent is None and "customer" in call.params:
        customer = call.named_by_param("customer", call.params["customer"], "customer")
        sent = (customer.get("shipping") or {}).get("address") or customer.get("address")
    if sent is None:
        # Stripe would also take an `ip_address`; which country it is in the sandbox cannot know.
        raise missing_parameter("customer_details[address]")
    return {
        "address": address_of(sent), "address_source": details.get("address_source", "shipping"),
        "ip_address": details.get("ip_address"), "tax_ids": details.get("tax_ids", []),
        "taxability_override": details.get("taxability_override", "none"),
    }  # fmt: skip


def _ship_from(params: Document) -> Document | None:
    sent = params.get("ship_from_details")
    return {"address": address_of(sent["address"])} if sent else None


def _tax_date(call: Call) -> int:
    date = int(call.params.get("tax_date", call.now))
    if abs(date - call.now) > _TAX_DATE_SECONDS:
        message = "The tax date must be within 31 days of today."
        raise refused(message, param="tax_date")
    return date


def _sent_lines(params: Document) -> list[Document]:
    sent: list[Document] = params["line_items"]
    if not sent:
        raise missing_parameter("line_items")
    if len(sent) > _MOST_LINES:
        message = f"A tax calculation can have up to {_MOST_LINES} line items."
        raise InvalidParameterError(message, param="line_items")
    return sent


def _line(call: Call, calculation: Document, where: Taxation, place: int) -> Document:
    sent, path = call.params["line_items"][place], f"line_items[{place}]"
    reference = sent.get("reference", f"L{place + 1}")
    others = [other.get("reference") for other in call.params["line_items"][:place]]
    if reference in others:
        message = f"The reference '{reference}' is used by more than one line item; references must be unique."
        raise refused(message, param=f"{path}[reference]")
    piece = Piece(
        _amount(sent["amount"], f"{path}[amount]"), _tax_code(call, sent, path), sent.get("tax_behavior", "exclusive")
    )
    levies = levies_on(piece, where)
    calculation["_levies"] += told_in_all(piece, levies, where.place)
    return {
        "id": new_id("tax_li"), "object": "tax.calculation_line_item", "livemode": False, "amount": piece.amount,
        "amount_tax": sum(levy.amount for levy in levies), "metadata": sent.get("metadata"),
        "performance_location": sent.get("performance_location"), "product": sent.get("product"),
        "quantity": sent.get("quantity", 1), "reference": reference, "tax_behavior": piece.behavior,
        "tax_code": piece.tax_code, "_calculation": calculation["id"],
        "_tax_breakdown": [told_of(levy, where.place) for levy in levies],
    }  # fmt: skip


def _shipping(call: Call, calculation: Document, where: Taxation) -> Document | None:
    sent = call.params.get("shipping_cost")
    if not sent:
        return None
    if "shipping_rate" in sent:
        if {"amount", "tax_code", "tax_behavior"} & set(sent):
            message = "You may not pass an `amount`, `tax_code` or `tax_behavior` beside a `shipping_rate`."
            raise refused(message, param="shipping_cost[shipping_rate]")
        rate = call.named_by_param("shipping_rate", sent["shipping_rate"], "shipping_cost[shipping_rate]")
        behavior = "inclusive" if rate["tax_behavior"] == "inclusive" else "exclusive"
        sent = {"amount": rate["fixed_amount"]["amount"], "shipping_rate": rate["id"], "tax_behavior": behavior,
                "tax_code": rate["tax_code"] or SHIPPING}  # fmt: skip
    piece = Piece(
        _amount(sent.get("amount", 0), "shipping_cost[amount]"),
        _known_code(sent.get("tax_code", SHIPPING), "shipping_cost[tax_code]"),
        sent.get("tax_behavior", "exclusive"),
    )
    levies = levies_on(piece, where)
    calculation["_levies"] += told_in_all(piece, levies, where.place)
    shown = {"shipping_rate": sent["shipping_rate"]} if "shipping_rate" in sent else {}
    return {**shown, "amount": piece.amount, "amount_tax": sum(levy.amount for levy in levies),
            "tax_behavior": piece.behavior, "tax_code": piece.tax_code}  # fmt: skip


def _amount(amount: int, param: str) -> int:
    if amount < 0:
        message = "This value must be greater than or equal to 0."
        raise InvalidParameterError(message, code="parameter_invalid_integer", param=param)
    return amount


def _tax_code(call: Call, sent: Document, path: str) -> str:
    if "tax_code" in sent:
        return _known_code(sent["tax_code"], f"{path}[tax_code]")
    if "product" in sent:
        product = call.named_by_param("product", sent["product"], f"{path}[product]")
        return str(product["tax_code"] or GOODS)
    return GOODS


def _known_code(tax_code: str, param: str) -> str:
    if not re.fullmatch(r"txcd_\d{8}", tax_code):
        noun = "tax code"
        raise no_such(noun, tax_code, param=param, in_path=False)
    return tax_code


def _add_up(calculation: Document, lines: list[Document], shipping: Document | None) -> None:
    pieces = [*lines, *([shipping] if shipping else [])]
    by_behavior = {
        behavior: sum(piece["amount_tax"] for piece in pieces if piece["tax_behavior"] == behavior)
        for behavior in ("exclusive", "inclusive")
    }
    calculation.update(
        amount_total=sum(piece["amount"] for piece in pieces) + by_behavior["exclusive"], shipping_cost=shipping,
        tax_amount_exclusive=by_behavior["exclusive"], tax_amount_inclusive=by_behavior["inclusive"],
        tax_breakdown=list(merged(calculation.pop("_levies"))),
    )  # fmt: skip
