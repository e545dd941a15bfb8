"""How far each of Stripe's lists has been gone through; a process killed on the way goes on at its page."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from flask import current_app
from sqlalchemy import ColumnElement, Select, UniqueConstraint, and_, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from storefront.cards.models import StripeCustomer
from storefront.core.clock import now
from storefront.core.database import Base, current_session, transaction, upsert
from storefront.orders.models import Order
from storefront.stripe.api import ListedObject

# What is younger is still on its way to us by answer and webhook.
SETTLING_TIME: Final = dt.timedelta(minutes=2)
# A sweep that has just ended is not begun again for the next moment.
MIN_SPAN: Final = dt.timedelta(minutes=5)
# Each time a little of what was gone through before is gone through again: for clocks that differ.
OVERLAP: Final = dt.timedelta(minutes=15)
# As long as Stripe tries to deliver a webhook, twice over.
WIDE_SPAN: Final = dt.timedelta(days=7)
# Stripe keeps its events so long.
MAX_SPAN: Final = dt.timedelta(days=30)


class Sweep(Base):
    """One list of one mode: all before `swept_until` is done; `since`, `until` and `after` are where the present going is."""

    __tablename__ = "sweeps"
    __table_args__ = (UniqueConstraint("kind", "wide", "livemode"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ListedObject]
    wide: Mapped[bool]
    livemode: Mapped[bool]
    swept_until: Mapped[dt.datetime]
    since: Mapped[dt.datetime | None]
    until: Mapped[dt.datetime | None]
    after: Mapped[str] = mapped_column(default="")


@dataclass(frozen=True)
class Span:
    """From when to when a list is gone through, newest first, and the last object that was seen of it."""

    since: dt.datetime
    until: dt.datetime
    after: str = ""


def next_span(kind: ListedObject, *, wide: bool) -> Span | None:
    """The span being gone through, or the next one; None when nothing is old enough to be compared."""
    if current_session().scalar(_row(kind, wide=wide)) is None and _begin_of_shop() is None:
        return None
    with transaction() as session:
        sweep = _locked(session, kind, wide=wide)
        if sweep.since is None or sweep.until is None:
            until = now() - SETTLING_TIME
            since = max(sweep.swept_until - OVERLAP, until - MAX_SPAN)
            since = min(since, max(until - WIDE_SPAN, _begin_of_shop() or until)) if wide else since
            if until - sweep.swept_until < MIN_SPAN:
                return None
            sweep.since, sweep.until, sweep.after = since, until, ""
        return Span(sweep.since, sweep.until, sweep.after)


def advance(kind: ListedObject, span: Span, after: str, *, wide: bool) -> Span | None:
    """Keep that everything down to `after` is done; without it, the whole span is."""
    with transaction() as session:
        sweep = _locked(session, kind, wide=wide)
        # Another worker may have gone on in the meantime: what is done stays done.
        if (sweep.since, sweep.until) != (span.since, span.until):
            return None
        sweep.after = after
        if not after:
            sweep.swept_until, sweep.since, sweep.until = span.until, None, None
            return None
    return Span(span.since, span.until, after)


def since_last(kind: ListedObject) -> dt.datetime | None:
    """From when on a list is to be gone through for somebody who asks now; None: nothing has happened in this shop yet."""
    done = current_session().scalar(select(Sweep.swept_until).where(_which(kind, wide=False)))
    return done - OVERLAP if done else _begin_of_shop()


def _locked(session: Session, kind: ListedObject, *, wide: bool) -> Sweep:
    begin = _begin_of_shop() or now()
    fresh = upsert(Sweep).values(kind=kind, wide=wide, livemode=_livemode(), swept_until=begin, after="")
    session.execute(fresh.on_conflict_do_nothing(index_elements=["kind", "wide", "livemode"]))
    return session.scalars(_row(kind, wide=wide).with_for_update()).one()


def _row(kind: ListedObject, *, wide: bool) -> Select[Sweep]:
    return select(Sweep).where(_which(kind, wide=wide))


def _which(kind: ListedObject, *, wide: bool) -> ColumnElement[bool]:
    return and_(Sweep.kind == kind, Sweep.wide.is_(wide), Sweep.livemode.is_(_livemode()))


def _begin_of_shop() -> dt.datetime | None:
    """When the first customer came, or the first order; of today's mode."""
    livemode, session = _livemode(), current_session()
    firsts = (
        session.scalar(select(func.min(StripeCustomer.created_at)).where(StripeCustomer.livemode.is_(livemode))),
        session.scalar(select(func.min(Order.placed_at)).where(Order.livemode.is_(livemode))),
    )
    known = [first for first in firsts if first]
    return max(min(known), now() - MAX_SPAN) if known else None


def _livemode() -> bool:
    livemode: bool = current_app.config["SETTINGS"].livemode
    return livemode
