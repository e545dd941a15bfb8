"""What counts as a promise that nothing was charged."""

import pytest

from tests.reading import read
from tools.faults.invariants import knew
from tools.faults.seen import Answer, Moment, Seen, says_nothing_charged


@pytest.mark.parametrize(
    ("words", "promises"),
    [
        ("Your bank declined your card. Nothing was charged.", True),
        ("We are busy right now; nothing was charged, please try again.", True),
        ("Order K-1001 is not paid yet.", True),
        ("You have bought this already. Nothing was charged a second time.", False),
        ("We know of no payment for it yet. Nothing was charged now.", False),
        ("Nothing is charged before you do.", False),
    ],
)
def test_words_that_promise_it(words: str, *, promises: bool) -> None:
    assert says_nothing_charged(words) is promises


def pressed(asked: float, came: float) -> Answer:
    page = read("<p>Nothing was charged.</p>")
    return Answer("Alice", "POST /checkout/one-click", asked, came, 200, "", page, pays=True)


@pytest.mark.parametrize(
    ("charged", "other", "is_untrue"),
    [
        (None, None, False),
        (9.0, None, True),  # before it was asked
        (10.5, None, True),  # by this very press
        (10.5, Moment("Alice, another tab", 10.2, 10.9), False),  # perhaps by the other tab, after the page was drawn
        (10.5, Moment("Alice, another tab", 8.0, 9.5), True),
        (12.0, None, False),  # afterwards
    ],
)
def test_when_a_promise_is_untrue(charged: float | None, other: Moment | None, *, is_untrue: bool) -> None:
    answer, seen = pressed(10.0, 11.0), Seen()
    seen.may_charge(Moment("Alice", 10.0, 11.0, answer))
    if other:
        seen.may_charge(other)

    assert knew(answer, charged, seen) is is_untrue
