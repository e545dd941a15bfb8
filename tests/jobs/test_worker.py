"""Work is done when it is due, once, again when it failed, and never lost."""

import datetime as dt
import threading

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.core.clock import now
from storefront.core.database import current_session, transaction
from storefront.core.jobs import leases
from storefront.core.jobs.models import Job
from storefront.core.jobs.queue import Handler, RetryLaterError, enqueue
from storefront.core.jobs.worker import run_due, work_forever
from tests.doors import MovedClock
from tests.jobs.conftest import divide_by_zero

Kinds = dict[str, Handler]


def ask(kind: str, unique_key: str | None = None, *, run_at: dt.datetime | None = None, **args: object) -> None:
    with transaction():
        enqueue(kind, args, unique_key=unique_key, run_at=run_at)


def the_job() -> Job:
    current_session().rollback()
    return current_session().scalars(select(Job)).one()


def at_once(_name: str = "") -> None:
    """Nothing to do."""


@pytest.mark.usefixtures("inside")
class TestDoing:
    def test_due_jobs_are_done_once_with_their_arguments_oldest_first(self, kinds: Kinds) -> None:
        greeted: list[str] = []

        def greet(name: str) -> None:
            greeted.append(name)

        kinds["greet"] = greet
        ask("greet", name="Alice")
        ask("greet", name="Bob")

        assert (run_due(), run_due()) == (2, 0)
        assert greeted == ["Alice", "Bob"]

    def test_no_more_than_the_limit_are_done(self, kinds: Kinds) -> None:
        kinds["rest"] = at_once
        ask("rest")
        ask("rest")

        assert (run_due(limit=1), run_due()) == (1, 1)

    def test_what_is_not_due_waits(self, kinds: Kinds, later: MovedClock) -> None:
        kinds["rest"] = at_once
        ask("rest", run_at=now() + dt.timedelta(minutes=3))

        assert run_due() == 0
        later.forward(181)
        assert run_due() == 1

    def test_a_job_may_write(self, kinds: Kinds) -> None:
        kinds["ask_more"] = lambda: ask("rest", run_at=now() + dt.timedelta(days=1))
        ask("ask_more")

        run_due()

        kinds_left = current_session().scalars(select(Job.kind).where(Job.finished_at.is_(None)))
        assert list(kinds_left) == ["rest"]

    def test_it_is_no_transaction_of_the_caller(self, kinds: Kinds) -> None:
        ask("rest")

        with pytest.raises(RuntimeError, match="inside a transaction"), transaction():
            run_due()


@pytest.mark.usefixtures("inside")
class TestKeys:
    def test_a_key_is_one_unfinished_job(self, kinds: Kinds) -> None:
        kinds["look"] = at_once
        ask("look", "pi_1")
        ask("look", "pi_1")

        assert run_due() == 1

    def test_a_finished_job_frees_its_key(self, kinds: Kinds) -> None:
        kinds["look"] = at_once
        ask("look", "pi_1")
        run_due()
        ask("look", "pi_1")

        assert run_due() == 1

    def test_asked_while_it_runs_it_runs_once_more(self, kinds: Kinds) -> None:
        runs: list[int] = []

        def look() -> None:
            if not runs:
                ask("look", "pi_1")
                ask("look", "pi_1")
            runs.append(1)

        kinds["look"] = look
        ask("look", "pi_1")

        run_due()

        assert len(runs) == 2
        assert the_job().finished_at is not None

    def test_asking_for_an_earlier_time_moves_it_forward(self, kinds: Kinds) -> None:
        kinds["look"] = at_once
        ask("look", "pi_1", run_at=now() + dt.timedelta(hours=1))
        ask("look", "pi_1")

        assert run_due() == 1


@pytest.mark.usefixtures("inside")
class TestFailing:
    def test_it_is_tried_again_later_and_later(self, kinds: Kinds, later: MovedClock) -> None:
        tried: list[str] = []

        def fail() -> None:
            tried.append("once")
            raise OSError("no line")

        kinds["call"] = fail
        ask("call")
        run_due()

        assert run_due() == 0
        later.forward(6)
        assert run_due() == 1
        later.forward(6)
        assert run_due() == 0
        later.forward(6)
        assert run_due() == 1
        assert (the_job().tries, the_job().last_error) == (3, "OSError: no line")

    def test_one_that_fails_does_not_stop_the_others(self, kinds: Kinds) -> None:
        done: list[str] = []
        kinds["fail"] = divide_by_zero
        kinds["work"] = lambda: done.append("it")
        ask("fail")
        ask("work")

        run_due()

        assert done == ["it"]

    def test_it_is_given_up_visibly_and_its_key_is_free(self, kinds: Kinds, later: MovedClock) -> None:
        kinds["fail"] = divide_by_zero
        ask("fail", "k")
        for _ in range(leases.MAX_TRIES):
            run_due()
            later.forward(3601)

        given_up = the_job()
        assert given_up.gave_up_at is not None
        assert given_up.finished_at is not None
        assert given_up.last_error == "ZeroDivisionError: division by zero"
        assert run_due() == 0
        ask("fail", "k")
        assert run_due() == 1

    def test_asked_for_during_its_last_try_it_starts_afresh(self, kinds: Kinds, later: MovedClock) -> None:
        runs: list[int] = []

        def fail() -> None:
            runs.append(1)
            if len(runs) == leases.MAX_TRIES:
                ask("fail", "k")
            raise OSError

        kinds["fail"] = fail
        ask("fail", "k")
        for _ in range(leases.MAX_TRIES):
            run_due()
            later.forward(3601)

        assert the_job().gave_up_at is None
        later.forward(3601)
        assert run_due() == 1

    def test_a_kind_nobody_does_fails_by_name(self) -> None:
        ask("unheard_of")

        run_due()

        assert "unheard_of" in the_job().last_error

    def test_an_error_leaves_no_half_transaction_behind(self, kinds: Kinds) -> None:
        def half() -> None:
            with transaction():
                enqueue("rest", {})
                raise OSError

        kinds["half"] = half
        ask("half")

        run_due()

        assert the_job().kind == "half"

    def test_not_yet_is_no_failure(self, kinds: Kinds, later: MovedClock) -> None:
        def wait() -> None:
            raise RetryLaterError("the card is being charged", dt.timedelta(minutes=1))

        kinds["detach"] = wait
        ask("detach")
        for _ in range(leases.MAX_TRIES + 3):
            assert run_due() == 1
            later.forward(61)

        assert (the_job().tries, the_job().gave_up_at) == (0, None)


