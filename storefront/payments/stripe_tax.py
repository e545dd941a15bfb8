"""Asking Stripe for the tax: when a cart or its address changes, and again at the button where nothing fresh is kept."""

import datetime as dt
import secrets
from contextlib import suppress
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from flask import current_app
from sqlalchemy import delete, func, select

from storefront.core.clock import now
from storefront.core.database import current_session, end_read, transaction
from storefront.core.errors import BusyError, InvalidRequestError, ShopError
from storefront.core.jobs.queue import job
from storefront.core.money import smallest_step
from storefront.core.rate_limits import throttle_address
from storefront.customers.address_rules import rules_of
from storefront.orders.pricing import price_goods
from storefront.orders.totals import PricingContext, TaxedGoods, TaxQuestion
from storefront.shipping_and_tax.calculated_tax import MAX_AGE, fingerprint_of
from storefront.shipping_and_tax.models import TaxCalculation
from storefront.shipping_and_tax.tax import STANDARD, ZERO
from storefront.stripe.api import calculate_tax
from storefront.stripe.errors import OutcomeUnknownError, StripeRefusedError
from storefront.stripe.guard import write_slot
from storefront.stripe.objects import StripeObject

# Stripe's own codes; what has none of its own is taxed by what the account says is usual.
NONTAXABLE: Final = "txcd_00000000"
DOWNLOADS: Final = "txcd_10000000"
# Every call costs: a cart that changes more often than this in an hour is worked out at its button.
MAX_PER_CART: Final = 60
# And nobody makes carts to have it worked out for nothing.
MAX_PER_ADDRESS: Final = "300 per hour"
_NAMES: Final = {
    "gst": "GST",
    "hst": "HST",
    "igst": "IGST",
    "jct": "JCT",
    "pst": "PST",
    "qst": "QST",
    "rst": "RST",
    "vat": "VAT",
}


class TaxNotKnownError(BusyError):
    """Stripe did not tell the tax: nothing was placed."""

    words = "The tax could not be worked out just now. Nothing was charged; please try again in a moment."


class NoSuchPlaceError(InvalidRequestError):
    """Stripe knows no taxes for such an address."""

    words = (
        "We could not work out the tax for this address. Please check the postcode and the state; nothing was charged."
    )


@dataclass(frozen=True)
class _Asking:
    calculation_id: int
    request: dict[str, Any]
    key: str


def calculate_tax_ahead(wanted: dict[int, int], deal: PricingContext, cart_id: int | None = None) -> None:
    """After a change that was committed: have the tax of these goods known before the button is pressed.

    Stripe is given little time. Whatever fails is left to the button, which asks again.
    """
    if not current_app.config["SETTINGS"].stripe_tax or not wanted:
        return
    with suppress(ShopError, OutcomeUnknownError, StripeRefusedError):
        totals = price_goods(wanted, deal)
        is_often = cart_id is not None and _asked_for(cart_id) >= MAX_PER_CART
        end_read()
        if totals.tax_question is None or totals.tax_calculation is not None or totals.refusal or is_often:
            return
        with write_slot():
            _ask(totals.tax_question, cart_id)


def calculate_tax_now(question: TaxQuestion) -> None:
    """At the button: work it out, or raise TaxNotKnownError (503) or NoSuchPlaceError (422); nothing was placed then."""
    try:
        _ask(question, None)
    except OutcomeUnknownError as unknown:
        raise TaxNotKnownError from unknown
    except StripeRefusedError as refused:
        if refused.code in {"customer_tax_location_invalid", "country_code_invalid"}:
            raise NoSuchPlaceError from refused
        raise TaxNotKnownError from refused


@job("forget_tax_calculations", every_seconds=24 * 60 * 60)
def delete_old_calculations() -> None:
    """What is no longer fresh is of no more use, and holds an address; an order has its taxes itself."""
    with transaction() as session:
        old = delete(TaxCalculation).where(TaxCalculation.asked_at < now() - MAX_AGE)
        session.execute(old.execution_options(synchronize_session=False))


