"""What a refund is like, and what became of asking for one."""

from dataclasses import dataclass

from storefront.payments.models import Source
from storefront.payments.news.facts import Facts, id_of


@dataclass(frozen=True)
class RefundNews:
    """What a refund is like. `refund` is our own id from its metadata, where it is ours."""

    source: Source
    stripe_refund: str
    refund: str | None
    intent: str | None
    amount: int
    currency: str
    status: str | None
    failure_reason: str
    answers: str | None = None
    event: str = ""


@dataclass(frozen=True)
class RefundAttemptNews:
    """What became of asking for a refund: no answer (`unknown`) or a refusal (`failed`)."""

    source: Source
    refund_id: int
    order_id: int
    state: str
    words: str = ""


def refund_news(facts: Facts, source: Source, *, answers: str | None = None, event: str = "") -> RefundNews:
    """Read a Refund."""
    return RefundNews(
        source=source,
        stripe_refund=facts["id"],
        refund=(facts.get("metadata") or {}).get("refund_id"),
        intent=id_of(facts.get("payment_intent")),
        amount=facts["amount"],
        currency=facts["currency"],
        status=facts.get("status"),
        failure_reason=facts.get("failure_reason") or "",
        answers=answers,
        event=event,
    )
