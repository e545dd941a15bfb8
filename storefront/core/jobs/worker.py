"""Doing the work: claim what is due, run it outside any transaction, say how it ended.

Any number of workers may run. One that is killed loses nothing: its lease ends and another takes the job, so
jobs must bear being done twice.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from flask import Flask, current_app
from sqlalchemy.exc import OperationalError

from storefront.core.database import end_read
from storefront.core.jobs import leases
from storefront.core.jobs import pruning as _forgetting  # noqa: F401  importing registers
from storefront.core.jobs.leases import Claim
from storefront.core.jobs.queue import HANDLERS, Handler, RetryLaterError
from storefront.core.jobs.recurring import schedule_recurring

POLL_SECONDS: Final = 0.5
RENEW_SECONDS: Final = leases.LEASE.total_seconds() / 3
LONGEST_ERROR: Final = 500

log = logging.getLogger(__name__)


class UnknownKindError(Exception):
    """Nobody here does jobs of this kind: another version of the shop asked for it."""


def run_due(limit: int | None = None) -> int:
    """Do everything that is due now, one after the other, and say how many jobs that was."""
    end_read()
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001  Flask's own way to hand it on
    done = 0
    while (limit is None or done < limit) and _do_next(app):
        done += 1
    return done


def work_forever(stop: threading.Event) -> None:
    """Work until `stop` is set; the job in hand is finished first."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    planted = False
    while not stop.is_set():
        try:
            planted = planted or _plant(app)
            worked = _do_next(app)
        except OperationalError:
            # The database is away: the shop may be being upgraded. What was in hand comes back when its lease ends.
            log.warning("the database cannot be reached; looking again soon", exc_info=True)
            worked = False
        if not worked:
            stop.wait(POLL_SECONDS)


def _plant(app: Flask) -> bool:
    with app.app_context():
        schedule_recurring()
    return True


def _do_next(app: Flask) -> bool:
    # An app context of its own is a database session of its own, and is put away afterwards.
    with app.app_context():
        claim = leases.claim_next() if leases.something_is_due() else None
    if claim is None:
        return False
    with _kept(app, claim):
        error = _do(app, claim)
    with app.app_context():
        _say_how_it_ended(claim, error)
    return True


def _do(app: Flask, claim: Claim) -> Exception | None:
    if claim.tries > leases.MAX_TRIES and claim.may_be_given_up:
        return RuntimeError("the worker stopped in the middle of it, each time")
    with app.app_context():
        try:
            _work(claim.kind)(**claim.args)
        except Exception as error:  # noqa: BLE001  whatever goes wrong in one job must not end the worker of all others
            return error
    return None


def _work(kind: str) -> Handler:
    if kind not in HANDLERS:
        raise UnknownKindError(f"nobody here does {kind!r}")
    return HANDLERS[kind]


def _say_how_it_ended(claim: Claim, error: Exception | None) -> None:
    match error:
        case None:
            kept = leases.finish(claim)
        case RetryLaterError():
            kept = leases.put_off(claim, _in_words(error), error.wait)
        case _ if claim.is_last_try:
            log.error("job %s %s is given up", claim.job_id, claim.kind, exc_info=error)
            kept = leases.give_up(claim, _in_words(error))
        case _:
            log.warning("job %s %s failed, try %s", claim.job_id, claim.kind, claim.tries, exc_info=error)
            kept = leases.try_again_later(claim, _in_words(error))
    if not kept:
        log.warning("job %s %s took so long that another worker has it now", claim.job_id, claim.kind)


def _in_words(error: Exception) -> str:
    # The first line only: what follows may hold the values of a statement.
    words = f"{type(error).__name__}: {error}".splitlines()[0]
    return words[:LONGEST_ERROR]


@contextmanager
def _kept(app: Flask, claim: Claim) -> Iterator[None]:
    """Renew the lease as long as the work lasts."""
    done = threading.Event()
    keeper = threading.Thread(target=_keep, args=(app, claim, done), name=f"lease-{claim.job_id}", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()


def _keep(app: Flask, claim: Claim, done: threading.Event) -> None:
    while not done.wait(RENEW_SECONDS):
        try:
            with app.app_context():
                if not leases.renew(claim):
                    return
        except OperationalError:
            log.warning("the lease of job %s could not be renewed", claim.job_id, exc_info=True)
