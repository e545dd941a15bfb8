"""After the storm: faults off, webhooks let go, time moved on with reconciliation, until nothing is open."""

import time
from collections.abc import Callable, Container
from functools import partial
from typing import Final

from sqlalchemy import select

from storefront.cards.models import OPEN_SETUPS, CardSetup
from storefront.core.jobs.models import Job
from storefront.core.jobs.recurring import schedule_recurring
from storefront.core.jobs.worker import run_due
from storefront.orders.models import OPEN_STATUSES, Order
from storefront.payments.ledger.models import LIVE_STATES, Payment, PaymentAttempt, Refund, RefundState
from storefront.reconcile import command
from tools.faults.plan import LONGEST_DELAY, Plan
from tools.faults.stack import PATIENCE, Stack
from tools.faults.story import Story
from tools.faults.weather import Weather

OPEN_REFUNDS: Final = (RefundState.sending, RefundState.unknown, RefundState.pending, RefundState.requires_action)
# A lease and the wait before a mail about a decline end; holds end; what was never sent is known to be; keys are forgotten.
MINUTES: Final = (4, 35, 65, 65, 6 * 60, 26 * 60)
# Shorter than the patience for one answer.
A_WHILE: Final = 5
# Limits by the hour begin anew with each schedule.
BETWEEN: Final = 61


def falls(stack: Stack, story: Story, plan: Plan, weather: Weather) -> None:
    """Let the shop come to rest."""
    story.tell("quiet", "falls")
    stack.sandbox.forget_faults()
    stack.start_what_died()
    _outwait(plan, weather)
    if plan.webhooks.doubled:
        stack.double_webhooks(on=False)
    weather.releases_webhooks()
    come_to_rest(stack, partial(work, stack, weather.orphaned), partial(_reconcile, stack, story))


def come_to_rest(
    stack: Stack, works: Callable[[], None], reconciles: Callable[[int], None], *, webhooks_late: bool = False
) -> None:
    """Let time pass in which the worker works and reconciles, until nothing is open.

    `reconciles` is told how many minutes have passed. Late webhooks come when both have found out by themselves what they tell.
    """
    if not webhooks_late:
        _deliver(stack)
    works()
    for minutes in MINUTES:
        stack.clock.forward(minutes=minutes)
        stack.sandbox.control("POST", "/tasks")
        if not webhooks_late:
            _deliver(stack)
        works()
        reconciles(minutes)
        _deliver(stack)
        works()
        if not still_open(stack):
            break
    stack.clock.forward(minutes=BETWEEN)


def _outwait(plan: Plan, weather: Weather) -> None:
    """What somebody asked of Stripe before being killed may still be on its way there, but not for an hour of our clock."""
    slow = any(fault.seconds for fault in plan.faults)
    time.sleep(max(0.0, weather.last_kill + (2 * LONGEST_DELAY if slow else 0.15) - time.time()))


def _deliver(stack: Stack) -> None:
    """Until every webhook has been taken; what was refused meanwhile is brought again at once."""
    until = time.monotonic() + PATIENCE
    while (asked := stack.sandbox.control("GET", f"/webhooks?wait={A_WHILE}"))["pending"]:
        if time.monotonic() > until:
            raise TimeoutError("webhooks are not taken")
        if asked["idle"]:
            stack.sandbox.control("POST", "/webhooks")


def work(stack: Stack, orphaned: Container[str] = ()) -> None:
    """Until nothing is due, and the worker beside us has nothing in hand. `orphaned`: leases of workers that died."""
    until = time.monotonic() + PATIENCE
    with stack.inside():
        schedule_recurring()
        while run_due() or _in_hand(stack, orphaned):
            if time.monotonic() > until:
                raise TimeoutError("jobs do not end")
            time.sleep(0.005)


def _in_hand(stack: Stack, orphaned: Container[str]) -> bool:
    with stack.inside() as session:
        held = select(Job.lease_token).where(Job.finished_at.is_(None), Job.lease_token.is_not(None))
        return any(token not in orphaned for token in session.scalars(held))


def _reconcile(stack: Stack, story: Story, minutes: int) -> None:
    began = time.time()
    with stack.inside():
        lines: list[str] = []
        found = command.reconcile(progress=lines.append)
    story.tell("reconcile", f"{minutes} minutes later", f"{found}; {'; '.join(lines)}", at=began)


def still_open(stack: Stack) -> list[str]:
    """What is not at its end."""
    one_time = (Job.finished_at.is_(None), Job.every_seconds.is_(None))
    queries = {
        "order": select(Order.public_id, Order.status).where(Order.status.in_(OPEN_STATUSES)),
        "attempt": select(PaymentAttempt.public_id, PaymentAttempt.state)
        .join(Payment).where(PaymentAttempt.state.in_(LIVE_STATES)),
        "refund": select(Refund.public_id, Refund.state).where(Refund.state.in_(OPEN_REFUNDS)),
        "set-up": select(CardSetup.public_id, CardSetup.state).where(CardSetup.state.in_(OPEN_SETUPS)),
        "job": select(Job.kind, Job.last_error).where(*one_time),
    }  # fmt: skip
    with stack.inside() as session:
        return [f"{what} {one} {state}" for what, query in queries.items() for one, state in session.execute(query)]
