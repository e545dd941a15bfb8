"""Work that comes round: one row a kind, for ever."""

from sqlalchemy import select, update

from storefront.core.clock import now
from storefront.core.database import current_session, transaction, upsert
from storefront.core.jobs.models import Job
from storefront.core.jobs.queue import RECURRING


def schedule_recurring() -> None:
    """Make the row of each recurring kind where it is missing; end what no longer exists. Writes only what differs."""
    unfinished = select(Job.kind, Job.every_seconds).where(Job.every_seconds.is_not(None), Job.finished_at.is_(None))
    known = {kind: every_seconds for kind, every_seconds in current_session().execute(unfinished)}  # noqa: C416  rows
    if known == RECURRING:
        return
    with transaction():
        for kind, every_seconds in RECURRING.items():
            _schedule(kind, every_seconds)
        _end(known.keys() - RECURRING.keys())


def _schedule(kind: str, every_seconds: int) -> None:
    session = current_session()
    row = upsert(Job).values(
        kind=kind,
        args={},
        unique_key=f"recurring:{kind}",
        every_seconds=every_seconds,
        run_at=now(),
        tries=0,
        again=False,
        last_error="",
        created_at=now(),
    )
    session.execute(
        row.on_conflict_do_update(
            index_elements=["unique_key"], index_where=Job.finished_at.is_(None), set_={"every_seconds": every_seconds}
        )
    )


def _end(kinds: set[str]) -> None:
    over = update(Job).where(Job.kind.in_(kinds), Job.every_seconds.is_not(None), Job.finished_at.is_(None))
    current_session().execute(over.values(finished_at=now()).execution_options(synchronize_session=False))
