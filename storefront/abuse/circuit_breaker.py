"""New cards rest for a while when the whole shop sees too many of them declined, or saved: somebody is trying stolen ones.

Saved cards go on paying, and so does Stripe's own page, which has Stripe's own defence. It closes by itself.
"""

import datetime as dt
import math
from dataclasses import dataclass
from typing import Final

from flask import current_app
from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from storefront.abuse.card_testing import declined_past_us
from storefront.cards.models import CardSetup
from storefront.core import audit
from storefront.core.alerts import alert_owner
from storefront.core.clock import now
from storefront.core.database import Base, current_session, end_read, transaction
from storefront.core.errors import RateLimitedError
from storefront.payments.ledger.models import AttemptState, PaymentAttempt
from storefront.webhooks.models import StripeEvent

WINDOW: Final = dt.timedelta(minutes=10)
PAUSE: Final = dt.timedelta(minutes=30)
# Declines in one window: at least NEW_CARD_BREAKER of the settings (15), so that a small shop is not stopped by three;
# and this many times what is usual there, so that a large one is not stopped by an ordinary afternoon;
# and this part of all that was tried: a sale brings declines too, but more that are not.
TIMES_USUAL: Final = 4
DECLINED_PART: Final = 0.3
# Cards saved without buying anything do not grow with sales: so many times the least number of declines.
SETUPS_PER_DECLINE: Final = 4
_USUAL_OF: Final = dt.timedelta(days=7)
# An attack goes on after the pause: within this time it is the same one, and the owner has been told.
_SAME_ATTACK: Final = dt.timedelta(hours=6)
_DECLINED_SETUP: Final = "setup_intent.setup_failed"


class NewCardsPausedError(RateLimitedError):
    """No new cards just now, whosever; a saved one pays."""

    status = 503

    def __init__(self, until: dt.datetime) -> None:
        seconds = max(1, math.ceil((until - now()).total_seconds()))
        minutes = math.ceil(seconds / 60)
        super().__init__(
            f"New cards cannot be used for the next {minutes} minutes. "
            "Paying with a saved card works, and so does paying on Stripe’s page.",
            retry_after=seconds,
        )


class NewCardBreaker(Base):
    """One row. `until`: new cards rest until then; the past where they do not. `told_at`: when the owner was written to."""

    __tablename__ = "new_card_breaker"

    id: Mapped[int] = mapped_column(primary_key=True)
    opened_at: Mapped[dt.datetime | None]
    until: Mapped[dt.datetime | None]
    told_at: Mapped[dt.datetime | None]
    why: Mapped[str] = mapped_column(default="", server_default="")


@dataclass(frozen=True)
class Counted:
    """What happened with new cards in a time: tried in all, saved without buying among them, and declined."""

    tried: int
    setups: int
    declined: int


@dataclass(frozen=True)
class BreakerState:
    """How the breaker stands: `until` is none while new cards are taken."""

    until: dt.datetime | None
    opened_at: dt.datetime | None
    why: str
    lately: Counted


def check_new_cards_allowed() -> None:
    """Raise NewCardsPausedError while they do, or from now on where too much has happened. Call it outside `transaction()`."""
    if not _threshold():
        return
    row = current_session().scalars(select(NewCardBreaker)).one()
    until, since = row.until, _window_of(row)
    if until is None or until <= now():
        until = _opened(_why(since))
    end_read()
    if until is not None:
        raise NewCardsPausedError(until)


def breaker_state() -> BreakerState:
    """How it stands, for the owner."""
    row = current_session().scalars(select(NewCardBreaker)).one()
    is_open = row.until is not None and row.until > now()
    return BreakerState(row.until if is_open else None, row.opened_at, row.why, counted(now() - WINDOW, now()))


def is_open() -> bool:
    """Whether new cards rest."""
    return _paused_until() is not None


def paused_message() -> str:
    """What a customer is told while new cards rest, before one is typed; empty while they are taken."""
    until = _paused_until()
    return NewCardsPausedError(until).words if until else ""


def _paused_until() -> dt.datetime | None:
    until = current_session().scalars(select(NewCardBreaker.until)).one()
    return until if until is not None and until > now() else None


