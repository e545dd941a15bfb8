"""Where the sandbox's account is registered, and what is taken there: a small table that stays as it is.

The rates were true in some year; what a shop may rely on is that they never change. Anywhere else nothing is collected,
and, as at Stripe, nobody says so but the `taxability_reason`.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal

from storefront.sandbox.errors import Document, StripeError, refused

GOODS, SERVICES, NONTAXABLE = "txcd_99999999", "txcd_10000000", "txcd_00000000"
BOOKS, FOOD, SHIPPING = "txcd_35010000", "txcd_40060003", "txcd_92010001"


@dataclass(frozen=True)
class Tax:
    """One tax of one place: `others` are the tax codes that do not pay its usual percentage."""

    place: str
    percent: str
    kind: str = "vat"
    level: str = "country"
    others: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return {"vat": "VAT", "gst": "GST", "hst": "HST", "qst": "QST", "jct": "Consumption tax"}.get(
            self.kind, "Sales tax"
        )

    def percent_of(self, tax_code: str) -> Decimal:
        return Decimal(0) if tax_code == NONTAXABLE else Decimal(self.others.get(tax_code, self.percent))

    def reason_for(self, tax_code: str) -> str:
        percent = self.percent_of(tax_code)
        if percent == Decimal(self.percent):
            return "standard_rated"
        if percent:
            return "reduced_rated"
        return "zero_rated" if self.kind == "vat" and tax_code != NONTAXABLE else "product_exempt"


def _sales(place: str, percent: str, *exempt: str) -> Tax:
    return Tax(place, percent, "sales_tax", "state", dict.fromkeys(exempt, "0"))


_COUNTRIES = {
    "AT": (Tax("Austria", "20", others={BOOKS: "10", FOOD: "10"}),),
    "AU": (Tax("Australia", "10", "gst"),),
    "CH": (Tax("Switzerland", "8.1", others={BOOKS: "2.6", FOOD: "2.6"}),),
    "DE": (Tax("Germany", "19", others={BOOKS: "7", FOOD: "7"}),),
    "FR": (Tax("France", "20", others={BOOKS: "5.5", FOOD: "10"}),),
    "GB": (Tax("United Kingdom", "20", others={BOOKS: "0"}),),
    "JP": (Tax("Japan", "10", "jct", others={FOOD: "8"}),),
    "NL": (Tax("Netherlands", "21", others={BOOKS: "9", FOOD: "9"}),),
}
_STATES = {
    ("CA", "ON"): (Tax("Ontario", "13", "hst", "state", {BOOKS: "5"}),),
    ("CA", "QC"): (Tax("Canada", "5", "gst"), Tax("Quebec", "9.975", "qst", "state", {BOOKS: "0"})),
    ("US", "CA"): (_sales("California", "7.25", SERVICES, SHIPPING),),
    ("US", "NY"): (
        _sales("New York", "4", SERVICES),
        Tax("New York City", "4.875", "sales_tax", "city", {SERVICES: "0"}),
    ),
    ("US", "TX"): (_sales("Texas", "6.25"),),
}
_ZIP_STATES = {"75": "TX", "76": "TX", "77": "TX", "78": "TX", "79": "TX"} | dict.fromkeys(
    ("90", "91", "92", "93", "94", "95", "96"), "CA"
) | dict.fromkeys(("10", "11", "12", "13", "14"), "NY")  # fmt: skip
_POSTAL_STATES = {"K": "ON", "L": "ON", "M": "ON", "N": "ON", "P": "ON", "G": "QC", "H": "QC", "J": "QC"}


@dataclass(frozen=True)
class Place:
    """Where something is taxed, and with what; `taxes` is empty where the account is not registered."""

    country: str
    state: str | None
    taxes: tuple[Tax, ...]


def place_of(address: Document) -> Place:
    """The place of an address; Stripe's refusal where the address says too little."""
    country = address["country"].upper()
    if not re.fullmatch(r"[A-Z]{2}", country):
        message = f"Country '{address['country']}' is unknown. Try using a 2-character alphanumeric country code."
        raise refused(message, code="country_code_invalid", param="customer_details[address][country]")
    if country in {"US", "CA"}:
        state = _american_state(address) if country == "US" else _canadian_province(address)
        return Place(country, state, _STATES.get((country, state), ()))
    return Place(country, address.get("state") or None, _COUNTRIES.get(country, ()))


def _american_state(address: Document) -> str:
    digits = re.match(r"(\d{2})\d{3}(-\d{4})?$", address.get("postal_code") or "")
    if digits is None:
        raise _nowhere()
    return _ZIP_STATES.get(digits[1], (address.get("state") or "").upper())


def _canadian_province(address: Document) -> str:
    postal_code, province = (address.get("postal_code") or "").upper(), (address.get("state") or "").upper()
    if not postal_code and not province:
        raise _nowhere()
    return _POSTAL_STATES.get(postal_code[:1], province)


def _nowhere() -> StripeError:
    message = (
        "We could not determine the customer's tax location based on the provided customer address."
        " Please ensure the customer's address has a valid postal code."
    )
    return refused(message, code="customer_tax_location_invalid", param="customer_details[address]")
