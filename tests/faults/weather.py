"""What befalls a schedule from outside: faults at Stripe, webhooks held back, processes killed; and what the owner does."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from typing import Any

import requests
import stripe
from sqlalchemy import select

from storefront.errors import ShopError
from storefront.jobs.models import Job
from storefront.orders.models import Order
from storefront.payments import refunding
from storefront.payments.models import IntentState, Payment
from tests.faults.plan import Kill, Plan
from tests.faults.stack import Stack
from tests.faults.story import Story


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


class Owner:
    """Gives money back: by the shop's own verb, and in Stripe's dashboard."""

    def __init__(self, stack: Stack, story: Story, plan: Plan, after_order: int) -> None:
        self._stack, self._story, self._times, self._after = stack, story, plan.refunds, after_order
        self._chance = random.Random(plan.owner_seed)
        self.stop = threading.Event()

    def lives(self) -> None:
        """So many refunds, once there is something paid; the last chance is when everybody has gone."""
        for _ in range(self._times):
            self.stop.wait(self._chance.uniform(0.1, 0.6))
            does = self._chance.choice(
                (self._all, self._part, self._twice, self._same_twice, self._at_stripe, self._at_both)
            )
            chosen = self._chance.random()
            while not (paid := self._paid()) and not self.stop.wait(0.1):
                pass
            if paid:
                does(*paid[int(chosen * len(paid))])

    def _paid(self) -> list[tuple[int, int, str]]:
        found = select(Order.id, Order.total, Payment.stripe_payment_intent_id).join(Payment)
        paid = found.where(Order.id > self._after, Payment.intent_state == IntentState.succeeded).order_by(Order.id)
        with self._stack.inside() as session:
            return [(order, total, str(intent)) for order, total, intent in session.execute(paid)]

    def _all(self, order: int, _total: int, _intent: str) -> None:
        self._refund(order, None)

    def _part(self, order: int, total: int, _intent: str) -> None:
        self._refund(order, max(1, total // 3))

    def _twice(self, order: int, total: int, _intent: str) -> None:
        """Two parts at once, together more than there is."""
        self._at_once([lambda: self._refund(order, total * 2 // 3)] * 2)

    def _same_twice(self, order: int, total: int, _intent: str) -> None:
        """One form sent twice."""
        token = refunding.request_token()
        self._at_once([lambda: self._refund(order, total // 2, token)] * 2)

    def _at_stripe(self, _order: int, total: int, intent: str) -> None:
        amount = self._chance.choice((None, max(1, total // 4)))
        params: Any = {"payment_intent": intent} | ({"amount": amount} if amount else {})
        self._story.tell("owner", f"refunds {amount or 'all'} of {intent} in Stripe's dashboard")
        # The faults of the day strike the dashboard's requests too.
        with suppress(stripe.StripeError, requests.RequestException):
            self._stack.sandbox.stripe.v1.refunds.create(params)

    def _at_both(self, order: int, total: int, intent: str) -> None:
        self._at_once([lambda: self._refund(order, None), lambda: self._at_stripe(order, total, intent)])

    def _refund(self, order: int, amount: int | None, token: str | None = None) -> None:
        began = time.time()
        with self._stack.inside():
            try:
                view = refunding.refund_order(
                    order, amount=amount, reason="requested_by_customer", requested_by="the owner",
                    request_token=token or refunding.request_token(),
                )  # fmt: skip
            except ShopError as refused:
                came = refused.words
            else:
                came = f"{view.amount}: {view.state}"
        self._story.tell("owner", f"refunds {amount or 'all'} of order {order}", came, at=began)

    @staticmethod
    def _at_once(acts: list[Callable[[], None]]) -> None:
        with ThreadPoolExecutor(len(acts)) as hands:
            for done in [hands.submit(act) for act in acts]:
                done.result()
