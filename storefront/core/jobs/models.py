"""The jobs table."""

import datetime as dt
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.clock import now
from storefront.core.database import Base


class Job(Base):
    """Work to be done: exists exactly when the change that wants it does.

    `unique_key` is unique while unfinished. `again`: asked for once more while it was already running.
    `every_seconds`: recurring work, moved on in place and never given up.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index(
            "uq_jobs_unfinished", "unique_key", unique=True, sqlite_where=text("finished_at IS NULL"),
            postgresql_where=text("finished_at IS NULL"),
        ),
        Index("ix_jobs_due", "run_at", sqlite_where=text("finished_at IS NULL"), postgresql_where=text("finished_at IS NULL")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    args: Mapped[dict[str, Any]]
    unique_key: Mapped[str | None]
    every_seconds: Mapped[int | None]
    run_at: Mapped[dt.datetime]
    tries: Mapped[int] = mapped_column(default=0)
    again: Mapped[bool] = mapped_column(default=False)
    lease_token: Mapped[str | None]
    lease_until: Mapped[dt.datetime | None]
    last_error: Mapped[str] = mapped_column(default="")
    created_at: Mapped[dt.datetime] = mapped_column(default=now)
    finished_at: Mapped[dt.datetime | None] = mapped_column(index=True)
    gave_up_at: Mapped[dt.datetime | None]
