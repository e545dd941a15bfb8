"""What a SetupIntent is like, ours or that of a hosted Session."""

from dataclasses import dataclass

from storefront.payments.models import Source
from storefront.payments.news.cards import CardFacts, described
from storefront.payments.news.declines import Decline, decline_of
from storefront.payments.news.facts import Facts, id_of
from storefront.payments.news.statuses import REQUIRES_PAYMENT_METHOD


@dataclass(frozen=True)
class SetupNews:
    """What a SetupIntent is like."""

    source: Source
    setup: str
    status: str
    customer: str | None
    livemode: bool
    card: CardFacts | None
    our_id: str | None = None
    decline: Decline | None = None
    answers: str | None = None


def setup_news(facts: Facts, source: Source, *, answers: str | None = None) -> SetupNews:
    """Read a SetupIntent."""
    failed = facts.get("last_setup_error")
    return SetupNews(
        source=source,
        setup=facts["id"],
        status=facts["status"],
        customer=id_of(facts.get("customer")),
        livemode=facts["livemode"],
        card=described(facts.get("payment_method")),
        our_id=(facts.get("metadata") or {}).get("setup_id"),
        decline=decline_of(failed) if failed and facts["status"] == REQUIRES_PAYMENT_METHOD else None,
        answers=answers,
    )


def hosted_setup_news(facts: Facts, source: Source, *, answers: str) -> SetupNews:
    """Read a Session that was opened for saving a card: as far as it tells, nobody has typed one in yet."""
    return SetupNews(
        source=source,
        setup=facts["setup_intent"],
        status=REQUIRES_PAYMENT_METHOD,
        customer=id_of(facts.get("customer")),
        livemode=facts["livemode"],
        card=None,
        our_id=(facts.get("metadata") or {}).get("setup_id"),
        answers=answers,
    )
