"""Plays schedules: one after another on each of a few stacks, which are processes of their own."""

import multiprocessing
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from pathlib import Path
from types import FrameType
from typing import Any, Final

from tools.faults.nursery import die_with_parent
from tools.faults.sabotage import commit
from tools.faults.schedule import Played, play
from tools.faults.stack import running

PATIENCE: Final = 300
LAST_WORDS: Final = 3000


@dataclass
class Tally:
    """How all of it went."""

    began: float = field(default_factory=time.monotonic)
    schedules: int = 0
    orders: int = 0
    answers: int = 0
    counted: Counter[str] = field(default_factory=Counter)
    failed: list[Played] = field(default_factory=list)

    def add(self, played: Played) -> None:
        """One more."""
        self.schedules += 1
        self.orders += played.orders
        self.answers += played.answers
        self.counted += played.counted
        if played.violations:
            self.failed.append(played)

    @property
    def seconds(self) -> float:
        """Since the beginning, the starting of stacks included."""
        return time.monotonic() - self.began

    @property
    def a_minute(self) -> float:
        """Schedules per minute."""
        return 60 * self.schedules / self.seconds

    @property
    def violations(self) -> list[str]:
        """All of them, each with its seed."""
        return [f"seed {one.seed}: {violation}" for one in self.failed for violation in one.violations]


@dataclass(frozen=True)
class Run:
    """What is to be played: `stop_after` seconds the next schedule is not begun, if `at_least` so many are done."""

    engine: str
    seeds: tuple[int, ...]
    stacks: int = 2
    sabotage: str = ""
    stop_after: float = float("inf")
    at_least: int = 0
    stop_at_first: bool = False


def run(wanted: Run, progress: Callable[[Tally, Played], None] = lambda _tally, _played: None) -> Tally:
    """Play these seeds, shared out among the stacks."""
    tally = Tally()
    with _crew(wanted) as (seeds, results):
        waiting, playing = list(reversed(wanted.seeds)), 0
        for _ in range(min(wanted.stacks, len(waiting))):
            seeds.put(waiting.pop())
            playing += 1
        while playing:
            played: Played = results.get(timeout=PATIENCE)
            playing -= 1
            tally.add(played)
            progress(tally, played)
            if waiting and not _is_enough(wanted, tally):
                seeds.put(waiting.pop())
                playing += 1
    return tally


def _is_enough(wanted: Run, tally: Tally) -> bool:
    if wanted.stop_at_first and tally.failed:
        return True
    return tally.seconds > wanted.stop_after and tally.schedules >= wanted.at_least


@contextmanager
def _crew(wanted: Run) -> Iterator[tuple["Queue[int | None]", "Queue[Any]"]]:
    # Spawned, not forked: whoever asks may have threads and open databases.
    method = multiprocessing.get_context("spawn")
    seeds, results = method.Queue(), method.Queue()
    crew = [
        method.Process(target=_play_what_comes, args=(wanted.engine, wanted.sabotage, seeds, results))
        for _ in range(wanted.stacks)
    ]
    for one in crew:
        one.start()
    try:
        yield seeds, results
    finally:
        for _ in crew:
            seeds.put(None)
        for one in crew:
            one.join(PATIENCE)
            if one.is_alive():
                one.kill()


def _play_what_comes(engine: str, sabotage: str, seeds: "Queue[int | None]", results: "Queue[Any]") -> None:
    die_with_parent(signal.SIGTERM)
    signal.signal(signal.SIGTERM, _leave)
    commit(sabotage)  # we do some of the shop's work ourselves
    while _play_on_a_stack(engine, sabotage, seeds, results):
        pass


def _leave(_signal: int, _frame: FrameType | None) -> None:
    """Clean up on the way, undisturbed."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(1)


def _play_on_a_stack(engine: str, sabotage: str, seeds: "Queue[int | None]", results: "Queue[Any]") -> bool:
    """Until there are no more seeds; True where a schedule broke off, and left things that are not the next one's fault."""
    with running(engine, sabotage=sabotage) as stack:
        while (seed := seeds.get()) is not None:
            played = play(stack, seed)
            if played.violations:
                played.story += _last_words(stack.folder)
            results.put(played)
            if played.broke_off:
                return True
    return False


def _last_words(folder: Path) -> str:
    """What the processes said, the end of it."""
    said = [(log.stem, log.read_text(errors="replace")[-LAST_WORDS:].strip()) for log in sorted(folder.glob("*.log"))]
    return "".join(f"\n\n{name} said last:\n{words}" for name, words in said if words)


def cores() -> int:
    """How many stacks this machine bears."""
    return max(1, min(4, len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1))
