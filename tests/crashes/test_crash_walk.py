"""Some steps of some paths, others each time; `bin/crashes` walks them all."""

import random
import re
import subprocess
import sys
from typing import Final

# No path is begun after so long.
SECONDS: Final = 25
EVERY: Final = 29
PATIENCE: Final = 280


def crashes(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.crashes", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


def killed(told: str) -> int:
    """The sum of the table: path, steps, killed …"""
    line = re.search(r"^all +\d+ +(\d+)", told, re.MULTILINE)
    assert line is not None, told
    return int(line[1])


def test_no_death_loses_a_payment_or_doubles_it(database_engine: str) -> None:
    first = str(random.randint(1, EVERY))

    walked = crashes("--db", database_engine, "--every", str(EVERY), "--from", first, "--seconds", str(SECONDS))

    assert walked.returncode == 0, walked.stdout + walked.stderr
    assert killed(walked.stdout) >= 4, walked.stdout


def test_it_sees_a_double_charge() -> None:
    """Where what is sent again has another key."""
    walked = crashes("--path", "one-click", "--every", "10", "--from", "30", "--sabotage", "new-key-each-time")

    assert walked.returncode == 1, walked.stdout + walked.stderr
    assert re.search(r"point \d+, alone was charged 2 times", walked.stdout), walked.stdout
