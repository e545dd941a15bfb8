"""Asking Stripe about everything that is open, and comparing its lists with ours, at the owner's command."""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import select

from storefront.cards.guests import reconcile_guest_customer
from storefront.cards.setup_intents import ask_about_setup, open_setups
from storefront.core.database import current_session, end_read
from storefront.core.errors import BusyError
from storefront.core.installation import is_staging_copy
from storefront.payments.ledger import effects
from storefront.payments.ledger.models import PaymentEvent
from storefront.payments.refunds import ask_about_refund
from storefront.reconcile.attempt import reconcile_attempt, release_order
from storefront.reconcile.lists import LISTS, go_through_since
from storefront.reconcile.results import ComparedObject, Outcome
from storefront.reconcile.scheduled import open_attempts, open_refunds, past_hold, unmade_customers
from storefront.stripe.api import ListedObject
from storefront.stripe.errors import OutcomeUnknownError, StripeRefusedError

# So many in a row without an answer: Stripe is away, and the rest would only wait for the same.
GIVES_UP_AFTER = 3
Work = list[tuple[str, Callable[[], object]]]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Reconciled:
    """How many things were asked about, changed, are still open, and fit nowhere; and what Stripe's lists showed beside.

    `recorded`, `refunded`: found in the lists, and recorded or given back. `events`: never delivered, and fetched.
    `answered`: Stripe did not stay silent. In a dry run: what would be.
    """

    asked: int
    changed: int
    open: int
    unmatched: int
    recorded: int = 0
    refunded: int = 0
    events: int = 0
    answered: bool = True


@dataclass(frozen=True)
class _Tally:
    """What was told on the way; what fits nowhere may be found in two lists."""

    counted: Counter[str] = field(default_factory=Counter)
    unmatched: set[str] = field(default_factory=set)


def reconcile(
    since: dt.datetime | None = None, *, dry_run: bool = False, progress: Progress = lambda _line: None
) -> Reconciled:
    """Ask about all that is open, then compare Stripe's lists; `since`: only what began after.

    A dry run changes nothing, here or at Stripe, and says what would be; so does any run in a copy of a shop.
    """
    dry_run = dry_run or is_staging_copy()
    work, tally = _open_work(since), _Tally()
    answered = _announce(work, progress) if dry_run else _ask_all(work, tally, progress)
    answered = answered and _compare_lists(since, tally, progress, dry_run=dry_run)
    still_open = sum(len(some) for some in _still_open(since))
    unmatched = len(effects.unmatched()) + (len(tally.unmatched) if dry_run else 0)
    end_read()
    return Reconciled(
        len(work), tally.counted["changed"], still_open, unmatched, recorded=tally.counted[Outcome.recorded],
        refunded=tally.counted[Outcome.refunded],        events=tally.counted["events"], answered=answered,
    )  # fmt: skip


def _open_work(since: dt.datetime | None) -> Work:
    attempts, refunds, orders = open_attempts(since), open_refunds(since), past_hold(since)
    setups, customers = open_setups(since), unmade_customers()
    end_read()
    return [
        *((f"attempt {one}", partial(reconcile_attempt, one)) for one in attempts),
        *((f"refund {one}", partial(ask_about_refund, one)) for one in refunds),
        *((f"order {one} past its hold", partial(release_order, one)) for one in orders),
        *((f"card set-up {one}", partial(ask_about_setup, one)) for one in setups),
        *((f"customer {one}", partial(reconcile_guest_customer, one)) for one in customers),
    ]


def _still_open(since: dt.datetime | None) -> list[list[int] | list[str]]:
    return [open_attempts(since), open_refunds(since), list(open_setups(since)), unmade_customers()]


def _announce(work: Work, progress: Progress) -> bool:
    for what, _ask in work:
        progress(f"would ask about {what}")
    return True


def _ask_all(work: Work, tally: _Tally, progress: Progress) -> bool:
    """Whether Stripe answered: not when it is silent several times in a row."""
    silent = 0
    for number, (what, ask) in enumerate(work, start=1):
        became = _ask(ask)
        progress(f"{number}/{len(work)} {what}: {became}")
        tally.counted[became] += 1
        silent = silent + 1 if became == _SILENT else 0
        if silent == GIVES_UP_AFTER:
            return False
    return True


_SILENT = "no answer, asked again later"


def _ask(ask: Callable[[], object]) -> str:
    before = _history_length()
    try:
        ask()
    except (OutcomeUnknownError, BusyError):
        return _SILENT
    except StripeRefusedError as refused:
        return f"Stripe refused ({refused.code})"
    return "changed" if _history_length() != before else "as before"


def _compare_lists(since: dt.datetime | None, tally: _Tally, progress: Progress, *, dry_run: bool) -> bool:
    for kind in LISTS:
        compared = 0
        try:
            for many, found in go_through_since(kind, since, trial=dry_run):
                compared += many
                progress(f"{kind}: {compared} compared")
                _tell(kind, found, tally, progress, dry_run=dry_run)
        except (OutcomeUnknownError, BusyError):
            progress(f"{kind}: no answer")
            return False
        except StripeRefusedError as refused:
            progress(f"{kind}: Stripe refused ({refused.code})")
    return True


def _tell(kind: ListedObject, found: list[ComparedObject], tally: _Tally, progress: Progress, *, dry_run: bool) -> None:
    for one in found:
        fate = f"would be {one.fate}" if dry_run else one.fate
        progress(f"  {one.about}: {fate}{': ' if one.why else ''}{one.why}")
        tally.counted["events" if kind is ListedObject.events else one.fate] += 1
        if one.fate is Outcome.unmatched:
            tally.unmatched.add(one.object_id)


def _history_length() -> int:
    last = current_session().scalar(select(PaymentEvent.id).order_by(PaymentEvent.id.desc()).limit(1)) or 0
    end_read()
    return last
