"""What the code in a cart does to its total, or why it does nothing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from storefront.core.clock import now
from storefront.core.money import Money, smallest_step
from storefront.discounts.lookup import find_discount
from storefront.discounts.rules import DiscountKind, may_be_valid_later, shares_of_discount, why_not_valid
from storefront.orders.totals import AppliedDiscount, PricedLine, PricingContext, RefusedCode

UNKNOWN: Final = "We don’t recognise the code “{}”. Please check it."
NOTHING_TO_TAKE: Final = "The code {} would take nothing off this."
FREE_ALREADY: Final = "Delivery is free already: the code {} is not needed."


def applied_discount(lines: Sequence[PricedLine], deal: PricingContext, currency: str) -> AppliedDiscount:
    """What the deal's code takes off these lines."""
    nothing = AppliedDiscount(tuple(Money(0, currency) for _ in lines))
    if not deal.discount_code or not lines:
        return nothing
    found = find_discount(deal, (line.variant_id for line in lines))
    if found is None:
        return replace(nothing, refused=RefusedCode(UNKNOWN.format(deal.discount_code)))
    offer, subtotal = found.offer, sum((line.total for line in lines), Money(0, currency))
    words = why_not_valid(offer, found.standing, subtotal, now())
    if words:
        return replace(nothing, refused=RefusedCode(words, may_be_valid_later(offer, found.standing, now())))
    for_these = [line.total.minor if line.variant_id in found.goods else 0 for line in lines]
    shares = shares_of_discount(for_these, offer, step=smallest_step(currency))
    frees_shipping = offer.kind is DiscountKind.free_shipping
    if not any(shares) and not frees_shipping:
        return replace(nothing, refused=RefusedCode(NOTHING_TO_TAKE.format(offer.code), may_count_later=True))
    return AppliedDiscount(
        tuple(Money(share, currency) for share in shares), offer.code, frees_shipping, discount_id=found.discount_id
    )


def or_free_shipping(taken: AppliedDiscount, delivery: Money | None, *, is_sent: bool) -> AppliedDiscount:
    """Free delivery is used where it saves something; `delivery` None: what it costs is not known yet."""
    if not taken.frees_shipping or (delivery is None and is_sent) or delivery:
        return taken
    words = FREE_ALREADY.format(taken.name) if is_sent else NOTHING_TO_TAKE.format(taken.name)
    return AppliedDiscount(taken.shares, refused=RefusedCode(words, may_count_later=True))
