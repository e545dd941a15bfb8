"""Work that comes round has one row each."""

import pytest
from sqlalchemy import select

from storefront.core.database import current_session, transaction
from storefront.core.jobs import leases
from storefront.core.jobs.models import Job
from storefront.core.jobs.pruning import delete_old_jobs
from storefront.core.jobs.queue import Handler, enqueue
from storefront.core.jobs.recurring import schedule_recurring
from storefront.core.jobs.worker import run_due
from tests.doors import MovedClock
from tests.jobs.conftest import divide_by_zero

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture(autouse=True)
def recurring(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    recurring = {"sweep": 60}
    monkeypatch.setattr("storefront.core.jobs.recurring.RECURRING", recurring)
    return recurring


def jobs() -> list[Job]:
    current_session().rollback()
    return list(current_session().scalars(select(Job).order_by(Job.id)))


def test_it_is_made_once_and_moved_on_in_place(kinds: dict[str, Handler], later: MovedClock) -> None:
    swept: list[int] = []
    kinds["sweep"] = lambda: swept.append(1)
    schedule_recurring()
    schedule_recurring()

    assert (run_due(), run_due()) == (1, 0)
    later.forward(61)
    assert run_due() == 1
    assert len(swept) == 2
    assert [(job.every_seconds, job.finished_at) for job in jobs()] == [(60, None)]


def test_it_is_never_given_up(kinds: dict[str, Handler], later: MovedClock) -> None:
    kinds["sweep"] = divide_by_zero
    schedule_recurring()
    for _ in range(leases.MAX_TRIES + 5):
        assert run_due() == 1
        later.forward(61)

    (job,) = jobs()
    assert (job.gave_up_at, job.finished_at) == (None, None)
    assert job.last_error == "ZeroDivisionError: division by zero"


def test_a_new_interval_counts(recurring: dict[str, int]) -> None:
    schedule_recurring()
    recurring["sweep"] = 5
    schedule_recurring()

    assert [job.every_seconds for job in jobs()] == [5]


def test_what_no_longer_exists_ends(recurring: dict[str, int]) -> None:
    schedule_recurring()
    recurring.clear()
    recurring["dust"] = 60
    schedule_recurring()

    assert [(job.kind, job.finished_at is None) for job in jobs()] == [("sweep", False), ("dust", True)]


def test_jobs_long_done_are_put_away_but_not_what_was_given_up(kinds: dict[str, Handler], later: MovedClock) -> None:
    kinds["rest"] = lambda: None
    kinds["fail"] = divide_by_zero
    with transaction():
        enqueue("rest", {})
        enqueue("fail", {})
    for _ in range(leases.MAX_TRIES):
        run_due()
        later.forward(3601)
    later.forward(31 * 24 * 60 * 60)

    delete_old_jobs()

    assert [job.kind for job in jobs()] == ["fail"]
