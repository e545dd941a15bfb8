"""The walk along one path: count its steps, then die at each of them, in batches that come to rest together."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from tools.crashes.child import Ended, forget_lines, live
from tools.crashes.judge import Batch, Verdict, judge
from tools.crashes.paths import Path
from tools.crashes.rest import come_to_rest, work
from tools.crashes.visit import Visit
from tools.faults import crowd
from tools.faults.books import beginning, marks
from tools.faults.plan import Good, Person
from tools.faults.seen import Seen
from tools.faults.stack import Stack

AT_ONCE: Final = 40
PRICE: Final = 2400
STOCK: Final = 3


@dataclass(frozen=True)
class Wanted:
    """Which points: every `nth` from `first` on, or `only` one; whether those who were served come back, or nobody does."""

    nth: int = 1
    first: int = 1
    only: int = 0
    both_ways: tuple[bool, ...] = (True, False)

    def points(self, steps: int) -> list[int]:
        """Of so many steps."""
        return [self.only] if self.only else list(range(min(self.first, steps), steps + 1, self.nth))


@dataclass
class Walked:
    """How a path went."""

    path: str
    steps: int = 0
    killed: int = 0
    survived: list[str] = field(default_factory=list)
    double_charges: int = 0
    unpaid: int = 0
    lost_events: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0
    names: list[str] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        """What came out of one batch."""
        self.double_charges += verdict.double_charges
        self.unpaid += verdict.unpaid
        self.lost_events += verdict.lost_events
        self.wrong += verdict.wrong


Progress = Callable[[Walked], None]


def walk(stack: Stack, path: Path, wanted: Wanted, progress: Progress = lambda _walked: None) -> Walked:
    """Die at each point wanted, and see what becomes of it."""
    began, walked = time.monotonic(), Walked(path.name)
    walked.names = _count(stack, path, walked)
    walked.steps = len(walked.names)
    points = wanted.points(walked.steps)
    for comes_back in wanted.both_ways:
        for first in range(0, len(points), AT_ONCE):
            _walk_some(stack, path, points[first : first + AT_ONCE], walked, comes_back=comes_back)
            walked.seconds = time.monotonic() - began
            progress(walked)
    return walked


def _count(stack: Stack, path: Path, walked: Walked) -> list[str]:
    """First in this process, so that every child has pages and statements compiled; then in one that counts."""
    names: list[str] = []

    def die(point: int, visit: Visit) -> None:
        if point == 1 and not path.has_jobs:
            path.act(visit)
        else:
            ended = live(stack, partial(path.act, visit))
            names[:] = ended.steps
            if ended.code:
                walked.wrong.append(f"{path.name} fails without being killed; see {stack.folder}")

    walked.add(_play(stack, path, [1, 2], die, comes_back=True))
    return names


def _walk_some(stack: Stack, path: Path, points: list[int], walked: Walked, *, comes_back: bool) -> None:
    def die(point: int, visit: Visit) -> None:
        ended = live(stack, partial(path.act, visit), deadly=point)
        stack.worker_deaths.append(ended.moment)
        _note(walked, point, ended)
        if comes_back and path.has_jobs:
            live(stack, partial(path.again, visit))
        elif comes_back:
            path.again(visit)

    walked.add(_play(stack, path, points, die, comes_back=comes_back))


def _note(walked: Walked, point: int, ended: Ended) -> None:
    if ended.killed and len(ended.steps) == point:
        walked.killed += 1
    elif ended.code == 0:
        walked.survived.append(f"{point} of {len(ended.steps)}")
    else:
        walked.wrong.append(f"{walked.path} point {point} ended by itself, with {ended.code}: {ended.steps[-1:]}")


def _play(
    stack: Stack, path: Path, points: list[int], die: Callable[[int, Visit], None], *, comes_back: bool
) -> Verdict:
    since, seen, began = marks(stack), Seen(), beginning()
    stack.worker_deaths.clear()
    stack.sandbox.hold_webhooks()
    visits = _visits(stack, path, points, seen, comes_back=comes_back)
    named = {f"{path.name} point {point}{'' if comes_back else ', alone'}": one for point, one in visits}
    if path.minutes_before:
        for _, visit in visits:
            _prepare(path, visit)
        stack.clock.forward(minutes=path.minutes_before)
    for point, visit in visits:
        if not path.minutes_before:
            _prepare(path, visit)
        die(point, visit)
    forget_lines(stack)
    come_to_rest(stack, began, webhooks_late=not comes_back)
    return judge(Batch(stack, path, named, comes_back, since, int(began.timestamp()), seen))


def _prepare(path: Path, visit: Visit) -> None:
    # A line to Stripe of its own: answers lost on the way are no reason to rest.
    forget_lines(visit.stack)
    path.prepare(visit)
    visit.stack.sandbox.forget_faults()


def _visits(stack: Stack, path: Path, points: list[int], seen: Seen, *, comes_back: bool) -> list[tuple[int, Visit]]:
    work(stack)
    since = marks(stack)
    mark = f"{since.order}-{since.job}"
    names = [f"Point{point}{'b' if comes_back else 'a'}" for point in points]
    goods = tuple(Good(f"{path.name}-{name.lower()}", PRICE, STOCK) for name in names)
    people = tuple(Person(name, path.cards, (), name, 0.0) for name in names)
    shelf, known = crowd.stock_up(stack, goods, mark), crowd.let_in(stack, people, mark)
    return [
        (point, Visit(stack, seen, known[at], shelf[at], f"10.{at // 250}.{len(mark)}.{at % 250 + 1}"))
        for at, point in enumerate(points)
    ]
