"""What befalls a schedule from outside: faults at Stripe, webhooks held back, processes killed."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from functools import partial

from sqlalchemy import select

from storefront.core.jobs.models import Job
from tools.faults.plan import Kill, Plan
from tools.faults.stack import Stack
from tools.faults.story import Story


class Weather:
    """The faults of one plan, and its kills, each at its time."""

    def __init__(self, stack: Stack, story: Story, plan: Plan) -> None:
        self._stack, self._story, self._plan = stack, story, plan
        self._chance = random.Random(plan.seed)
        self.counted: Counter[str] = Counter()
        self.last_kill = 0.0
        # Leases of workers that are dead: nobody will give them back.
        self.orphaned: set[str] = set()

    def begins(self) -> None:
        """What is there from the beginning."""
        webhooks, control = self._plan.webhooks, self._stack.sandbox.control
        for fault in self._plan.faults:
            told = {name: value for name, value in asdict(fault).items() if value is not None}
            control("POST", "/faults", **told)
            self._story.tell("Stripe", f"will go wrong: {' '.join(f'{name}={value}' for name, value in told.items())}")
        if webhooks.doubled:
            self._stack.double_webhooks(on=True)
            self._story.tell("Stripe", "brings each webhook to two endpoints")
        if webhooks.held is not None:
            self._stack.sandbox.hold_webhooks()
            self._story.tell("Stripe", "holds its webhooks")

    def goes_on(self) -> None:
        """Kills and releases, each at its time; returns after the last."""
        acts: list[tuple[float, Callable[[], None]]] = [
            (kill.after, partial(self._kill, kill)) for kill in self._plan.kills
        ]
        webhooks = self._plan.webhooks
        if webhooks.held is not None and not webhooks.until_quiet:
            acts.append((webhooks.held, self.releases_webhooks))
        began = time.monotonic()
        for after, act in sorted(acts, key=lambda act: act[0]):
            time.sleep(max(0.0, began + after - time.monotonic()))
            act()

    def releases_webhooks(self) -> None:
        """Let them go in the plan's order, so often."""
        webhooks = self._plan.webhooks
        self._story.tell("Stripe", f"lets webhooks go: {webhooks.order}, each {webhooks.repeat} times")
        released = self._stack.sandbox.control(
            "POST", "/webhooks", order=webhooks.order, repeat=webhooks.repeat, seed=webhooks.seed
        )["released"]
        self.counted["webhooks late"] += released if webhooks.held is not None else 0
        self.counted["webhooks repeated"] += released - released // webhooks.repeat

    def _kill(self, kill: Kill) -> None:
        stack = self._stack
        self.last_kill = time.time()
        self.counted[f"kill -9 {kill.who}"] += 1
        self._story.tell("kill -9", kill.who)
        if kill.who == "web worker":
            stack.kill_web_worker(self._chance)
            return
        if kill.who == "web":
            stack.kill_web()
            time.sleep(kill.away)
            stack.start_web()
        else:
            stack.kill_worker()
            self.orphaned |= self._leases()
            time.sleep(kill.away)
            stack.start_worker()
        self._story.tell("init", f"{kill.who} is back")

    def _leases(self) -> set[str]:
        with self._stack.inside() as session:
            held = select(Job.lease_token).where(Job.finished_at.is_(None), Job.lease_token.is_not(None))
            return {str(token) for token in session.scalars(held)}
