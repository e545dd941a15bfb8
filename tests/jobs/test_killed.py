"""A worker that is killed costs a lease, never a job."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from storefront.core.database import current_session, transaction
from storefront.core.jobs import leases
from storefront.core.jobs.models import Job
from storefront.core.jobs.queue import enqueue
from tests.doors import MovedClock

Starts = Callable[[], "subprocess.Popen[bytes]"]
pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def start_worker(database_url: str, tmp_path: Path) -> Iterator[Starts]:
    running: list[subprocess.Popen[bytes]] = []

    def start() -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.jobs.lone_worker", str(tmp_path)]
        running.append(subprocess.Popen(command, env=os.environ | {"DATABASE_URL": database_url}))
        return running[-1]

    yield start
    for worker in running:
        worker.kill()
        worker.wait()


def test_a_killed_workers_job_is_done_by_another(start_worker: Starts, tmp_path: Path, later: MovedClock) -> None:
    with transaction():
        enqueue("hang_once", {"name": "receipt"})
    killed = start_worker()
    wait_for(tmp_path / "receipt.started")
    killed.send_signal(signal.SIGKILL)
    killed.wait()

    later.forward(leases.LEASE.total_seconds() + 1)
    other = start_worker()
    wait_for(tmp_path / "receipt.done")
    other.terminate()

    assert other.wait(10) == 0
    job = current_session().scalars(select(Job).where(Job.kind == "hang_once")).one()
    assert (job.tries, job.finished_at is not None, job.lease_token) == (2, True, None)


def test_a_killed_worker_does_not_hold_up_the_other_work(start_worker: Starts, tmp_path: Path) -> None:
    with transaction():
        enqueue("hang_once", {"name": "stuck"})
    killed = start_worker()
    wait_for(tmp_path / "stuck.started")
    killed.send_signal(signal.SIGKILL)
    killed.wait()

    with transaction():
        enqueue("note", {"name": "next"})
    start_worker()

    wait_for(tmp_path / "next.done")


def wait_for(path: Path) -> None:
    for _ in range(400):
        if path.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{path.name} did not appear within 20 s")
