"""An amount of Stripe's as a customer reads it."""

from decimal import Decimal

from babel.numbers import format_currency

# What Stripe counts in is not always what a currency's country writes: these say the former.
ZERO_DECIMAL = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())  # noqa: SIM905
THREE_DECIMAL = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})


def amount_in_words(minor: int, currency: str) -> str:
    """Format an amount in the smallest unit: 24,00 €, $24.00, ¥2,400."""
    code = currency.upper()
    amount = Decimal(minor).scaleb(-_decimals(code))
    return format_currency(amount, code, locale="de" if code == "EUR" else "en")


def _decimals(code: str) -> int:
    if code in ZERO_DECIMAL:
        return 0
    return 3 if code in THREE_DECIMAL else 2
