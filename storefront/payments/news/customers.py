"""What a customer is like."""

from dataclasses import dataclass

from storefront.payments.models import Source
from storefront.payments.news.facts import Facts, id_of


@dataclass(frozen=True)
class CustomerNews:
    """What a customer is like; `deleted` is for good."""

    source: Source
    customer: str
    deleted: bool
    livemode: bool
    default_payment_method: str | None = None
    number: int = 0


def customer_news(facts: Facts, source: Source, *, livemode: bool, number: int = 0) -> CustomerNews:
    """Read a Customer; a deleted one says little more than that."""
    settings = facts.get("invoice_settings") or {}
    return CustomerNews(
        source=source,
        customer=facts["id"],
        deleted=bool(facts.get("deleted")),
        livemode=livemode,
        default_payment_method=id_of(settings.get("default_payment_method")),
        number=number,
    )
