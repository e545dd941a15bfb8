"""What each tax of a place takes of one piece, and how Stripe tells it."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from storefront.sandbox.errors import Document
from storefront.sandbox.tax.rates import Place, Tax


@dataclass(frozen=True)
class Piece:
    """A line, or the shipping: what it costs, and how it is taxed."""

    amount: int
    tax_code: str
    behavior: str

    @property
    def is_inclusive(self) -> bool:
        return self.behavior == "inclusive"


@dataclass(frozen=True)
class Levy:
    """One tax on one piece; `tax` is None where nothing is collected."""

    amount: int
    taxable: int
    reason: str
    percent: Decimal
    tax: Tax | None


@dataclass(frozen=True)
class Taxation:
    """Where, for whom and in which currency."""

    place: Place
    override: str
    step: int


def levies_on(piece: Piece, where: Taxation) -> list[Levy]:
    """Every tax of the place, rounded each by itself; included ones are shared out of what is included."""
    if where.override != "none":
        return [_nothing(where.override)]
    if not where.place.taxes:
        return [_nothing("not_collecting")]
    percents = [tax.percent_of(piece.tax_code) for tax in where.place.taxes]
    net = Decimal(piece.amount)
    if piece.is_inclusive:
        net = net * 100 / (100 + sum(percents))
    amounts = [_rounded(net * percent / 100, where.step) for percent in percents]
    taxable = piece.amount - sum(amounts) if piece.is_inclusive else piece.amount
    return [
        Levy(amount, taxable, tax.reason_for(piece.tax_code), percent, tax)
        for amount, percent, tax in zip(amounts, percents, where.place.taxes, strict=True)
    ]


def told_in_all(piece: Piece, levies: list[Levy], place: Place) -> list[Document]:
    return [
        {
            "amount": levy.amount, "inclusive": piece.is_inclusive, "taxability_reason": levy.reason,
            "taxable_amount": levy.taxable,
            "tax_rate_details": {
                "country": place.country, "flat_amount": None, "percentage_decimal": _written(levy.percent),
                "rate_type": "percentage" if levy.tax else None, "state": place.state,
                "tax_type": levy.tax.kind if levy.tax else None,
            },
        }
        for levy in levies
    ]  # fmt: skip


def told_of(levy: Levy, place: Place) -> Document:
    tax = levy.tax
    level, name = (tax.level, tax.place) if tax else ("country", place.country)
    details = tax and {
        "display_name": tax.name, "percentage_decimal": _written(levy.percent), "tax_type": tax.kind
    }  # fmt: skip
    return {
        "amount": levy.amount, "sourcing": "destination", "tax_rate_details": details,
        "jurisdiction": {
            "country": place.country, "display_name": name, "level": level,
            "state": None if level == "country" else place.state,
        },
        "taxability_reason": levy.reason, "taxable_amount": levy.taxable,
    }  # fmt: skip


def merged(levies: list[Document]) -> Iterator[Document]:
    """One entry for each rate, place and behavior."""
    found: dict[str, Document] = {}
    for levy in levies:
        same = repr((levy["inclusive"], levy["tax_rate_details"], levy["taxability_reason"]))
        if same in found:
            found[same]["amount"] += levy["amount"]
            found[same]["taxable_amount"] += levy["taxable_amount"]
        else:
            found[same] = dict(levy)
    yield from found.values()


def _nothing(reason: str) -> Levy:
    return Levy(0, 0, reason, Decimal(0), None)


def _rounded(amount: Decimal, step: int) -> int:
    """To what can be charged in the currency."""
    return int((amount / step).to_integral_value(rounding=ROUND_HALF_UP)) * step


def _written(percent: Decimal) -> str:
    return format(percent.normalize(), "f") if percent else "0.0"
