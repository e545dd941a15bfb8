"""Asking for work: an INSERT in the transaction of the change that wants it."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from sqlalchemy import case

from storefront.core.clock import now
from storefront.core.database import current_session, upsert
from storefront.core.jobs.models import Job

Handler = Callable[..., None]
HANDLERS: dict[str, Handler] = {}
RECURRING: dict[str, int] = {}
NEVER_GIVEN_UP: set[str] = set()


class RetryLaterError(Exception):
    """Raised by a job whose time has not come: it is done again after `wait`, and that counts as no failed try."""

    def __init__(self, why: str, wait: dt.timedelta) -> None:
        super().__init__(why)
        self.wait = wait


def job(kind: str, *, every_seconds: int | None = None, gives_up: bool = True) -> Callable[[Handler], Handler]:
    """Register the function that does jobs of this kind; it is called with the job's args, outside any transaction.

    With `every_seconds` there is one such job for ever, and nobody needs to ask for it. Without `gives_up` it is tried
    until it succeeds, every hour in the end: for what may not be lost however long the other side is away.
    """

    def register(work: Handler) -> Handler:
        HANDLERS[kind] = work
        if every_seconds is not None:
            RECURRING[kind] = every_seconds
        if not gives_up:
            NEVER_GIVEN_UP.add(kind)
        return work

    return register


def enqueue(
    kind: str, args: dict[str, Any], *, unique_key: str | None = None, run_at: dt.datetime | None = None
) -> None:
    """Ask for a job inside the running transaction.

    With a `unique_key` there is one unfinished job of that key. Asking again moves it forward to the earlier time;
    asking while it runs makes it run once more.
    """
    enqueue_all([(kind, args, unique_key, run_at or now())])


def enqueue_all(wanted: list[tuple[str, dict[str, Any], str | None, dt.datetime]]) -> None:
    """Ask for several jobs in one statement: (kind, args, unique_key, run_at) each."""
    session = current_session()
    rows = [
        {
            "kind": kind,
            "args": args,
            "unique_key": unique_key,
            "run_at": run_at,
            "tries": 0,
            "again": False,
            "last_error": "",
            "created_at": now(),
        }
        for kind, args, unique_key, run_at in wanted
    ]
    # Rows beside the statement, not in it: so it is compiled once, however many there are.
    statement = upsert(Job)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["unique_key"],
            index_where=Job.finished_at.is_(None),
            set_={
                "run_at": case((Job.run_at > statement.excluded.run_at, statement.excluded.run_at), else_=Job.run_at),
                "again": case((Job.lease_token.is_not(None), True), else_=Job.again),
            },
        ),
        rows,
    )
