"""What the code in a cart does to its total, or why it does nothing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from storefront.clock import now
from storefront.money import Money, smallest_step
from storefront.orders.discount_codes import find
from storefront.orders.discounts import DiscountKind, may_count_later, take_off, why_not
from storefront.orders.totals import CodeRefused, Deal, PricedLine, TakenOff

UNKNOWN: Final = "We don’t recognise the code “{}”. Please check it."
NOTHING_TO_TAKE: Final = "The code {} would take nothing off this."
FREE_ALREADY: Final = "Delivery is free already: the code {} is not needed."


def taken_off(lines: Sequence[PricedLine], deal: Deal, currency: str) -> TakenOff:
    """What the deal's code takes off these lines."""
    nothing = TakenOff(tuple(Money(0, currency) for _ in lines))
    if not deal.discount_code or not lines:
        return nothing
    found = find(deal, (line.variant_id for line in lines))
    if found is None:
        return replace(nothing, refused=CodeRefused(UNKNOWN.format(deal.discount_code)))
    offer, subtotal = found.offer, sum((line.total for line in lines), Money(0, currency))
    words = why_not(offer, found.standing, subtotal, now())
    if words:
        return replace(nothing, refused=CodeRefused(words, may_count_later(offer, found.standing, now())))
    for_these = [line.total.minor if line.variant_id in found.goods else 0 for line in lines]
    shares = take_off(for_these, offer, step=smallest_step(currency))
    frees_shipping = offer.kind is DiscountKind.free_shipping
    if not any(shares) and not frees_shipping:
        return replace(nothing, refused=CodeRefused(NOTHING_TO_TAKE.format(offer.code), may_count_later=True))
    return TakenOff(
        tuple(Money(share, currency) for share in shares), offer.code, frees_shipping, discount_id=found.discount_id
    )


def where_needed(taken: TakenOff, delivery: Money | None, *, is_sent: bool) -> TakenOff:
    """Free delivery is used where it saves something; `delivery` None: what it costs is not known yet."""
    if not taken.frees_shipping or (delivery is None and is_sent) or delivery:
        return taken
    words = FREE_ALREADY.format(taken.name) if is_sent else NOTHING_TO_TAKE.format(taken.name)
    return TakenOff(taken.shares, refused=CodeRefused(words, may_count_later=True))
