"""Webhooks by the thousand, a tenth of them repeated, by eight connections: each is taken, and each has its effect once.

They tell of payments whose customers have answered the question of their bank: that these are paid, the shop learns from
nobody else, for the worker is not there.
"""

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import requests
from sqlalchemy import select

from storefront.core.mail.models import OutboundMail
from storefront.orders.models import Order
from storefront.payments.ledger.models import Payment, PaymentEvent
from storefront.sandbox.webhooks import signature
from storefront.webhooks.models import EventState, StripeEvent
from tests.people import Shopper
from tools.faults import crowd
from tools.faults.books import Books, beginning, books, marks
from tools.faults.plan import Good
from tools.faults.stack import PATIENCE, Stack
from tools.pressure.buyers import buyers
from tools.pressure.report import Report

CONNECTIONS = 8
ASKED = "pm_card_authenticationRequired"
PRICE = 2400
AT_ONCE = 40
Event = dict[str, Any]


def flood(stack: Stack, webhooks: int, seed: int) -> Report:
    """Deliver so many at least, of which a tenth are repetitions."""
    since, began = marks(stack), int(beginning().timestamp())
    stack.sandbox.hold_webhooks()
    stack.kill_worker()
    shelf = crowd.stock_up(stack, (Good("told", PRICE, webhooks),), "flood")
    events = _events(stack, f"/products/{shelf[0].handle}", webhooks * 9 // 10, began)
    before = books(stack, since, shelf)
    statuses, seconds = _deliver(stack, _in_disorder(events, len(events) // 9, random.Random(seed)))
    read = books(stack, since, shelf)
    figures = {
        "orders": f"{len(read.payments)}, of which {_paid(before)} were paid before, {_paid(read)} afterwards",
        "events of types": f"{len(events)} of {len({one['type'] for one in events})}",
        "webhooks": f"{sum(statuses.values())}, by {CONNECTIONS} connections",
        "answers": ", ".join(f"{number} × {status}" for status, number in sorted(statuses.items())),
        "webhooks a second": f"{sum(statuses.values()) / seconds:.0f}",
    }
    wrong = [f"{number} were answered {status}" for status, number in statuses.items() if status not in range(200, 300)]
    wrong += [f"{_paid(before)} were paid without a webhook"] if _paid(before) else []
    return Report(figures, [*wrong, *_not_once(stack, events), *_without_effect(read)])


def _events(stack: Stack, path: str, wanted: int, began: int) -> list[Event]:
    """Have people buy until there is so much to tell."""
    for crowd_number in count():
        stack.sandbox.control("POST", "/tasks")
        found = stack.sandbox.stripe.v1.events.list({"created": {"gte": began}, "limit": 100})
        told: list[Event] = [one.to_dict(for_json=True) for one in found.auto_paging_iter()]
        if len(told) >= wanted:
            return told
        arriving = buyers(stack, AT_ONCE, f"flood{crowd_number}", ASKED)
        with ThreadPoolExecutor(CONNECTIONS) as hands:
            list(hands.map(lambda buyer: _buy(buyer, path), arriving))
        _answer_banks(stack)
    raise AssertionError


def _buy(buyer: Shopper, path: str) -> None:
    answer = buyer.presses_until_told(buyer.opens(path).page.form("/checkout/one-click"))
    assert answer.state == "challenge", answer.html
    buyer.browser.close()


def _answer_banks(stack: Stack) -> None:
    asked = stack.sandbox.control("GET", "/ledger")["payment_intents"]
    for intent in asked:
        if intent["status"] == "requires_action":
            stack.sandbox.answer_bank(intent["id"], passed=True)


def _in_disorder(events: list[Event], repeated: int, chance: random.Random) -> list[Event]:
    """Every other repetition right behind the first delivery, so that they meet; the rest anywhere."""
    order = list(events)
    chance.shuffle(order)
    again = chance.sample(events, repeated)
    for number, event in enumerate(again):
        place = order.index(event) if number % 2 else chance.randrange(len(order))
        order.insert(place, event)
    return order


def _deliver(stack: Stack, events: list[Event]) -> tuple[Counter[int], float]:
    queue, began = iter(events), time.monotonic()
    with ThreadPoolExecutor(CONNECTIONS) as hands:
        told = [hands.submit(_deliver_from, stack, queue) for _ in range(CONNECTIONS)]
        statuses = sum((one.result() for one in told), Counter[int]())
    return statuses, time.monotonic() - began


def _deliver_from(stack: Stack, queue: Iterator[Event]) -> Counter[int]:
    statuses: Counter[int] = Counter()
    secrets = stack.app.config["SETTINGS"].stripe_webhook_secrets[:1]
    with requests.Session() as connection:
        for event in queue:
            body = json.dumps(event).encode()
            headers = {"Stripe-Signature": signature(body, secrets, int(time.time()))}
            url = f"{stack.url}/webhooks/stripe"
            statuses[connection.post(url, data=body, headers=headers, timeout=PATIENCE).status_code] += 1
    return statuses


def _paid(read: Books) -> int:
    return sum(one.order.status == "paid" for one in read.payments)


def _not_once(stack: Stack, events: list[Event]) -> Iterator[str]:
    """Each was carried out, once, and no order's history has an event twice."""
    with stack.inside() as session:
        tries: dict[str, int] = dict(session.execute(select(StripeEvent.stripe_event_id, StripeEvent.tries)).all())
        states = Counter(session.scalars(select(StripeEvent.state)))
        told = session.execute(select(PaymentEvent.payment_id, PaymentEvent.event_id, PaymentEvent.what))
        history = Counter(one for one in told if one[1])
        receipts = Counter(session.scalars(select(OutboundMail.dedupe_key).where(OutboundMail.kind == "receipt")))
        paid = set(session.scalars(select(Order.public_id).join(Payment).where(Order.status == "paid")))
    for event in events:
        if tries.get(event["id"]) != 1:
            yield f"{event['type']} {event['id']} was carried out {tries.get(event['id'], 0)} times"
    yield from (f"{number} events {state}" for state, number in states.items() if state in _BAD)
    yield from (
        f"{what} of {event} is {number} times in the books"
        for (_, event, what), number in history.items()
        if number > 1
    )
    if receipts != Counter(f"receipt:{order}" for order in paid):
        yield f"{len(paid)} orders are paid, and there are {sum(receipts.values())} receipts"


_BAD = {EventState.failed, EventState.unmatched}


def _without_effect(read: Books) -> Iterator[str]:
    """What was charged is paid, and nothing else; each has taken one from the shelf."""
    for payment in read.payments:
        charged = len(read.charged(payment.order.public_id))
        if charged != (payment.order.status == "paid"):
            yield f"order {payment.order.public_id} is {payment.order.status}, and was charged {charged} times"
    left = [good.stock for good in read.shelf if good.stock is not None]
    if list(read.stock.values()) != [left[0] - len(read.payments)]:
        yield f"{len(read.payments)} ordered of {left[0]}, and {read.stock} are left"