def close() -> bool:
    """Take new cards again, by the owner's word; whether they rested. What has happened until now is not held against them."""
    with transaction() as session:
        row = session.scalars(select(NewCardBreaker).with_for_update()).one()
        if row.until is None or row.until <= now():
            return False
        audit.record("took new cards again", "the shop", before={"rest_until": row.until, "why": row.why})
        row.until = now()
    return True


def counted(since: dt.datetime, until: dt.datetime) -> Counted:
    """What happened with new cards in this time."""
    session = current_session()
    declined = func.count(PaymentAttempt.id).filter(PaymentAttempt.state == AttemptState.declined)
    payments = select(func.count(PaymentAttempt.id), declined).where(
        PaymentAttempt.new_card_from.is_not(None), _between(PaymentAttempt.created_at, since, until)
    )
    tried, declines = session.execute(payments).one()
    failed = func.count(CardSetup.id).filter(CardSetup.decline_code != "")
    setups, failed_setups = session.execute(
        select(func.count(CardSetup.id), failed).where(_between(CardSetup.created_at, since, until))
    ).one()
    # One set-up may be tried with many cards; each is told by an event of its own, where webhooks come.
    told = select(func.count(StripeEvent.id)).where(
        StripeEvent.type == _DECLINED_SETUP, _between(StripeEvent.received_at, since, until)
    )
    failed_setups = max(failed_setups, session.scalar(told) or 0)
    past_us = declined_past_us(since, until)
    return Counted(tried + max(setups, failed_setups) + past_us, setups, declines + failed_setups + past_us)


def _between(column: InstrumentedAttribute[dt.datetime], since: dt.datetime, until: dt.datetime) -> ColumnElement[bool]:
    return (column > since) & (column <= until)


def _window_of(row: NewCardBreaker) -> dt.datetime:
    """What led to one pause does not lead to the next."""
    since = now() - WINDOW
    return max(since, row.until) if row.until else since


def _threshold() -> int:
    least: int = current_app.config["SETTINGS"].new_card_breaker
    return least


def _why(since: dt.datetime) -> str:
    """What is too much, in words; nothing where all is well."""
    lately = counted(since, now())
    minutes = int(WINDOW.total_seconds() // 60)
    if lately.declined >= _threshold() and lately.declined >= DECLINED_PART * lately.tried:
        if lately.declined >= TIMES_USUAL * _usual_count().declined:
            return f"{lately.declined} of {lately.tried} new cards were declined within {minutes} minutes."
    elif lately.setups >= SETUPS_PER_DECLINE * _threshold() and lately.setups >= TIMES_USUAL * _usual_count().setups:
        return f"{lately.setups} cards were to be saved within {minutes} minutes."
    return ""


def _usual_count() -> Counted:
    """An ordinary window of the week before."""
    week = counted(now() - _USUAL_OF - WINDOW, now() - WINDOW)
    windows = _USUAL_OF / WINDOW
    return Counted(int(week.tried / windows), int(week.setups / windows), int(week.declined / windows))


def _opened(why: str) -> dt.datetime | None:
    """Until when new cards rest from now on. Of all processes that see the attack one opens it, and writes to the owner."""
    if not why:
        return None
    end_read()
    at = now()
    with transaction() as session:
        closed = or_(NewCardBreaker.until.is_(None), NewCardBreaker.until <= at)
        opening = update(NewCardBreaker).where(closed).values(opened_at=at, until=at + PAUSE, why=why)
        row = session.scalar(opening.returning(NewCardBreaker).execution_options(populate_existing=True))
        if row is not None and (row.told_at is None or at - row.told_at > _SAME_ATTACK):
            row.told_at = at
            _tell(at, why)
    return at + PAUSE


def _tell(at: dt.datetime, why: str) -> None:
    minutes = int(PAUSE.total_seconds() // 60)
    alert_owner(
        f"new_cards:{at.isoformat()}",
        "Somebody seems to be trying stolen cards",
        f"{why} New cards are refused for {minutes} minutes at a time, for as long as it goes on. "
        "Saved cards and Stripe’s own page go on paying.",
        "Nothing has to be done. flask payments breaker shows how it stands; with --close new cards are taken at once.",
    )
