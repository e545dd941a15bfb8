"""A queue with kinds of work of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from storefront import clock
from storefront.jobs import queue
from tests.apps import bare_app


class MovedClock:
    """The shop's clock, some seconds on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seconds = 0.0

    def forward(self, seconds: float) -> None:
        self._seconds += seconds
        self._path.write_text(f"{self._seconds:+}", encoding="ascii")


@pytest.fixture
def later(tmp_path: Path) -> MovedClock:
    """Moves time on."""
    return MovedClock(tmp_path / "clock")


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    with bare_app(database_url, CLOCK_FILE=str(tmp_path / "clock")) as app:
        yield app
    clock.follow(None)


@pytest.fixture
def inside(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> dict[str, queue.Work]:
    """What this test's workers can do, and nothing else."""
    kinds: dict[str, queue.Work] = {}
    monkeypatch.setattr(queue, "KINDS", kinds)
    monkeypatch.setattr("storefront.jobs.worker.KINDS", kinds)
    return kinds


def divide_by_zero() -> None:
    """Work that always fails."""
    _ = 1 / 0
