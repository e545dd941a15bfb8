"""The page of failures and the tests that play them say the same."""

import re
from collections import defaultdict
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parent.parent
PAGE: Final = TESTS.parent / "docs" / "failures.md"
CASES: Final = 46


def _listed() -> dict[int, set[str]]:
    rows = re.findall(r"^\| (\d+) \|.*\|([^|]*)\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {int(case): set(re.findall(r"`([^`]+)`", files)) for case, files in rows}


def _played() -> dict[int, set[str]]:
    played: dict[int, set[str]] = defaultdict(set)
    for path in TESTS.rglob("test_*.py"):
        for case in re.findall(r"def test_(\d\d)_", path.read_text(encoding="utf-8")):
            played[int(case)].add(path.relative_to(TESTS).as_posix())
    return played


def test_every_case_is_played_where_the_page_says() -> None:
    assert _listed() == _played()


def test_none_is_missing() -> None:
    assert sorted(_listed()) == list(range(1, CASES + 1))
