"""After the deaths: webhooks arrive, time passes, the worker works and reconciles, until nothing is open."""

import datetime as dt
from functools import partial

from storefront.core.jobs.recurring import schedule_recurring
from storefront.core.jobs.worker import run_due
from storefront.reconcile import command
from tools.crashes.child import live
from tools.faults import quiet
from tools.faults.stack import Stack


def come_to_rest(stack: Stack, since: dt.datetime, *, webhooks_late: bool) -> None:
    """With all faults off. Reconciliation leaves alone what began before `since`."""
    stack.sandbox.forget_faults()
    quiet.come_to_rest(
        stack, partial(work, stack), lambda _minutes: reconcile(stack, since), webhooks_late=webhooks_late
    )


def reconcile(stack: Stack, since: dt.datetime) -> None:
    """Compare with Stripe what began since then."""
    with stack.inside():
        command.reconcile(since)


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
        schedule_recurring()
        run_due()
