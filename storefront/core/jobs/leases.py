"""Whose job it is: claiming one, keeping it while the work lasts, and saying how it ended.

Everything is written `WHERE lease_token = mine`. A worker that was away too long (paused, cut off, killed) has lost its
lease to another, and what it says then changes nothing.
"""

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, or_, select, update
from sqlalchemy.sql.elements import SQLColumnExpression

from storefront.core.clock import now
from storefront.core.database import current_session, transaction
from storefront.core.jobs.models import Job
from storefront.core.jobs.queue import NEVER_GIVEN_UP

LEASE: Final = dt.timedelta(seconds=60)
MAX_TRIES: Final = 12
FIRST_WAIT: Final = dt.timedelta(seconds=5)
LONGEST_WAIT: Final = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Claim:
    """One job that is ours until the lease ends."""

    job_id: int
    kind: str
    args: dict[str, Any]
    lease_token: str
    tries: int
    every_seconds: int | None

    @property
    def may_be_given_up(self) -> bool:
        """Recurring work is never given up, nor is what has to be found out."""
        return self.every_seconds is None and self.kind not in NEVER_GIVEN_UP

    @property
    def is_last_try(self) -> bool:
        """Whether another failure is the last."""
        return self.may_be_given_up and self.tries >= MAX_TRIES


def something_is_due() -> bool:
    """Look without writing: idle workers cost the shop nothing."""
    return current_session().scalar(select(Job.id).where(_is_due()).limit(1)) is not None


def claim_next() -> Claim | None:
    """Take the job that has waited longest, or None when there is none, or others were faster."""
    with transaction() as session:
        # On Postgres workers pass over each other's rows; on SQLite one claims at a time.
        job = session.scalar(
            select(Job).where(_is_due()).order_by(Job.run_at, Job.id).limit(1).with_for_update(skip_locked=True)
        )
        if job is None:
            return None
        # Counted when it starts, not when it fails: a job that kills its worker must not be tried for ever.
        job.tries += 1
        job.again = False
        job.lease_token = secrets.token_hex(16)
        job.lease_until = now() + LEASE
        return Claim(job.id, job.kind, dict(job.args), job.lease_token, job.tries, job.every_seconds)


def renew(claim: Claim) -> bool:
    """Keep it for longer; False when it is no longer ours."""
    return _write(claim, lease_until=now() + LEASE)


def finish(claim: Claim) -> bool:
    """It is done. Asked for again meanwhile, it is due at once; recurring work is due at its next time."""
    if claim.every_seconds is None:
        return _write(
            claim,
            **_let_go(last_error=""),
            tries=case((Job.again, 0), else_=Job.tries),
            run_at=case((Job.again, now()), else_=Job.run_at),
            finished_at=case((Job.again, None), else_=now()),
        )
    next_time = now() + dt.timedelta(seconds=claim.every_seconds)
    return _write(claim, **_let_go(last_error=""), tries=0, run_at=case((Job.again, now()), else_=next_time))


def put_off(claim: Claim, why: str, wait: dt.timedelta) -> bool:
    """Its time has not come yet; asked for again meanwhile, it is."""
    later = case((Job.again, now()), else_=now() + wait)
    return _write(claim, **_let_go(last_error=why), tries=Job.tries - 1, run_at=later)


def try_again_later(claim: Claim, error: str) -> bool:
    """It failed: wait, longer each time."""
    return _write(claim, **_let_go(last_error=error), run_at=now() + wait_after(claim))


def give_up(claim: Claim, error: str) -> bool:
    """It failed too often. The row stays to be seen, its key is free; asked for again meanwhile, it starts afresh."""
    return _write(
        claim,
        **_let_go(last_error=error),
        tries=case((Job.again, 0), else_=Job.tries),
        run_at=case((Job.again, now() + LONGEST_WAIT), else_=Job.run_at),
        gave_up_at=case((Job.again, None), else_=now()),
        finished_at=case((Job.again, None), else_=now()),
    )


def wait_after(claim: Claim) -> dt.timedelta:
    """5 s, 10 s, 20 s … an hour at most; recurring work never longer than its own round."""
    doubled: int = 2 ** min(claim.tries - 1, 10)
    wait = min(FIRST_WAIT * doubled, LONGEST_WAIT)
    if claim.every_seconds is None:
        return wait
    return min(wait, dt.timedelta(seconds=claim.every_seconds))


def _is_due() -> ColumnElement[bool]:
    moment = now()
    free = or_(Job.lease_token.is_(None), Job.lease_until < moment)
    return and_(Job.finished_at.is_(None), Job.run_at <= moment, free)


def _let_go(last_error: str) -> dict[str, object]:
    return {"lease_token": None, "lease_until": None, "again": False, "last_error": last_error}


def _write(claim: Claim, **values: object | SQLColumnExpression[Any]) -> bool:
    mine = update(Job).where(Job.id == claim.job_id, Job.lease_token == claim.lease_token, Job.finished_at.is_(None))
    with transaction() as session:
        done = session.scalar(mine.values(**values).returning(Job.id).execution_options(synchronize_session=False))
    return done is not None
