"""So many tries and no more: counted in the shop's own database, so that all its processes count together."""

import datetime as dt
import hashlib
import math
from typing import Any, Final

from limits import RateLimitItem, parse
from limits.storage import Storage
from sqlalchemy import case, delete, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.client_address import address, is_address_known
from storefront.core.clock import now
from storefront.core.database import Base, current_session, independent_transaction, transaction, upsert
from storefront.core.errors import RateLimitedError
from storefront.core.jobs.queue import job
from storefront.extensions import limiter

_OFTEN: Final = "That was a little often. Please try again {when}."
_IN_HOURS: Final = 90


class Throttle(Base):
    """How often something was tried, until when it counts. The key is hashed: it holds addresses."""

    __tablename__ = "throttle"

    key: Mapped[str] = mapped_column(primary_key=True)
    tries: Mapped[int]
    until: Mapped[dt.datetime] = mapped_column(index=True)


def throttle(what: str, *who: str, limit: str, words: str | None = None) -> None:
    """Count one try; raises RateLimitedError for the one too many.

    `limit` as in "10 per 15 minutes"; in `words` "{when}" is when to try again.
    It is counted before the try is made, so that many at once are many.
    Call it outside `transaction()`.
    """
    item = parse(limit)
    if not limiter.limiter.hit(item, what, *who):
        seconds = _seconds_left(item, what, *who)
        raise RateLimitedError((words or _OFTEN).format(when=when(seconds)), retry_after=seconds)


def throttle_address(what: str, *, limit: str, words: str | None = None) -> None:
    """Count one try of the address this request comes from; nothing where that is not known (see `caller`)."""
    if is_address_known():
        throttle(what, address(), limit=limit, words=words)


def when(seconds: int) -> str:
    """When to try again, in words: "in 3 minutes"."""
    minutes = math.ceil(seconds / 60)
    if minutes > _IN_HOURS:
        return f"in {math.ceil(minutes / 60)} hours"
    return "in a minute" if minutes <= 1 else f"in {minutes} minutes"


def take_back(what: str, *who: str, limit: str) -> None:
    """Take one try back, inside the running transaction: it came to a good end, and was no sign of anything."""
    key = parse(limit).key_for(what, *who)
    counted = update(Throttle).where(Throttle.key == _hashed(key), Throttle.tries > 0)
    current_session().execute(
        counted.values(tries=Throttle.tries - 1), execution_options={"synchronize_session": False}
    )


def forgive(what: str, *who: str, limit: str) -> None:
    """Forget the tries so far: this one was right."""
    limiter.limiter.clear(parse(limit), what, *who)


def _seconds_left(item: RateLimitItem, *who: str) -> int:
    until = limiter.limiter.get_window_stats(item, *who).reset_time
    return max(1, math.ceil(until - now().timestamp()))


class SqlStorage(Storage):
    """Where Flask-Limiter keeps its fixed windows: one row a key, raised by one statement."""

    STORAGE_SCHEME = ["storefront-sql"]  # noqa: RUF012  as its base declares it

    @property
    def base_exceptions(self) -> type[Exception]:
        return SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        moment = now()
        with independent_transaction() as connection:
            fresh = upsert(Throttle, connection.dialect.name).values(
                key=_hashed(key), tries=amount, until=moment + dt.timedelta(seconds=expiry)
            )
            over = Throttle.until <= moment
            counted = fresh.on_conflict_do_update(
                index_elements=[Throttle.key],
                set_={
                    "tries": case((over, fresh.excluded.tries), else_=Throttle.tries + amount),
                    "until": case((over, fresh.excluded.until), else_=Throttle.until),
                },
            )
            tries: int = connection.execute(counted.returning(Throttle.tries)).scalar_one()
            return tries

    def get(self, key: str) -> int:
        row = self._row(key)
        return row.tries if row else 0

    def get_expiry(self, key: str) -> float:
        row = self._row(key)
        return row.until.timestamp() if row else now().timestamp()

    def check(self) -> bool:
        current_session().execute(select(Throttle.key).limit(1))
        return True

    def reset(self) -> int:
        with independent_transaction() as connection:
            return connection.execute(delete(Throttle)).rowcount

    def clear(self, key: str) -> None:
        with independent_transaction() as connection:
            connection.execute(delete(Throttle).where(Throttle.key == _hashed(key)))

    @staticmethod
    def _row(key: str) -> Any:
        found = select(Throttle.tries, Throttle.until).where(Throttle.key == _hashed(key), Throttle.until > now())
        with current_session().get_bind().engine.connect() as connection:
            return connection.execute(found).one_or_none()


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


@job("forget_throttled", every_seconds=3600)
def delete_expired() -> None:
    """Clear away what no longer counts."""
    with transaction() as session:
        session.execute(delete(Throttle).where(Throttle.until <= now()))
