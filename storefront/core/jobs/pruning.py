"""Putting away jobs that are long done."""

import datetime as dt
from typing import Final

from sqlalchemy import delete

from storefront.core.clock import now
from storefront.core.database import transaction
from storefront.core.jobs.models import Job
from storefront.core.jobs.queue import job

RETENTION: Final = dt.timedelta(days=30)


@job("forget_old_jobs", every_seconds=24 * 60 * 60)
def delete_old_jobs() -> None:
    """Delete what was done a month ago; what was given up stays until somebody has looked."""
    with transaction() as session:
        session.execute(delete(Job).where(Job.finished_at < now() - RETENTION, Job.gave_up_at.is_(None)))
