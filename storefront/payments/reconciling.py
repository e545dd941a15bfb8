"""Asking Stripe about everything that is open, at the owner's command."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sqlalchemy import select

from storefront.database import current_session, leave
from storefront.errors import BusyError
from storefront.payments import consequences
from storefront.payments.asking import ask_about_attempt, release
from storefront.payments.guests import ask_about_customer
from storefront.payments.models import (
    PaymentEvent,
)
from storefront.payments.open_work import open_attempts, open_refunds, past_hold, unmade_customers
from storefront.payments.refunding import ask_about_refund
from storefront.payments.setups import ask_about_setup, open_setups
from storefront.payments.stripe_gateway import OutcomeUnknownError, RefusedByStripeError


@dataclass(frozen=True)
class Reconciled:
    """How many things were asked about, changed, are still open, and fit nowhere."""

    asked: int
    changed: int
    open: int
    unmatched: int


def reconcile(
    since: dt.datetime | None = None, *, dry_run: bool = False, progress: Callable[[str], None] = lambda _line: None
) -> Reconciled:
    """Ask about every open attempt, refund and order past its time; `since` limits it to what was placed after."""
    attempts, refunds, orders = open_attempts(since), open_refunds(since), past_hold(since)
    setups, customers = open_setups(since), unmade_customers()
    leave()
    work: list[tuple[str, Callable[[], object]]] = [
        *((f"attempt {one}", partial(ask_about_attempt, one)) for one in attempts),
        *((f"refund {one}", partial(ask_about_refund, one)) for one in refunds),
        *((f"order {one} past its hold", partial(release, one)) for one in orders),
        *((f"card set-up {one}", partial(ask_about_setup, one)) for one in setups),
        *((f"customer {one}", partial(ask_about_customer, one)) for one in customers),
    ]
    changed = 0
    for what, ask in work:
        changed += 0 if dry_run else _ask(what, ask, progress)
        if dry_run:
            progress(f"would ask about {what}")
    left = len(open_attempts(since)) + len(open_refunds(since)) + len(open_setups(since)) + len(unmade_customers())
    unmatched = len(consequences.unmatched())
    leave()
    return Reconciled(len(work), changed, left, unmatched)


def _ask(what: str, ask: Callable[[], object], progress: Callable[[str], None]) -> int:
    before = _history_length()
    try:
        ask()
    except (OutcomeUnknownError, BusyError):
        progress(f"{what}: no answer, asked again later")
        return 0
    except RefusedByStripeError as refused:
        progress(f"{what}: Stripe refused ({refused.code})")
        return 0
    changed = _history_length() != before
    progress(f"{what}: {'changed' if changed else 'as before'}")
    return int(changed)


def _history_length() -> int:
    last = current_session().scalar(select(PaymentEvent.id).order_by(PaymentEvent.id.desc()).limit(1)) or 0
    leave()
    return last
