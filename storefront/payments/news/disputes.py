"""What a dispute is like."""

import datetime as dt
from dataclasses import dataclass

from storefront.payments.models import Source
from storefront.payments.news.facts import Facts, id_of


@dataclass(frozen=True)
class DisputeNews:
    """What a dispute is like. `number` is the look that brought it: older looks are dropped."""

    source: Source
    dispute: str
    intent: str | None
    charge: str | None
    status: str
    reason: str
    amount: int
    currency: str
    due_by: dt.datetime | None
    number: int = 0


def dispute_news(facts: Facts, source: Source, *, number: int) -> DisputeNews:
    """Read a Dispute."""
    due_by = (facts.get("evidence_details") or {}).get("due_by")
    return DisputeNews(
        source=source,
        dispute=facts["id"],
        intent=id_of(facts.get("payment_intent")),
        charge=id_of(facts.get("charge")),
        status=facts["status"],
        reason=facts["reason"],
        amount=facts["amount"],
        currency=facts["currency"],
        due_by=dt.datetime.fromtimestamp(due_by, dt.UTC) if due_by else None,
        number=number,
    )
