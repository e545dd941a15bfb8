"""What a card's brand is called: in pages, mails, invoices, commands and exports the same."""

from typing import Final

# Stripe's words for brands, and the names on the plastic. Source: PaymentMethod.card.display_brand in Stripe's API reference.
BRANDS: Final = {
    "amex": "American Express",
    "american_express": "American Express",
    "cartes_bancaires": "Cartes Bancaires",
    "diners": "Diners Club",
    "diners_club": "Diners Club",
    "discover": "Discover",
    "eftpos_australia": "eftpos Australia",
    "eftpos_au": "eftpos Australia",
    "girocard": "girocard",
    "interac": "Interac",
    "jcb": "JCB",
    "link": "Link",
    "mastercard": "Mastercard",
    "unionpay": "UnionPay",
    "union_pay": "UnionPay",
    "visa": "Visa",
}


def brand_name(brand: str) -> str:
    """The brand's name: Visa. A brand that is new to us is written as Stripe writes it; none is "Card"."""
    if brand in {"", "unknown", "other", "card"}:
        return "Card"
    return BRANDS.get(brand) or brand.replace("_", " ").title()


def card_name(brand: str, last4: str) -> str:
    """The card as text: Visa •• 4242; empty where its digits are not known."""
    return f"{brand_name(brand)} •• {last4}" if last4 else ""
