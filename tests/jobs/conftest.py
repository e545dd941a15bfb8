"""A queue with kinds of work of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from storefront.core import clock
from storefront.core.jobs import queue
from tests.apps import bare_app


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    with bare_app(database_url, CLOCK_FILE=str(tmp_path / "clock")) as app:
        yield app
    clock.read_from(None)


@pytest.fixture
def inside(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> dict[str, queue.Handler]:
    """What this test's workers can do, and nothing else."""
    kinds: dict[str, queue.Handler] = {}
    monkeypatch.setattr(queue, "HANDLERS", kinds)
    monkeypatch.setattr("storefront.core.jobs.worker.HANDLERS", kinds)
    return kinds


def divide_by_zero() -> None:
    """Work that always fails."""
    _ = 1 / 0
