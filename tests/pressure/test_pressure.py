"""Small trials of each kind; `bin/pressure` makes them large."""

from tools.faults.stack import running
from tools.pressure.last_item import rush
from tools.pressure.slow_stripe import wait_and_look
from tools.pressure.webhooks import flood

ROUNDS = 3
WEBHOOKS = 400
SEED = 1
# Longer than it takes to be refused and to look at pages, even where the machine is busy with other things.
SECONDS = 12


def test_the_last_one_is_sold_once(database_engine: str) -> None:
    with running(database_engine) as stack:
        report = rush(stack, ROUNDS)

    assert report.wrong == []


def test_pages_do_not_wait_for_stripe(database_engine: str) -> None:
    with running(database_engine) as stack:
        report = wait_and_look(stack, SECONDS)

    assert report.wrong == []


def test_a_flood_of_webhooks_has_each_effect_once(database_engine: str) -> None:
    with running(database_engine) as stack:
        report = flood(stack, WEBHOOKS, SEED)

    assert report.wrong == []
