"""Stripe takes half a minute for each answer while forty press: a product's page is there at once, and nobody pays twice."""

import statistics
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Barrier

import requests

from storefront.reconcile import command
from tests.people import Answer, Shopper
from tests.reading import Form
from tests.stack import INTENTS
from tools.faults import crowd, quiet
from tools.faults.books import books, marks
from tools.faults.invariants import Outcome, violations
from tools.faults.plan import Good
from tools.faults.seen import Seen
from tools.faults.stack import PATIENCE, Stack
from tools.pressure.buyers import buyers
from tools.pressure.report import Report

SHOPPERS = 40
LOOKS = 40
PRICE = 2400
# Each of two processes lets half of its eight threads go to Stripe.
AT_STRIPE = 2 * 4


def wait_and_look(stack: Stack, seconds: float) -> Report:
    """Let Stripe take so long, have all press, and look at pages meanwhile."""
    since = marks(stack)
    everybody = buyers(stack, SHOPPERS, "slow")
    shelf = crowd.stock_up(stack, (Good("slow", PRICE, None),), "wait")
    path = f"/products/{shelf[0].handle}"
    buttons = [buyer.opens(path).page.form("/checkout/one-click") for buyer in everybody]
    stack.sandbox.fault("delay", f"{INTENTS}*", times=10 * SHOPPERS, seconds=seconds)
    started = Barrier(SHOPPERS + 1)
    with ThreadPoolExecutor(SHOPPERS) as crowded:
        presses = [crowded.submit(_press, started, buyer, form) for buyer, form in zip(everybody, buttons, strict=True)]
        started.wait(PATIENCE)
        looks, meanwhile = _look(stack, path, presses, seconds / 4)
    if "checking" in _told(presses):
        # What was asked may still be on its way through Stripe, but not for the hours of our clock that come now.
        time.sleep(seconds)
    stack.sandbox.forget_faults()
    quiet.come_to_rest(stack, partial(quiet.work, stack), partial(_reconcile, stack))
    outcome = Outcome(books(stack, since, shelf), Seen(), quiet.still_open(stack), stack.worker_deaths)
    figures = {
        "shoppers who press, seconds at Stripe": f"{SHOPPERS}, {seconds:g} s",
        "presses at Stripe while pages were looked at": f"{SHOPPERS - meanwhile.total()}",
        "product pages, median, longest": f"{LOOKS}, {statistics.median(looks) * 1000:.0f} ms, {max(looks) * 1000:.0f} ms",
        **{f"told {state}": f"{count}" for state, count in sorted(_told(presses).items())},
        "charged": f"{sum(one['paid'] for one in outcome.books.charges)}",
    }
    return Report(figures, [*_wrong_meanwhile(meanwhile), *violations(outcome)])


def _reconcile(stack: Stack, _minutes: int) -> None:
    with stack.inside():
        command.reconcile()


def _press(started: Barrier, buyer: Shopper, form: Form) -> Answer:
    started.wait(PATIENCE)
    return buyer.presses(form)


def _look(stack: Stack, path: str, presses: list[Future[Answer]], patience: float) -> tuple[list[float], Counter[str]]:
    """How long each page took, and what those who press had been told when the last was there."""
    until = time.monotonic() + patience
    while time.monotonic() < until and sum(not press.done() for press in presses) > AT_STRIPE:
        time.sleep(0.02)
    looks = []
    for _ in range(LOOKS):
        asked = time.monotonic()
        requests.get(f"{stack.url}{path}", timeout=PATIENCE).raise_for_status()
        looks.append(time.monotonic() - asked)
    return looks, _told([press for press in presses if press.done()])


def _told(presses: list[Future[Answer]]) -> Counter[str]:
    return Counter(f"{press.result().panel or press.result().status}" for press in presses)


def _wrong_meanwhile(told: Counter[str]) -> Iterator[str]:
    waited_for = told.total() - told["busy"]
    if waited_for:
        yield f"before the last page was there, Stripe had answered {waited_for}"
