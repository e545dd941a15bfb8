"""The machine finds nothing where the shop is right, and finds it where a rule of the shop is broken."""

import re
import secrets

import pytest

from tools.faults.machine import Run, Tally, run
from tools.faults.plan import plan_of

# Five minutes for both databases together, and at least fifty schedules.
SECONDS_EACH = 150
AT_LEAST = 25
MOST = 10_000
# Broken, each of these shows within the first schedules from this seed on.
FIRST_SEED = 1
SEEN_WITHIN = 60


def told(tally: Tally) -> str:
    """What somebody needs who is to find out why."""
    return "\n".join(f"{one.story}\n{one.violations}" for one in tally.failed)


def test_no_payment_is_lost_and_none_doubled(database_engine: str) -> None:
    first = secrets.randbelow(10**9)
    wanted = Run(database_engine, tuple(range(first, first + MOST)), stop_after=SECONDS_EACH, at_least=AT_LEAST)

    tally = run(wanted)

    assert tally.violations == [], told(tally)
    assert tally.schedules >= AT_LEAST
    assert tally.orders > tally.schedules // 2


@pytest.mark.parametrize(
    ("rule", "violation"),
    [
        ("new-key-each-time", "was charged 2 times|has intents"),
        ("stock-given-back-twice", "at first"),
        ("unknown-is-failed", "was told that nothing was charged|has intents"),
        ("mail-forgotten", "is queued"),
        ("card-left-at-stripe", "cards here"),
        ("decision-unheard", "disputes here"),
        ("set-ups-forgotten", "still open: set-up"),
    ],
)
def test_it_sees_a_broken_rule(rule: str, violation: str) -> None:
    seeds = tuple(range(FIRST_SEED, FIRST_SEED + SEEN_WITHIN))

    tally = run(Run("sqlite", seeds, sabotage=rule, stop_at_first=True))

    assert any(re.search(violation, found) for found in tally.violations), tally.violations


def test_a_seed_is_a_plan() -> None:
    assert plan_of(7) == plan_of(7)
    assert plan_of(7) != plan_of(8)
