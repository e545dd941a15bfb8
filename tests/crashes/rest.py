"""After the deaths: webhooks arrive, time passes, the worker works and reconciles, until nothing is open."""

import datetime as dt
import time
from functools import partial

from storefront.clock import now
from storefront.jobs.recurring import plant_recurring
from storefront.jobs.worker import run_due
from storefront.payments import reconciling
from tests.crashes.child import live
from tests.faults.quiet import A_WHILE, BETWEEN, MINUTES, still_open
from tests.faults.stack import PATIENCE, Stack


def come_to_rest(stack: Stack, since: dt.datetime, *, webhooks_late: bool) -> None:
    """Late webhooks come when the worker has found out by itself what they tell."""
    stack.sandbox.forget_faults()
    if not webhooks_late:
        _deliver(stack)
    work(stack)
    for minutes in MINUTES:
        stack.clock.forward(minutes=minutes)
        stack.sandbox.control("POST", "/tasks")
        work(stack)
        with stack.inside():
            reconciling.reconcile(since)
        _deliver(stack)
        work(stack)
        if not still_open(stack):
            break
    stack.clock.forward(minutes=BETWEEN)


def beginning() -> dt.datetime:
    """From where on things are compared."""
    return now() - dt.timedelta(minutes=1)


def work(stack: Stack) -> None:
    """All that is due; what a dead worker had in hand waits for the end of its lease.

    In a process of its own: what draws invoices starts threads, and who is to be forked may not have any.
    """
    ended = live(stack, partial(do_what_is_due, stack))
    if ended.code:
        raise RuntimeError(f"the worker ended with {ended.code}")


def do_what_is_due(stack: Stack) -> None:
    """As the worker does."""
    with stack.inside():
        plant_recurring()
        run_due()


def _deliver(stack: Stack) -> None:
    """Until every webhook has been taken; what was refused meanwhile is brought again at once."""
    stack.sandbox.control("POST", "/webhooks")
    until = time.monotonic() + PATIENCE
    while (asked := stack.sandbox.control("GET", f"/webhooks?wait={A_WHILE}"))["pending"]:
        if time.monotonic() > until:
            raise TimeoutError("webhooks are not taken")
        if asked["idle"]:
            stack.sandbox.control("POST", "/webhooks")
