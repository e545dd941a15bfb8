"""Amounts of money: integers in a currency's smallest unit, as Stripe counts them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from babel.numbers import format_currency, get_currency_symbol

# https://docs.stripe.com/currencies: what Stripe counts in, which is not always what ISO 4217 says.
ZERO_DECIMAL: Final = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"]
)
THREE_DECIMAL: Final = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
# Two decimals at Stripe, but only whole units are charged.
WHOLE_UNITS: Final = frozenset({"isk", "ugx"})
TWO_DECIMAL: Final = frozenset(
    (
        "aed", "amd", "ars", "aud", "azn", "bam", "bdt", "bgn", "bnd", "bob", "brl", "bsd", "bwp", "byn",
        "bzd", "cad", "chf", "cny", "cop", "crc", "czk", "dkk", "dop", "dzd", "egp", "etb", "eur", "fjd",
        "gbp", "gel", "gmd", "gtq", "gyd", "hkd", "hnl", "huf", "idr", "ils", "inr", "isk", "jmd", "kes",
        "kgs", "khr", "kyd", "kzt", "lbp", "lkr", "lrd", "mad", "mdl", "mkd", "mmk", "mnt", "mop", "mur",
        "mvr", "mwk", "mxn", "myr", "mzn", "nad", "ngn", "nio", "nok", "npr", "nzd", "pab", "pen", "pgk",
        "php", "pkr", "pln", "qar", "ron", "rsd", "sar", "scr", "sek", "sgd", "sos", "srd", "szl", "thb",
        "tjs", "top", "try", "ttd", "twd", "tzs", "uah", "ugx", "usd", "uyu", "uzs", "wst", "xcd", "yer",
        "zar", "zmw",
    )
)  # fmt: skip
CURRENCIES: Final = ZERO_DECIMAL | THREE_DECIMAL | TWO_DECIMAL

# The least Stripe charges, by currency, in smallest units. What is not listed has no known minimum but 1.
_MINIMUM: Final = {
    "usd": 50, "eur": 50, "gbp": 30, "cad": 50, "aud": 50, "nzd": 50, "chf": 50, "jpy": 50, "sek": 300, "nok": 300, "dkk": 250,
    "pln": 200, "czk": 1500, "huf": 17500, "hkd": 400, "sgd": 50, "mxn": 1000, "inr": 50, "brl": 50, "aed": 200, "myr": 200,
    "thb": 1000, "ron": 200,
}  # fmt: skip
# The most: eight digits of the smallest unit, and twelve of Indonesia's. Source: https://docs.stripe.com/currencies.
_MAXIMUM: Final = 99_999_999
_MAXIMA: Final = {"idr": 999_999_999_999}
_LOCALES: Final = {"eur": "en_DE", "usd": "en_US", "gbp": "en_GB", "chf": "en_CH", "sek": "en_SE", "dkk": "en_DK"}


class MixedCurrenciesError(ValueError):
    """Two amounts of different currencies were added or compared."""


def decimals(currency: str) -> int:
    """How many decimals Stripe counts for `currency` (ISO code, lower case)."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


@dataclass(frozen=True)
class Money:
    """An amount: `minor` of the smallest unit of `currency` (lower-case ISO code)."""

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.minor - other.minor, self.currency)

    def __mul__(self, times: int) -> "Money":
        return Money(self.minor * times, self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._same_currency(other)
        return self.minor < other.minor

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        """As a customer reads it, with no-break spaces: 24,00 €."""
        places = 0 if self.currency in WHOLE_UNITS else decimals(self.currency)
        amount = Decimal(self.minor).scaleb(-decimals(self.currency))
        pattern = "#,##0" + ("." + "0" * places if places else "")
        locale = _LOCALES.get(self.currency, "en")
        # A sign of letters stands apart from its number: $12.00, but KWD 12.000.
        last = get_currency_symbol(self.currency.upper(), locale)[-1]
        apart = " " if last.isalpha() or last == "." else ""
        sign = f"{pattern} ¤" if locale == "en_DE" else f"¤{apart}{pattern}"
        return format_currency(
            amount, self.currency.upper(), format=sign, locale=locale, currency_digits=False
        ).replace(" ", "\u00a0")

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise MixedCurrenciesError(f"{self.currency} beside {other.currency}")

    @property
    def is_chargeable(self) -> bool:
        """Whether Stripe takes an amount this small, this large and this even."""
        least, most = smallest_charge(self.currency).minor, largest_charge(self.currency).minor
        return least <= self.minor <= most and self.minor % smallest_step(self.currency) == 0


def smallest_charge(currency: str) -> Money:
    """The least that can be charged by card; source: Stripe's list of minimum amounts."""
    return Money(_MINIMUM.get(currency, smallest_step(currency)), currency)


def largest_charge(currency: str) -> Money:
    """The most that can be charged at once, rounded down to what can be charged at all; source: Stripe's page on currencies."""
    most = _MAXIMA.get(currency, _MAXIMUM)
    return Money(most - most % smallest_step(currency), currency)


def smallest_step(currency: str) -> int:
    """What an amount must be a multiple of to be charged, in minor units."""
    if currency in WHOLE_UNITS:
        return 100
    return 10 if currency in THREE_DECIMAL else 1
