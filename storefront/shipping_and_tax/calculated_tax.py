"""Taxes that Stripe works out. Pure: a total before tax and the answers there are go in, tax lines or the question come out."""

import dataclasses
import datetime as dt
import hashlib
import json
from typing import Any, Final

from storefront.core.money import Money
from storefront.orders.totals import Destination, PricingContext, TaxedGoods, TaxLine, TaxQuestion, Totals
from storefront.shipping_and_tax.rules import ShippingAndTaxRules, TaxAnswer
from storefront.shipping_and_tax.tax import taxed_at

# Rates change at midnight; a calculation that is a day old is made anew, though Stripe keeps it for ninety.
MAX_AGE: Final = dt.timedelta(days=1)


class TaxCalculationUsedError(Exception):
    """Another order has this calculation by now: it can be committed only once."""


def goods_key_of(wanted: dict[int, int], deal: PricingContext) -> str:
    """The same for the same goods to the same place: what is known before anything is priced."""
    place = dataclasses.astuple(deal.destination) if deal.destination else None
    return _hash([sorted(wanted.items()), place])


def fingerprint_of(question: TaxQuestion) -> str:
    """The same for the same question alone."""
    return _hash(dataclasses.asdict(question))


def with_calculated_taxes(untaxed: Totals, terms: ShippingAndTaxRules, deal: PricingContext) -> Totals:
    """The total with what Stripe answered to its question; what was never asked has the question alone.

    It is `tax_unknown` then where the tax comes on top: a price that includes it stays what it is.
    An answer that another order was placed with still tells the total, but no order can be placed with it.
    """
    if not untaxed.total:
        return untaxed
    place = taxed_at(untaxed, terms, deal.destination)
    if place is None:
        return dataclasses.replace(untaxed, tax_unknown=True)
    question = _question_about(untaxed, terms, place, deal)
    answer = _best_of(terms.answers, fingerprint_of(question))
    if answer is None:
        return dataclasses.replace(untaxed, tax_question=question, tax_unknown=not terms.prices_include_tax)
    return dataclasses.replace(
        untaxed,
        taxes=tuple(_tax_line(told, terms.currency) for told in answer.taxes),
        tax_question=question,
        tax_calculation=None if answer.is_taken else answer.stripe_id,
    )


def _question_about(
    untaxed: Totals, terms: ShippingAndTaxRules, place: Destination, deal: PricingContext
) -> TaxQuestion:
    goods = tuple(
        TaxedGoods(
            reference=str(line.variant_id),
            amount=line.left.minor,
            quantity=line.quantity,
            tax_class=line.tax_class,
            is_download=line.has_assets and not line.requires_shipping,
        )
        for line in untaxed.lines
    )
    goods_key = goods_key_of({line.variant_id: line.quantity for line in untaxed.lines}, deal)
    return TaxQuestion(goods_key, terms.currency, place, terms.prices_include_tax, goods, untaxed.shipping.minor)


def _best_of(answers: tuple[TaxAnswer, ...], fingerprint: str) -> TaxAnswer | None:
    """The newest that no order has; else the newest."""
    same = [one for one in answers if one.fingerprint == fingerprint]
    return max(same, key=lambda one: (not one.is_taken, one.id), default=None)


def _tax_line(told: dict[str, Any], currency: str) -> TaxLine:
    return TaxLine(
        name=told["name"],
        percentage=told["percentage"],
        base=Money(told["base"], currency),
        amount=Money(told["amount"], currency),
        included=told["included"],
    )


def _hash(facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
