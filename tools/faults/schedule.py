"""One schedule, from its seed to the judgement."""

import json
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tools.faults import crowd, quiet
from tools.faults.after_sale import Bank, Owner
from tools.faults.books import Books, books, marks
from tools.faults.customer import Customer
from tools.faults.invariants import Outcome, violations
from tools.faults.plan import Plan, plan_of
from tools.faults.seen import Seen
from tools.faults.stack import Stack
from tools.faults.story import Story
from tools.faults.weather import Weather


@dataclass
class Played:
    """How a schedule went."""

    seed: int
    seconds: float = 0.0
    orders: int = 0
    answers: int = 0
    counted: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    broke_off: bool = False
    story: str = ""


def play(stack: Stack, seed: int) -> Played:
    """Play it, and judge it. What goes wrong in the machine itself is told as a violation too."""
    played, story = Played(seed), Story(seed)
    try:
        _play(stack, plan_of(seed), story, played)
    except Exception:  # noqa: BLE001  the story is wanted above all then
        played.broke_off = True
        played.violations.append(f"the schedule could not be played: {traceback.format_exc()}")
    played.seconds = time.time() - story.began
    played.story = story.told()
    return played


def _play(stack: Stack, plan: Plan, story: Story, played: Played) -> None:
    since, seen = marks(stack), Seen()
    stack.worker_deaths.clear()
    stack.sandbox.control("DELETE", "/requests")
    mark = str(since.order)
    shelf = crowd.stock_up(stack, plan.goods, mark)
    code = crowd.offer_code(stack, plan, mark)
    people = crowd.let_in(stack, plan.people, f"{plan.seed}-{mark}")
    customers = [
        Customer(stack, story, seen, person, known, shelf, code)
        for person, known in zip(plan.people, people, strict=True)
    ]
    weather = Weather(stack, story, plan)
    others = (
        Owner(stack, story, since.order, plan.refunds, plan.owner_seed),
        Bank(stack, story, since.order, plan.disputes, plan.bank_seed),
    )
    weather.begins()
    with ThreadPoolExecutor(len(customers) + 1 + len(others)) as hands:
        weathered, afterwards = hands.submit(weather.goes_on), [hands.submit(one.lives) for one in others]
        inside = [hands.submit(customer.lives) for customer in customers]
        for done in (*inside, weathered):
            done.exception()
        for one in others:
            one.stop.set()
        for done in (*inside, weathered, *afterwards):
            done.result()
    quiet.falls(stack, story, plan, weather)
    outcome = Outcome(books(stack, since, shelf), seen, quiet.still_open(stack), stack.worker_deaths)
    played.orders, played.answers = len(outcome.books.payments), len(seen.answers)
    played.counted = Counter(kinds_of_ends(outcome.books))
    played.counted += weather.counted + Counter(f"page {one.panel or one.state or one.status}" for one in seen.answers)
    _tell_of_stripe(stack, story, played)
    played.violations = violations(outcome)


def kinds_of_ends(read: Books) -> Iterator[str]:
    """How orders, refunds, set-ups and disputes ended, for the table."""
    for payment in read.payments:
        yield f"order {payment.order.status}"
        yield from (f"refund {refund.kind}" for refund in payment.refunds)
    yield from (f"set-up {setup.state}" for setup in read.setups_here)
    yield from (f"dispute {dispute.status}" for dispute in read.disputes_here)


def _tell_of_stripe(stack: Stack, story: Story, played: Played) -> None:
    """What the shop asked of Stripe, and which faults struck: for the story and the table."""
    for asked in stack.sandbox.control("GET", "/requests"):
        for kind in asked["faults"]:
            played.counted[f"fault {kind}"] += 1
        error = f" {asked['error_code']}" if asked["error_code"] else ""
        struck = f" struck by {', '.join(asked['faults'])}" if asked["faults"] else ""
        replayed = " replayed" if asked["replayed"] else ""
        key = f" key={asked['idempotency_key'][:8]}" if asked["idempotency_key"] else ""
        came = f"{asked['status']}{error}{replayed} {asked['object'] or ''}{struck}"
        story.tell("Stripe", f"{asked['method']} {asked['path']}{key}", came, at=asked["moment"])
    story.tell("judge", json.dumps(dict(played.counted)))
