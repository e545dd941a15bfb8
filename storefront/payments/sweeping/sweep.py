"""The sweep: every list, page by page, from where it was left; by a job, and by the owner's command."""

import datetime as dt
import logging
from collections.abc import Callable, Iterator
from typing import Final

from storefront.clock import now
from storefront.database import leave, transaction
from storefront.installation import stands_still
from storefront.jobs.queue import enqueue, job
from storefront.payments.news.facts import Facts
from storefront.payments.stripe_gateway.changing import refuse_other_account
from storefront.payments.stripe_gateway.errors import RefusedByStripeError
from storefront.payments.stripe_gateway.lists import Listed, Page, page_of
from storefront.payments.sweeping import cursors
from storefront.payments.sweeping.cursors import Span
from storefront.payments.sweeping.disputes import compare_disputes
from storefront.payments.sweeping.events import compare_events
from storefront.payments.sweeping.intents import compare_intents, look_for_missing_money
from storefront.payments.sweeping.refunds import compare_refunds
from storefront.payments.sweeping.sessions import compare_sessions
from storefront.payments.sweeping.trying import Found

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 15 * 60
WIDE_EVERY_SECONDS: Final = 24 * 60 * 60
# Of all lists together; what is left is done by the next job, at once.
MOST_PAGES: Final = 20

# Payments first: what the others are about is known then.
_COMPARE: Final[dict[Listed, Callable[..., list[Found]]]] = {
    Listed.sessions: compare_sessions,
    Listed.intents: compare_intents,
    Listed.refunds: compare_refunds,
    Listed.disputes: compare_disputes,
    Listed.events: compare_events,
}
LISTS: Final = tuple(_COMPARE)


@job("sweep", every_seconds=EVERY_SECONDS, gives_up=False)
def sweep() -> None:
    """Compare what was made at Stripe since the last time."""
    _sweep("sweep", wide=False)


@job("sweep_widely", every_seconds=WIDE_EVERY_SECONDS, gives_up=False)
def sweep_widely() -> None:
    """Compare the last week once more: for what changed after it was compared."""
    _sweep("sweep_widely", wide=True)


def _sweep(name: str, *, wide: bool) -> None:
    # A copy of a shop would take the shop's own money for money without order.
    if stands_still():
        return
    left = MOST_PAGES
    for kind in LISTS:
        try:
            left = _go_through(kind, left, wide=wide)
        except RefusedByStripeError as refused:
            # A key that may not read one list says nothing about the others.
            log.error("Stripe does not show its %s: %s", kind, refused.code)  # noqa: TRY400  no traceback: it is Stripe's word
    if left <= 0:
        with transaction():
            enqueue(name, {}, unique_key=f"recurring:{name}")


def _go_through(kind: Listed, left: int, *, wide: bool) -> int:
    """Compare at most so many pages of this list; how many are left then."""
    span = cursors.go_on(kind, wide=wide) if left > 0 else None
    while span and left > 0:
        page = _page(kind, span)
        left -= 1
        for found in compare(kind, page, span, trial=False):
            log.warning("found at Stripe: %s %s %s", found.about, found.fate, found.why)
        span = cursors.move_on(kind, span, _last_of(page), wide=wide)
    return left


def compare(kind: Listed, page: Page, span: Span, *, trial: bool) -> list[Found]:
    """Record what a page shows and we do not know; `trial`: only say what would be recorded."""
    found = _COMPARE[kind](page.found, trial=trial) if page.found else []
    if kind is Listed.intents and not page.more:
        found += look_for_missing_money(min(span.since, span.until - cursors.LONGEST), span.until, trial=trial)
    return found


def go_through_since(kind: Listed, since: dt.datetime | None, *, trial: bool) -> Iterator[tuple[int, list[Found]]]:
    """Go through a list now, all of it up to this moment: how much each page held, and what was found on it.

    Without `since` from where the job is. The job goes through it all the same.
    """
    begin = since or cursors.since_last(kind)
    leave()
    span = Span(begin, now()) if begin else None
    while span:
        page = _page(kind, span)
        yield len(page.found), compare(kind, page, span, trial=trial)
        span = Span(span.since, span.until, last) if (last := _last_of(page)) else None


def _page(kind: Listed, span: Span) -> Page:
    # Another account's lists say nothing of this shop's money.
    refuse_other_account()
    since, until = int(span.since.timestamp()), int(span.until.timestamp()) + 1
    try:
        return page_of(kind, since, until, span.after)
    except RefusedByStripeError as refused:
        if not span.after or refused.code != "resource_missing":
            raise
        # Where we stopped is not there any more: from the top.
        return page_of(kind, since, until, "")


def _last_of(page: Page) -> str:
    last: Facts = page.found[-1] if page.more and page.found else {"id": ""}
    return str(last["id"])