def _ask(question: TaxQuestion, cart_id: int | None) -> None:
    throttle_address("tax", limit=MAX_PER_ADDRESS)
    asking = _write(question, cart_id)
    try:
        facts = calculate_tax(asking.request, asking.key)
    except StripeRefusedError as refused:
        with transaction() as session:
            session.get_one(TaxCalculation, asking.calculation_id).refusal = refused.code
        raise
    _record(asking.calculation_id, facts)


def _write(question: TaxQuestion, cart_id: int | None) -> _Asking:
    """The row before the call."""
    request = {"params": request_for(question)}
    key = secrets.token_hex(20)
    with transaction() as session:
        row = TaxCalculation(
            goods_key=question.goods_key, fingerprint=fingerprint_of(question), idempotency_key=key, request=request, cart_id=cart_id,
            livemode=current_app.config["SETTINGS"].livemode,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return _Asking(row.id, request, key)


def _record(calculation_id: int, facts: StripeObject) -> None:
    with transaction() as session:
        row = session.get_one(TaxCalculation, calculation_id)
        row.stripe_id = facts["id"]
        row.expires_at = dt.datetime.fromtimestamp(facts["expires_at"], dt.UTC) if facts.get("expires_at") else None
        row.answer = {"taxes": taxes_in(facts), "total": facts["amount_total"]}


def request_for(question: TaxQuestion) -> StripeObject:
    """The question in Stripe's words."""
    place = question.place
    state = rules_of(place.country).region_code(place.region)
    where = {
        "country": place.country, "state": state, "postal_code": place.postal_code, "city": place.city,
        "line1": place.line1,
    }  # fmt: skip
    behavior = "inclusive" if question.included else "exclusive"
    params: StripeObject = {
        "currency": question.currency,
        "customer_details": {
            "address": {name: told for name, told in where.items() if told},
            "address_source": "shipping",
        },
        "line_items": [_line_item(goods, behavior) for goods in question.goods],
    }
    if question.shipping:
        params["shipping_cost"] = {"amount": question.shipping, "tax_behavior": behavior}
    return params


def _line_item(goods: TaxedGoods, behavior: str) -> StripeObject:
    item: StripeObject = {
        "amount": goods.amount, "quantity": goods.quantity, "reference": goods.reference, "tax_behavior": behavior,
    }  # fmt: skip
    code = tax_code_of(goods)
    return item | ({"tax_code": code} if code else {})


def tax_code_of(goods: TaxedGoods) -> str | None:
    """A tax class may be a tax code of Stripe's; None: what the account in Stripe's dashboard says is usual."""
    if goods.tax_class.startswith("txcd_"):
        return goods.tax_class
    if goods.tax_class == ZERO:
        return NONTAXABLE
    return DOWNLOADS if goods.is_download and goods.tax_class == STANDARD else None


def taxes_in(facts: StripeObject) -> list[dict[str, Any]]:
    """Our tax lines of an answer, the highest rate first; each a sum that can be charged."""
    step = smallest_step(facts["currency"])
    lines = [
        {
            "name": _name(told["tax_rate_details"]),
            "percentage": round(Decimal(told["tax_rate_details"]["percentage_decimal"]) * 1000),
            "base": told["taxable_amount"],
            "amount": _in_steps(told["amount"], step),
            "included": told["inclusive"],
        }
        for told in facts["tax_breakdown"]
        if told["amount"]
    ]
    return sorted(lines, key=lambda line: (-line["percentage"], line["name"]))


def _name(details: StripeObject) -> str:
    kind = details.get("tax_type") or "tax"
    name = _NAMES.get(kind, kind.replace("_", " ").capitalize())
    state = f" {details['state']}" if details.get("state") else ""
    return f"{name}{state} {details['percentage_decimal']} %"


def _in_steps(amount: int, step: int) -> int:
    return int((Decimal(amount) / step).to_integral_value(rounding=ROUND_HALF_UP)) * step


def _asked_for(cart_id: int) -> int:
    an_hour_ago = now() - dt.timedelta(hours=1)
    asked = select(func.count(TaxCalculation.id)).where(
        TaxCalculation.cart_id == cart_id, TaxCalculation.asked_at > an_hour_ago
    )
    return current_session().scalar(asked) or 0
