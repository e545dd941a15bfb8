"""Some steps of some paths, others each time; `bin/crashes` walks them all."""

import random
import re
import subprocess
import sys
from typing import Final

import pytest

# No path is begun after so long.
SECONDS: Final = 25
EVERY: Final = 29
PATIENCE: Final = 280


def crashes(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.crashes", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


def total(told: str, column: str) -> int:
    """The sum in a column of the table."""
    heads = re.search(r"^path .*$", told, re.MULTILINE)
    sums = re.search(r"^all .*$", told, re.MULTILINE)
    assert heads is not None, told
    assert sums is not None, told
    return int(sums[0].split()[heads[0].split().index(column)])


def test_no_death_loses_a_payment_or_doubles_it(database_engine: str) -> None:
    first = str(random.randint(1, EVERY))

    walked = crashes("--db", database_engine, "--every", str(EVERY), "--from", first, "--seconds", str(SECONDS))

    assert walked.returncode == 0, walked.stdout + walked.stderr
    assert total(walked.stdout, "killed") >= 4, walked.stdout


@pytest.mark.parametrize(
    ("sabotage", "path", "column"),
    [
        ("new-key-each-time", "one-click", "doubled"),
        ("canceled-is-paid", "release", "unpaid"),
        ("event-lost", "event-paid", "lost"),
    ],
)
def test_it_sees_what_must_not_be(sabotage: str, path: str, column: str) -> None:
    walked = crashes("--path", path, "--every", "10", "--from", "30", "--sabotage", sabotage)

    assert walked.returncode == 1, walked.stdout + walked.stderr
    assert total(walked.stdout, column) > 0, walked.stdout
