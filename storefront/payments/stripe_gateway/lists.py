"""Lists of Stripe's, gone through by time, a page at once."""

import enum
from dataclasses import dataclass
from typing import Any, Final

from stripe import StripeClient

from storefront.payments.news.facts import Facts
from storefront.payments.stripe_gateway.intents import INTENT_PARTS
from storefront.payments.stripe_gateway.line import ask, plain
from storefront.payments.stripe_gateway.sessions import SESSION_PARTS

PAGE_SIZE: Final = 100


class Listed(enum.StrEnum):
    """Lists of Stripe's that can be gone through by time."""

    intents = "intents"
    sessions = "sessions"
    refunds = "refunds"
    disputes = "disputes"
    events = "events"


_LIST_PARTS: Final = {Listed.intents: INTENT_PARTS, Listed.sessions: SESSION_PARTS, Listed.disputes: ["payment_intent"]}


@dataclass(frozen=True)
class Page:
    """A part of a list, newest first; `more`: there is more below."""

    found: list[Facts]
    more: bool


def page_of(kind: Listed, since: int, until: int, after: str) -> Page:
    """A page of one of Stripe's lists: what was made between two Unix times, newest first, below `after`."""
    params: Any = {"created": {"gte": since, "lte": until}, "limit": PAGE_SIZE}
    if after:
        params["starting_after"] = after
    if kind in _LIST_PARTS:
        params["expand"] = [f"data.{part}" for part in _LIST_PARTS[kind]]
    found = ask(lambda client: _list_of(client, kind).list(params=params))
    return Page([plain(one) for one in found.data], found.has_more)


def _list_of(client: StripeClient, kind: Listed) -> Any:
    lists: dict[Listed, Any] = {
        Listed.intents: client.v1.payment_intents,
        Listed.sessions: client.v1.checkout.sessions,
        Listed.refunds: client.v1.refunds,
        Listed.disputes: client.v1.disputes,
        Listed.events: client.v1.events,
    }
    return lists[kind]
