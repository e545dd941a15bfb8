"""So many tries and no more, whoever counts."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.core.database import TransactionError, current_session, end_read, transaction
from storefront.core.errors import RateLimitedError
from storefront.core.rate_limits import Throttle, delete_expired, forgive, throttle
from storefront.extensions import limiter
from tests.doors import MovedClock

LIMIT = "3 per minute"


def tries(app: Flask) -> str:
    """y for a try that was let through, n for one that was not."""
    with app.app_context():
        try:
            throttle("door", "alice@example.org", "203.0.113.9", limit=LIMIT)
        except RateLimitedError:
            return "n"
        return "y"


def test_the_window_closes_and_opens_again(doors: Flask, later: MovedClock) -> None:
    first = [tries(doors) for _ in range(5)]
    later.forward(59)
    nearly = tries(doors)
    later.forward(1.1)

    assert first == ["y", "y", "y", "n", "n"]
    assert nearly == "n"
    assert [tries(doors) for _ in range(4)] == ["y", "y", "y", "n"]


def test_many_at_once_are_counted_as_many(doors: Flask) -> None:
    with ThreadPoolExecutor(8) as crowd:
        told = sorted(crowd.map(tries, [doors] * 24))

    assert told == ["n"] * 21 + ["y"] * 3


@pytest.mark.usefixtures("inside")
class TestCounting:
    def test_it_says_when_to_come_back(self, later: MovedClock) -> None:
        for _ in range(3):
            throttle("door", "alice", limit=LIMIT)
        later.forward(20)

        with pytest.raises(RateLimitedError, match="Wait a while") as refused:
            throttle("door", "alice", limit=LIMIT, words="Wait a while")

        assert refused.value.retry_after in {40, 41}

    def test_everybody_has_tries_of_their_own(self) -> None:
        for _ in range(3):
            throttle("door", "alice", limit=LIMIT)

        throttle("door", "bob", limit=LIMIT)
        throttle("window", "alice", limit=LIMIT)

    def test_being_right_gives_the_tries_back(self) -> None:
        for _ in range(3):
            throttle("door", "alice", limit=LIMIT)

        forgive("door", "alice", limit=LIMIT)

        throttle("door", "alice", limit=LIMIT)

    def test_it_stands_though_the_request_is_given_up(self) -> None:
        throttle("door", "alice", limit=LIMIT)
        current_session().rollback()

        assert current_session().scalars(select(Throttle.tries)).all() == [1]

    def test_nobody_is_named(self) -> None:
        throttle("door", "alice@example.org", limit=LIMIT)

        assert "alice" not in "".join(current_session().scalars(select(Throttle.key)))

    def test_what_no_longer_counts_is_forgotten(self, later: MovedClock) -> None:
        throttle("door", "alice", limit=LIMIT)
        later.forward(61)
        throttle("door", "bob", limit=LIMIT)

        delete_expired()

        assert current_session().scalars(select(Throttle.tries)).all() == [1]

    def test_never_inside_a_transaction(self) -> None:
        with transaction(), pytest.raises(TransactionError):
            throttle("door", "alice", limit=LIMIT)

    def test_its_library_finds_a_whole_storage(self) -> None:
        throttle("door", "alice", limit=LIMIT)

        assert limiter.storage.check()
        assert limiter.storage.get("no such key") == 0
        assert limiter.storage.get_expiry("no such key") > 0
        assert limiter.storage.reset() == 1
        end_read()
        assert current_session().scalars(select(Throttle.tries)).all() == []


def test_all_processes_count_together(database_url: str) -> None:
    command = [sys.executable, "-c", _COUNTING]
    environment = os.environ | {"DATABASE_URL": database_url}
    crowd = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]

    told = [process.communicate(timeout=60)[0].strip() for process in crowd]

    assert sorted("".join(told)) == ["n"] * 30 + ["y"] * 10


_COUNTING = """
import os
from storefront.core.errors import RateLimitedError
from storefront.core.rate_limits import throttle
from tests.apps import bare_app

def tries():
    try:
        throttle("door", "alice", limit="10 per hour")
    except RateLimitedError:
        return "n"
    return "y"

with bare_app(os.environ["DATABASE_URL"]) as app, app.app_context():
    print("".join(tries() for _ in range(20)))
"""
