"""Which amounts Stripe takes."""

from decimal import Decimal

from storefront.sandbox.errors import InvalidParameterError, StripeError, refused

_ZERO_DECIMAL = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())  # noqa: SIM905
_THREE_DECIMAL = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
_IN_WHOLE_UNITS = frozenset({"isk", "ugx"})
_MINIMUM = {
    "usd": 50, "eur": 50, "gbp": 30, "cad": 50, "aud": 50, "nzd": 50, "chf": 50, "jpy": 50, "sek": 300, "nok": 300,
    "dkk": 250, "pln": 200, "czk": 1500, "huf": 17500, "hkd": 400, "sgd": 50, "mxn": 1000, "inr": 50, "brl": 50,
    "aed": 200, "myr": 200, "thb": 1000, "ron": 200,
}  # fmt: skip
_OTHERS = frozenset("bgn idr ils krw php try twd zar ars cop pen uah vnd isk ugx".split()) | _THREE_DECIMAL  # noqa: SIM905
_SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}
_MOST = 99_999_999
_MOST_RUPIAH = 999_999_999_999


def check_amount(amount: int, currency: str) -> None:
    if amount < 1:
        message = "This value must be greater than or equal to 1."
        raise InvalidParameterError(message, code="parameter_invalid_integer", param="amount")
    least = _MINIMUM.get(currency, 1)
    if amount < least:
        message = f"Amount must be at least {_with_code(_written(least, currency), currency)}"
        raise refused(message, code="amount_too_small", param="amount")
    most = _MOST_RUPIAH if currency == "idr" else _MOST
    if amount > most:
        message = f"Amount must be no more than {_written(most, currency)}"
        raise refused(message, code="amount_too_large", param="amount")
    if amount % step_of(currency):
        message = f"Invalid amount: {amount} is no whole amount that can be charged in {currency}."
        raise refused(message, param="amount")


def checked_currency(currency: str) -> str:
    lower = currency.lower()
    if lower not in _MINIMUM and lower not in _OTHERS and lower not in _ZERO_DECIMAL:
        message = (
            f"Invalid currency: {lower}. Stripe currently supports these currencies: {', '.join(sorted(_MINIMUM))}"
        )
        raise StripeError(400, message, param="currency")
    return lower


def step_of(currency: str) -> int:
    """Every amount that can be charged is a multiple of this."""
    if currency in _IN_WHOLE_UNITS:
        return 100
    return 10 if currency in _THREE_DECIMAL else 1


def _written(amount: int, currency: str) -> str:
    """As Stripe writes limits: $999,999.99, ¥50, 175.00 huf."""
    decimals = 0 if currency in _ZERO_DECIMAL else 3 if currency in _THREE_DECIMAL else 2
    number = f"{Decimal(amount).scaleb(-decimals):,}"
    symbol = _SYMBOLS.get(currency)
    return f"{symbol}{number}" if symbol else f"{number} {currency}"


def _with_code(written: str, currency: str) -> str:
    return written if written.endswith(currency) else f"{written} {currency}"
