"""An amount of Stripe's as a customer reads it."""

from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision

# Stripe counts two decimals for these, though nobody pays with their fractions.
TWO_DECIMALS = {"ISK", "UGX"}


def amount_in_words(minor: int, currency: str) -> str:
    """Format an amount in the smallest unit: 24,00 €, $24.00, ¥2,400."""
    code = currency.upper()
    shown = get_currency_precision(code)
    amount = Decimal(minor).scaleb(-2 if code in TWO_DECIMALS else -shown)
    return format_currency(amount, code, locale="de" if code == "EUR" else "en")
