"""What a discount takes off, and why it does not count: rules that ask no database, exact to the smallest unit."""

import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from babel.dates import format_date

from storefront.core.clock import local
from storefront.core.money import Money

# Percents are kept in hundredths: 12.5 % is 1250.
ONE_HUNDRED_PERCENT: Final = 100_00

EXPIRED: Final = "The code {} is over."
NOT_YET: Final = "The code {} counts from {begins} on."
USED_UP: Final = "The code {} is used up."
USED_BEFORE: Final = "You have used the code {} before, and it counts once."
NOT_FOR_THESE_GOODS: Final = "The code {} is not for what is in your cart."
BELOW_MINIMUM: Final = "The code {} counts from {minimum} on."


class DiscountKind(enum.StrEnum):
    """What it does: a part of the prices, so much of them, or delivery without charge."""

    percent = "percent"
    amount = "amount"
    free_shipping = "free_shipping"


@dataclass(frozen=True)
class DiscountRules:
    """A discount's terms. `value`: hundredths of a percent, or minor units; of delivery, nothing."""

    code: str
    kind: DiscountKind
    value: int = 0
    counts_from: dt.datetime | None = None
    counts_until: dt.datetime | None = None
    minimum: int = 0
    most_uses: int | None = None
    is_active: bool = True


@dataclass(frozen=True)
class DiscountUsage:
    """How often a code is used by others' orders and this customer's, and whether it is for any of these goods."""

    uses: int = 0
    is_used_before: bool = False
    is_for_these: bool = True


def why_not_valid(offer: DiscountRules, standing: DiscountUsage, subtotal: Money, at: dt.datetime) -> str:
    """Why this code does not count here and now, in words for the customer; nothing where it does."""
    reasons = (
        (_is_over(offer, at), EXPIRED),
        (offer.counts_from is not None and at < offer.counts_from, NOT_YET),
        (standing.is_used_before, USED_BEFORE),
        (_is_used_up(offer, standing), USED_UP),
        (not standing.is_for_these, NOT_FOR_THESE_GOODS),
        (subtotal.minor < offer.minimum, BELOW_MINIMUM),
    )
    words = next((words for is_so, words in reasons if is_so), "")
    begins = format_date(local(offer.counts_from).date(), "d MMMM y", locale="en") if offer.counts_from else ""
    return words.format(offer.code, begins=begins, minimum=Money(offer.minimum, subtotal.currency))


def may_be_valid_later(offer: DiscountRules, standing: DiscountUsage, at: dt.datetime) -> bool:
    """Whether this very cart can still come to deserve it: by waiting, or by putting something in."""
    return not (_is_over(offer, at) or _is_used_up(offer, standing) or standing.is_used_before)


def _is_over(offer: DiscountRules, at: dt.datetime) -> bool:
    return not offer.is_active or (offer.counts_until is not None and offer.counts_until <= at)


def _is_used_up(offer: DiscountRules, standing: DiscountUsage) -> bool:
    return offer.most_uses is not None and standing.uses >= offer.most_uses


def shares_of_discount(lines: Sequence[int], offer: DiscountRules, *, step: int = 1) -> tuple[int, ...]:
    """Each line's share of what is taken off, in minor units.

    `lines` are the lines' totals, 0 for what the discount is not for. The shares add up to the discount exactly, none
    is more than its line. `step` is the least the currency charges: where the prices are whole steps, so is the rest.
    """
    if any(line % step for line in lines):
        step = 1
    for_these = sum(lines)
    whole = min(_whole(for_these, offer, step), for_these // step * step)
    return tuple(steps * step for steps in _shared(whole // step, lines, for_these))


def _whole(for_these: int, offer: DiscountRules, step: int) -> int:
    if offer.kind is DiscountKind.amount:
        return offer.value // step * step
    if offer.kind is DiscountKind.percent:
        half_up = (2 * for_these * offer.value + ONE_HUNDRED_PERCENT * step) // (2 * ONE_HUNDRED_PERCENT * step)
        return half_up * step
    return 0


def _shared(steps: int, lines: Sequence[int], for_these: int) -> list[int]:
    """By the largest remainder: each gets what is surely its own, and what is left goes to those nearest to one more."""
    if not for_these:
        return [0] * len(lines)
    shares = [steps * line // for_these for line in lines]
    nearest = sorted(range(len(lines)), key=lambda one: -(steps * lines[one] % for_these))
    for one in nearest[: steps - sum(shares)]:
        shares[one] += 1
    return shares
