"""Taxes by the shop's own rates. Pure: totals before tax go in, tax lines come out.

Rounding: everything taxed at the same rate is summed over the whole order, shipping with it, and the tax of that sum is
rounded once, half up, to what the currency can pay in.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final

from storefront.core.money import Money, smallest_step
from storefront.customers.address_rules import same_region
from storefront.orders.totals import Destination, TaxLine, Totals
from storefront.shipping_and_tax.rules import ShippingAndTaxRules, TaxRule

STANDARD: Final = "standard"
SHIPPING: Final = "shipping"
# Nothing is due on it, unless a rate says so.
ZERO: Final = "zero"
WHOLE: Final = 100_000  # thousandths of a percent in one

_Named = tuple[str, int]


def taxed_at(totals: Totals, terms: ShippingAndTaxRules, destination: Destination | None) -> Destination | None:
    """Whose taxes count: the destination's; home's for what is fetched there, and for prices that include tax while nobody knows."""
    home = Destination(terms.home_country)
    if totals.way is not None and totals.way.pick_up:
        return home
    return destination or (home if terms.prices_include_tax else None)


def taxes_on(totals: Totals, terms: ShippingAndTaxRules, place: Destination | None) -> tuple[TaxLine, ...]:
    """The taxes of an order, the highest rate first; none while nobody knows where it goes."""
    if place is None:
        return ()
    bases: dict[_Named, Fraction] = defaultdict(Fraction)
    amounts: dict[_Named, Fraction] = defaultdict(Fraction)
    for tax_class, paid in _paid_by_class(totals).items():
        rules = rules_for(tax_class, terms.taxes, place)
        together = sum(rule.percentage for rule in rules)
        base = Fraction(paid * WHOLE, WHOLE + together) if terms.prices_include_tax else Fraction(paid)
        for rule in rules:
            bases[rule.name, rule.percentage] += base
            amounts[rule.name, rule.percentage] += base * rule.percentage / WHOLE
    return tuple(
        _tax_line(named, base, amounts[named], terms)
        for named, base in sorted(bases.items(), key=lambda one: (-one[0][1], one[0][0]))
        if base
    )


def rules_for(tax_class: str, rules: Iterable[TaxRule], place: Destination) -> Sequence[TaxRule]:
    """A class's own rates, its region's before its country's; a class without any is taxed as standard."""
    there = [rule for rule in rules if rule.country == place.country]
    for wanted in (tax_class,) if tax_class == ZERO else (tax_class, STANDARD):
        of_class = [rule for rule in there if rule.tax_class == wanted]
        regional = [rule for rule in of_class if rule.region and same_region(place.country, rule.region, place.region)]
        national = [rule for rule in of_class if not rule.region]
        if regional or national:
            return regional or national
    return ()


def round_half_up(amount: Fraction, step: int) -> int:
    """To the nearest multiple of `step`; what lies between two goes up."""
    return int((amount / step + Fraction(1, 2)).__floor__()) * step


def _paid_by_class(totals: Totals) -> dict[str, int]:
    paid: dict[str, int] = defaultdict(int)
    for line in totals.lines:
        paid[line.tax_class] += line.left.minor
    paid[SHIPPING] += totals.shipping.minor
    return {tax_class: minor for tax_class, minor in paid.items() if minor}


def _tax_line(named: _Named, base: Fraction, amount: Fraction, terms: ShippingAndTaxRules) -> TaxLine:
    name, percentage = named
    step = smallest_step(terms.currency)
    return TaxLine(
        name=name,
        percentage=percentage,
        # Half down: with a single tax, base and tax are then the price again.
        base=Money(-round_half_up(-base, 1), terms.currency),
        amount=Money(round_half_up(amount, step), terms.currency),
        included=terms.prices_include_tax,
    )
