"""What keeps this process from serving customers."""

import datetime as dt
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.exc import SQLAlchemyError

from storefront.core.clock import now
from storefront.core.database import current_session
from storefront.core.jobs.models import Job
from storefront.core.migrations import is_newest

LONGEST_WAIT: Final = dt.timedelta(seconds=60)


def what_is_missing() -> list[str]:
    """One line for each thing that is not as it should be; nothing when all is well."""
    try:
        return [*_database(), *_work()]
    except SQLAlchemyError as error:
        return [f"the database cannot be read ({type(error).__name__})"]


def longest_wait() -> dt.timedelta:
    """How long the oldest job that is due has been waiting."""
    nobody_has_it = or_(Job.lease_token.is_(None), Job.lease_until < now())
    oldest = current_session().scalar(select(func.min(Job.run_at)).where(Job.finished_at.is_(None), nobody_has_it))
    return max(now() - oldest, dt.timedelta(0)) if oldest else dt.timedelta(0)


def _database() -> list[str]:
    return [] if is_newest(current_session().connection()) else ["the database is not migrated: flask db upgrade"]


def _work() -> list[str]:
    wait = longest_wait()
    if wait < LONGEST_WAIT:
        return []
    return [f"the oldest job has been waiting for {wait.total_seconds():.0f} s: is flask worker running?"]
