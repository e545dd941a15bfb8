"""What comes after a payment: the owner gives money back, and a bank takes it back."""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import requests
import stripe
from sqlalchemy import select

from storefront.core.errors import ShopError
from storefront.orders.models import Order, OrderStatus
from storefront.payments import refunds as refunding
from storefront.payments.ledger.models import IntentState, Payment
from tools.faults.stack import Stack
from tools.faults.story import Story

KEPT: Final = (OrderStatus.paid, OrderStatus.partially_refunded)
ENDS: Final = {False: ("won", "lost"), True: ("warning_closed",)}


@dataclass(frozen=True)
class Paid:
    """An order that was paid, some money that came too late included."""

    order: int
    total: int
    intent: str
    charge: str
    is_kept: bool


def _paid(stack: Stack, after_order: int) -> list[Paid]:
    columns = (Order.id, Order.total, Payment.stripe_payment_intent_id, Payment.stripe_charge_id, Order.status)
    found = select(*columns).join(Payment).order_by(Order.id)
    paid = found.where(Order.id > after_order, Payment.intent_state == IntentState.succeeded)
    with stack.inside() as session:
        return [
            Paid(order, total, str(intent), str(charge or ""), status in KEPT)
            for order, total, intent, charge, status in session.execute(paid)
        ]


class Watcher:
    """Somebody who does something about what was paid, so many times; `stop` says that everybody has gone."""

    def __init__(self, stack: Stack, story: Story, after_order: int, times: int, seed: str) -> None:
        self._stack, self._story, self._after, self._times = stack, story, after_order, times
        self._chance = random.Random(seed)
        self.stop = threading.Event()

    def _waits_for_paid(self) -> list[Paid]:
        """Until there is one; empty where it is time to stop, and there is none."""
        while not (paid := _paid(self._stack, self._after)) and not self.stop.wait(0.1):
            pass
        return paid


class Bank(Watcher):
    """Takes a customer's side: opens disputes, and decides some of them."""

    def lives(self) -> None:
        """So many disputes, each over another payment; the last chance is when everybody has gone."""
        disputed: set[str] = set()
        for _ in range(self._times):
            self.stop.wait(self._chance.uniform(0.1, 0.6))
            chosen, is_inquiry = self._chance.random(), self._chance.random() < 0.25
            ends = self._chance.choice((*ENDS[is_inquiry], ""))
            paid = self._waits_for_paid()
            left = [one for one in paid if one.is_kept and one.charge and one.charge not in disputed]
            if left:
                one = left[int(chosen * len(left))]
                disputed.add(one.charge)
                self._disputes(one, ends, inquiry=is_inquiry)

    def _disputes(self, paid: Paid, ends: str, *, inquiry: bool) -> None:
        control = self._stack.sandbox.control
        dispute = control("POST", "/disputes", charge=paid.charge, inquiry=inquiry)["id"]
        self._story.tell("bank", f"opens {dispute} over order {paid.order}")
        if ends:
            self.stop.wait(self._chance.choice((0.0, 0.2)))
            control("POST", f"/disputes/{dispute}", status=ends)
            self._story.tell("bank", f"decides {dispute}: {ends}")


class Owner(Watcher):
    """Gives money back: by the shop's own verb, and in Stripe's dashboard."""

    def lives(self) -> None:
        """So many refunds, once there is something paid; the last chance is when everybody has gone."""
        for _ in range(self._times):
            self.stop.wait(self._chance.uniform(0.1, 0.6))
            does = self._chance.choice(
                (self._all, self._part, self._twice, self._same_twice, self._at_stripe, self._at_both)
            )
            chosen = self._chance.random()
            paid = self._waits_for_paid()
            if paid:
                one = paid[int(chosen * len(paid))]
                does(one.order, one.total, one.intent)

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
