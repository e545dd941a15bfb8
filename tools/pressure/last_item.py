"""One thing is left, and twenty want it in the same moment: one order, one charge, and nineteen are told."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.people import Shopper, at_once
from tools.faults import crowd
from tools.faults.books import Books, books, marks
from tools.faults.plan import Good
from tools.faults.stack import Stack
from tools.pressure.buyers import buyers
from tools.pressure.report import Report

BUYERS = 20
PRICE = 6900
# Limits by the hour begin anew.
BETWEEN = 61


def rush(stack: Stack, rounds: int) -> Report:
    """So often, with another thing each time."""
    began, told, wrong = time.monotonic(), Counter[str](), []
    everybody = buyers(stack, BUYERS, "last")
    for number in range(rounds):
        wrong += [f"round {number}: {one}" for one in _round(stack, everybody, number, told)]
        stack.clock.forward(minutes=BETWEEN)
    figures = {"rounds of twenty buyers": f"{rounds}", **{f"told {state}": f"{told[state]}" for state in sorted(told)}}
    return Report(figures | {"time": f"{time.monotonic() - began:.0f} s"}, wrong)


def _round(stack: Stack, everybody: list[Shopper], number: int, told: Counter[str]) -> Iterator[str]:
    since = marks(stack)
    shelf = crowd.stock_up(stack, (Good(f"last-{number}", PRICE, 1),), "rush")
    path = f"/products/{shelf[0].handle}"
    buttons = [buyer.opens(path).page.form("/checkout/one-click") for buyer in everybody]
    presses: list[Callable[[], Any]] = [
        partial(buyer.presses_until_told, form) for buyer, form in zip(everybody, buttons, strict=True)
    ]
    answers: Counter[str] = Counter(str(answer.panel) for answer in at_once(presses))
    told += answers
    if answers != {"paid": 1, "sold_out": BUYERS - 1}:
        yield f"they were told {dict(answers)}"
    yield from _wrong_in(books(stack, since, shelf))


def _wrong_in(read: Books) -> Iterator[str]:
    paid = [one["amount_captured"] for one in read.charges if one["paid"]]
    if paid != [PRICE] or len(read.intents) != 1:
        yield f"charged {paid}, with intents {list(read.intents)}"
    if [(one.order.status, one.order.total) for one in read.payments] != [("paid", PRICE)]:
        yield f"orders {[str(one.order.status) for one in read.payments]}"
    if list(read.stock.values()) != [0]:
        yield f"stock {read.stock}"
