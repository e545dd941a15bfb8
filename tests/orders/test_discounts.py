"""What is taken off, to the smallest unit; and why a code does not count, in words."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storefront.core.money import Money
from storefront.discounts.rules import (
    ONE_HUNDRED_PERCENT,
    DiscountKind,
    DiscountRules,
    DiscountUsage,
    may_be_valid_later,
    shares_of_discount,
    why_not_valid,
)

AT = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
TEN_PERCENT = DiscountRules("TEN", DiscountKind.percent, 1000)
FIVE_OFF = DiscountRules("FIVE", DiscountKind.amount, 500)
CART = Money(4000, "eur")


@pytest.mark.parametrize(
    ("lines", "offer", "shares"),
    [
        ((2400, 1250), TEN_PERCENT, (240, 125)),
        # 0.5 goes up, on the sum and not on each line.
        ((5,), TEN_PERCENT, (1,)),
        ((4,), TEN_PERCENT, (0,)),
        ((5, 5), TEN_PERCENT, (1, 0)),
        ((333, 333, 334), DiscountRules("X", DiscountKind.amount, 100), (33, 33, 34)),
        # 33.33 each: the cent that is left goes to the first of those nearest to one more.
        ((100, 100, 100), DiscountRules("X", DiscountKind.amount, 100), (34, 33, 33)),
        ((300, 100), FIVE_OFF, (300, 100)),
        ((0, 900), FIVE_OFF, (0, 500)),
        ((0, 0), FIVE_OFF, (0, 0)),
        ((), FIVE_OFF, ()),
        ((2400,), DiscountRules("X", DiscountKind.percent, 1250), (300,)),
        ((2400, 10), DiscountRules("X", DiscountKind.percent, ONE_HUNDRED_PERCENT), (2400, 10)),
        ((2400,), DiscountRules("X", DiscountKind.free_shipping), (0,)),
    ],
)
def test_each_line_gets_its_share(lines: tuple[int, ...], offer: DiscountRules, shares: tuple[int, ...]) -> None:
    assert shares_of_discount(lines, offer) == shares


@pytest.mark.parametrize(
    ("lines", "value", "shares"),
    [((1000, 500), 1000, (100, 50)), ((1230,), 1000, (120,)), ((1250,), 1000, (130,)), ((1255,), 1000, (126,))],
)
def test_what_is_charged_in_steps_is_discounted_in_steps(
    lines: tuple[int, ...], value: int, shares: tuple[int, ...]
) -> None:
    assert shares_of_discount(lines, DiscountRules("X", DiscountKind.percent, value), step=10) == shares


AMOUNTS = st.lists(st.integers(0, 10**9), max_size=12)
OFFERS = st.one_of(
    st.builds(DiscountRules, st.just("X"), st.just(DiscountKind.percent), st.integers(1, ONE_HUNDRED_PERCENT)),
    st.builds(DiscountRules, st.just("X"), st.just(DiscountKind.amount), st.integers(1, 10**10)),
    st.builds(DiscountRules, st.just("X"), st.just(DiscountKind.free_shipping)),
)


@given(AMOUNTS, OFFERS, st.sampled_from([1, 10, 100]))
@example([1, 1, 1], FIVE_OFF, 1)
def test_shares_add_up_and_none_is_more_than_its_line(lines: list[int], offer: DiscountRules, step: int) -> None:
    lines = [line * step for line in lines]

    shares = shares_of_discount(lines, offer, step=step)

    assert len(shares) == len(lines)
    assert all(0 <= share <= line for share, line in zip(shares, lines, strict=True))
    assert all(share % step == 0 for share in shares)
    whole, of = sum(shares), sum(lines)
    if offer.kind is DiscountKind.free_shipping:
        assert whole == 0
    elif offer.kind is DiscountKind.amount:
        assert whole == min(offer.value // step * step, of)
    else:
        # Half up: never further than half a step from the exact part, and of two as near, the greater.
        twice_off = 2 * (whole * ONE_HUNDRED_PERCENT - of * offer.value)
        assert -ONE_HUNDRED_PERCENT * step < twice_off <= ONE_HUNDRED_PERCENT * step


@given(AMOUNTS, OFFERS)
def test_a_share_is_the_exact_part_but_for_less_than_a_unit(lines: list[int], offer: DiscountRules) -> None:
    shares = shares_of_discount(lines, offer)

    whole, of = sum(shares), sum(lines)
    assert all(abs(share * of - whole * line) < max(of, 1) for share, line in zip(shares, lines, strict=True))


@given(AMOUNTS, OFFERS, st.integers(2, 99))
def test_prices_that_are_no_whole_steps_still_never_fall_below_zero(
    lines: list[int], offer: DiscountRules, step: int
) -> None:
    shares = shares_of_discount(lines, offer, step=step)

    assert all(0 <= share <= line for share, line in zip(shares, lines, strict=True))


@pytest.mark.parametrize(
    ("offer", "standing", "words", "later"),
    [
        ({}, {}, "", True),
        ({"is_active": False}, {}, "The code TEN is over.", False),
        ({"counts_until": AT}, {}, "The code TEN is over.", False),
        ({"counts_until": AT + DAY}, {}, "", True),
        ({"counts_from": AT + DAY}, {}, "The code TEN counts from 22 November 2026 on.", True),
        ({"counts_from": AT}, {}, "", True),
        ({"minimum": 4001}, {}, "The code TEN counts from 40,01\u00a0€ on.", True),
        ({"minimum": 4000}, {}, "", True),
        ({"most_uses": 3}, {"uses": 3}, "The code TEN is used up.", False),
        ({"most_uses": 3}, {"uses": 2}, "", True),
        ({}, {"is_used_before": True}, "You have used the code TEN before, and it counts once.", False),
        ({}, {"is_for_these": False}, "The code TEN is not for what is in your cart.", True),
    ],
)
def test_it_is_said_why_a_code_does_not_count(
    offer: dict[str, object], standing: dict[str, object], words: str, *, later: bool
) -> None:
    terms, stands = replace(TEN_PERCENT, **offer), replace(DiscountUsage(), **standing)  # type: ignore[arg-type]

    assert why_not_valid(terms, stands, CART, AT) == words
    assert may_be_valid_later(terms, stands, AT) is later