@pytest.mark.usefixtures("inside")
class TestLeases:
    def test_a_claimed_job_is_nobody_elses(self) -> None:
        ask("rest")

        assert leases.claim_next() is not None
        assert leases.claim_next() is None

    def test_a_lease_that_ended_is_anybodys(self, later: MovedClock) -> None:
        ask("rest")
        first = leases.claim_next()
        later.forward(leases.LEASE.total_seconds() + 1)
        second = leases.claim_next()

        assert first is not None
        assert second is not None
        assert (second.job_id, second.tries) == (first.job_id, 2)

    def test_who_lost_the_lease_cannot_say_how_it_ended(self, later: MovedClock) -> None:
        ask("rest")
        lost = leases.claim_next()
        later.forward(leases.LEASE.total_seconds() + 1)
        leases.claim_next()
        assert lost is not None

        ends = [leases.finish(lost), leases.give_up(lost, "x"), leases.try_again_later(lost, "x"), leases.renew(lost)]

        assert ends == [False, False, False, False]
        assert the_job().finished_at is None

    def test_renewed_it_stays_ours(self, later: MovedClock) -> None:
        ask("rest")
        claim = leases.claim_next()
        assert claim is not None
        later.forward(leases.LEASE.total_seconds() - 1)
        assert leases.renew(claim)
        later.forward(leases.LEASE.total_seconds() - 1)

        assert leases.claim_next() is None

    def test_long_work_renews_its_lease(self, kinds: Kinds, later: MovedClock, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("storefront.core.jobs.worker.RENEW_SECONDS", 0.05)
        renewed = threading.Event()
        renew = leases.renew

        def note(claim: leases.Claim) -> bool:
            kept = renew(claim)
            renewed.set()
            return kept

        monkeypatch.setattr(leases, "renew", note)
        rivals: list[leases.Claim | None] = []

        def work() -> None:
            later.forward(leases.LEASE.total_seconds() - 1)
            renewed.clear()
            assert renewed.wait(5)
            later.forward(2)
            rivals.append(leases.claim_next())

        kinds["long"] = work
        ask("long")

        run_due()

        assert rivals == [None]
        assert the_job().finished_at is not None

    def test_a_job_that_kills_its_worker_each_time_is_given_up(self, kinds: Kinds, later: MovedClock) -> None:
        runs: list[int] = []
        kinds["deadly"] = lambda: runs.append(1)
        ask("deadly")
        for _ in range(leases.MAX_TRIES):
            leases.claim_next()
            later.forward(leases.LEASE.total_seconds() + 1)

        run_due()

        assert runs == []
        assert the_job().gave_up_at is not None


def test_two_workers_do_each_job_once(app: Flask, kinds: Kinds) -> None:
    done: list[int] = []

    def count(number: int) -> None:
        done.append(number)

    kinds["count"] = count
    stop = threading.Event()
    with app.app_context():
        for number in range(40):
            ask("count", number=number)

    def work() -> None:
        with app.app_context():
            work_forever(stop)

    crew = [threading.Thread(target=work) for _ in range(3)]
    for one in crew:
        one.start()
    _until(lambda: len(done) >= 40)
    stop.set()
    for one in crew:
        one.join(10)

    assert sorted(done) == list(range(40))


def test_told_to_stop_it_finishes_the_job_in_hand(app: Flask, kinds: Kinds) -> None:
    started, may_end, stop = threading.Event(), threading.Event(), threading.Event()

    def slow() -> None:
        started.set()
        assert may_end.wait(10)

    kinds["slow"] = slow
    with app.app_context():
        ask("slow")
        ask("slow")

    def work() -> None:
        with app.app_context():
            work_forever(stop)

    worker = threading.Thread(target=work)
    worker.start()
    assert started.wait(10)
    stop.set()
    may_end.set()
    worker.join(10)

    with app.app_context():
        finished = [job.finished_at is not None for job in current_session().scalars(select(Job).order_by(Job.id))]
    assert finished[:2] == [True, False]


def _until(is_so: "object") -> None:
    assert callable(is_so)
    for _ in range(400):
        if is_so():
            return
        threading.Event().wait(0.05)
    raise AssertionError("it did not happen within 20 s")
