"""Cards: what may be known of one, and what became of it at Stripe."""

from dataclasses import dataclass

from storefront.payments.models import Source
from storefront.payments.news.facts import Facts, id_of

# Stripe has two words for these, one a field.
_SAME_BRAND = {"american_express": "amex", "diners_club": "diners", "union_pay": "unionpay"}


@dataclass(frozen=True)
class CardFacts:
    """What may be known of a card. `fingerprint` is Stripe's; the same number has the same one."""

    payment_method: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    funding: str
    fingerprint: str | None


@dataclass(frozen=True)
class CardNews:
    """What a payment method is like; `customer` None: detached."""

    source: Source
    card: CardFacts
    customer: str | None
    livemode: bool
    number: int = 0


@dataclass(frozen=True)
class CardGoneNews:
    """A payment method was detached: for good. `customer` is whose it was, as far as it was told."""

    source: Source
    payment_method: str
    livemode: bool
    customer: str | None = None
    card: CardFacts | None = None


def card_news(facts: Facts, source: Source, *, number: int = 0) -> CardNews | None:
    """Read a PaymentMethod; None when it is no card."""
    if facts.get("type") != "card":
        return None
    return CardNews(
        source=source, card=card_facts(facts["id"], facts["card"]), customer=id_of(facts.get("customer")), livemode=facts["livemode"],
        number=number,
    )  # fmt: skip


def card_facts(payment_method: str, card: Facts) -> CardFacts:
    """The display copy of a card; `display_brand` is what the customer knows it by."""
    brand = card.get("display_brand") or card.get("brand") or "card"
    return CardFacts(
        payment_method=payment_method,
        brand=_SAME_BRAND.get(brand, brand),
        last4=card.get("last4") or "",
        exp_month=card.get("exp_month") or 0,
        exp_year=card.get("exp_year") or 0,
        funding=card.get("funding") or "",
        fingerprint=card.get("fingerprint"),
    )


def described(method: object) -> CardFacts | None:
    """A payment method that was expanded, if it is a card."""
    if not isinstance(method, dict) or not method.get("card"):
        return None
    return card_facts(method["id"], method["card"])
