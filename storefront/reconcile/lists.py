"""The sweep: every list, page by page, from where it was left; by a job, and by the owner's command."""

import datetime as dt
import logging
from collections.abc import Callable, Iterator
from typing import Final

from storefront.core.clock import now
from storefront.core.database import end_read, transaction
from storefront.core.installation import is_staging_copy
from storefront.core.jobs.queue import enqueue, job
from storefront.reconcile import cursors
from storefront.reconcile.compare import (
    compare_disputes,
    compare_intents,
    compare_refunds,
    compare_sessions,
    find_missing_money,
)
from storefront.reconcile.cursors import Span
from storefront.reconcile.events import compare_events
from storefront.reconcile.results import ComparedObject
from storefront.stripe.api import ListedObject, Page, page_of
from storefront.stripe.errors import StripeRefusedError
from storefront.stripe.guard import check_account
from storefront.stripe.objects import StripeObject

log = logging.getLogger(__name__)

INTERVAL_SECONDS: Final = 15 * 60
WIDE_INTERVAL_SECONDS: Final = 24 * 60 * 60
# Of all lists together; what is left is done by the next job, at once.
MAX_PAGES: Final = 20

# Payments first: what the others are about is known then.
_COMPARE: Final[dict[ListedObject, Callable[..., list[ComparedObject]]]] = {
    ListedObject.sessions: compare_sessions,
    ListedObject.intents: compare_intents,
    ListedObject.refunds: compare_refunds,
    ListedObject.disputes: compare_disputes,
    ListedObject.events: compare_events,
}
LISTS: Final = tuple(_COMPARE)


@job("sweep", every_seconds=INTERVAL_SECONDS, gives_up=False)
def compare_lists() -> None:
    """Compare what was made at Stripe since the last time."""
    _compare_lists("sweep", wide=False)


@job("sweep_widely", every_seconds=WIDE_INTERVAL_SECONDS, gives_up=False)
def compare_lists_widely() -> None:
    """Compare the last week once more: for what changed after it was compared."""
    _compare_lists("sweep_widely", wide=True)


def _compare_lists(name: str, *, wide: bool) -> None:
    # A copy of a shop would take the shop's own money for money without order.
    if is_staging_copy():
        return
    left = MAX_PAGES
    for kind in LISTS:
        try:
            left = _go_through(kind, left, wide=wide)
        except StripeRefusedError as refused:
            # A key that may not read one list says nothing about the others.
            log.error("Stripe does not show its %s: %s", kind, refused.code)  # noqa: TRY400  no traceback: it is Stripe's word
    if left <= 0:
        with transaction():
            enqueue(name, {}, unique_key=f"recurring:{name}")


def _go_through(kind: ListedObject, left: int, *, wide: bool) -> int:
    """Compare at most so many pages of this list; how many are left then."""
    span = cursors.next_span(kind, wide=wide) if left > 0 else None
    while span and left > 0:
        page = _page(kind, span)
        left -= 1
        for found in compare_page(kind, page, span, trial=False):
            log.warning("found at Stripe: %s %s %s", found.about, found.fate, found.why)
        span = cursors.advance(kind, span, _last_of(page), wide=wide)
    return left


def compare_page(kind: ListedObject, page: Page, span: Span, *, trial: bool) -> list[ComparedObject]:
    """Record what a page shows and we do not know; `trial`: only say what would be recorded."""
    found = _COMPARE[kind](page.found, trial=trial) if page.found else []
    if kind is ListedObject.intents and not page.more:
        found += find_missing_money(min(span.since, span.until - cursors.MAX_SPAN), span.until, trial=trial)
    return found


def go_through_since(
    kind: ListedObject, since: dt.datetime | None, *, trial: bool
) -> Iterator[tuple[int, list[ComparedObject]]]:
    """Go through a list now, all of it up to this moment: how much each page held, and what was found on it.

    Without `since` from where the job is. The job goes through it all the same.
    """
    begin = since or cursors.since_last(kind)
    end_read()
    span = Span(begin, now()) if begin else None
    while span:
        page = _page(kind, span)
        yield len(page.found), compare_page(kind, page, span, trial=trial)
        span = Span(span.since, span.until, last) if (last := _last_of(page)) else None


def _page(kind: ListedObject, span: Span) -> Page:
    # Another account's lists say nothing of this shop's money.
    check_account()
    since, until = int(span.since.timestamp()), int(span.until.timestamp()) + 1
    try:
        return page_of(kind, since, until, span.after)
    except StripeRefusedError as refused:
        if not span.after or refused.code != "resource_missing":
            raise
        # Where we stopped is not there any more: from the top.
        return page_of(kind, since, until, "")


def _last_of(page: Page) -> str:
    last: StripeObject = page.found[-1] if page.more and page.found else {"id": ""}
    return str(last["id"])
