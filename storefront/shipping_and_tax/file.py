"""Reading an owner's terms file (TOML): where the shop delivers, what that costs, which taxes there are.

The file is checked whole before anything is kept; what is wrong is said with the place where it stands.
"""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from storefront.core.errors import InvalidRequestError
from storefront.core.money import Money, decimals, smallest_step
from storefront.customers.address_rules import rules_of
from storefront.customers.countries import countries
from storefront.shipping_and_tax.models import RateKind
from storefront.shipping_and_tax.rules import Rate, TaxRule, Tier

Place = tuple[str, str]
# A thousandth of a percent is the finest that is kept.
_FINEST: Final = 1000
_MOST_MINOR: Final = 2**31 - 1


class BadTermsError(InvalidRequestError):
    """Something in the file cannot be: `words` begin with the place where it stands."""


@dataclass(frozen=True)
class Zone:
    """Places (country, region or "") that are delivered to alike; none at all means everywhere else."""

    name: str
    places: tuple[Place, ...]
    rates: tuple[Rate, ...]


@dataclass(frozen=True)
class TermsFile:
    """All that the file says. Rates have no ids yet."""

    zones: tuple[Zone, ...]
    pick_ups: tuple[Rate, ...]
    taxes: tuple[TaxRule, ...]


def read_terms_file(text: str, currency: str) -> TermsFile:
    """What the file says; raises BadTermsError for the first thing that is wrong."""
    try:
        told = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise BadTermsError(f"This is no TOML: {error}.") from error
    whole = _Table("the file", told, currency)
    whole.knows("zones", "pick_up", "taxes")
    zones = tuple(_zone(one) for one in whole.tables("zones"))
    _refuse_twice((f"zone {zone.name!r}" for zone in zones), "the file")
    _refuse_twice((_place_words(place) for zone in zones for place in zone.places or [("", "")]), "the zones")
    pick_ups = tuple(_pick_up(one) for one in whole.tables("pick_up"))
    _refuse_twice((f"pick_up {one.name!r}" for one in pick_ups), "the file")
    taxes = tuple(tax for one in whole.tables("taxes") for tax in _taxes(one))
    _refuse_twice(
        (f"{tax.name!r} for {tax.tax_class} in {_place_words((tax.country, tax.region))}" for tax in taxes), "the taxes"
    )
    return TermsFile(zones, pick_ups, taxes)


class _Table:
    """A table of the file, and where it stands."""

    def __init__(self, where: str, told: Any, currency: str) -> None:
        self.where, self.currency = where, currency
        if not isinstance(told, dict):
            raise BadTermsError(f"{where} must be a table, with one key on each line.")
        self._told: dict[str, Any] = told

    def knows(self, *keys: str) -> None:
        """Refuse every other key: a mistyped one must not be passed over."""
        for key in self._told:
            if key not in keys:
                raise self.wrong(key, f"is not known here. There are: {', '.join(keys)}")

    def wrong(self, key: str, what: str) -> BadTermsError:
        place = key if self.where == "the file" else f"{self.where}: {key}"
        return BadTermsError(f"{place} {what}.")

    def has(self, key: str) -> bool:
        return key in self._told

    def tables(self, key: str) -> list["_Table"]:
        told = self._told.get(key, [])
        if not isinstance(told, list):
            raise self.wrong(key, f"must be written [[{key}]], once for each")
        outer = "" if self.where == "the file" else f"{self.where}, "
        return [self._inner(f"{outer}{key} {number}", one) for number, one in enumerate(told, 1)]

    def _inner(self, where: str, told: Any) -> "_Table":
        name = told.get("name") if isinstance(told, dict) else None
        return _Table(f"{where} ({name})" if isinstance(name, str) else where, told, self.currency)

    def text(self, key: str, default: str | None = None) -> str:
        told = self._told.get(key, default)
        if not isinstance(told, str) or not told.strip():
            raise self.wrong(key, f'must be some words, such as {key} = "…"')
        return told.strip()

    def flag(self, key: str) -> bool:
        told = self._told.get(key, False)
        if not isinstance(told, bool):
            raise self.wrong(key, "must be true or false")
        return told

    def whole(self, key: str, default: int) -> int:
        told = self._told.get(key, default)
        if isinstance(told, bool) or not isinstance(told, int) or not 0 <= told <= _MOST_MINOR:
            raise self.wrong(key, "must be a whole number, none below 0")
        return told

    def money(self, key: str, default: int | None = None) -> int:
        """An amount in minor units; written as people do: 4.90."""
        amount = self._number(key, default, f"an amount such as {_example(self.currency)}")
        minor = amount.scaleb(decimals(self.currency))
        if minor != minor.to_integral_value() or int(minor) % smallest_step(self.currency) or minor > _MOST_MINOR:
            raise self.wrong(key, f"is {amount}, which is no amount of {self.currency.upper()}")
        return int(minor)

    def money_if_told(self, key: str) -> int | None:
        return self.money(key) if self.has(key) else None

    def percentage(self, key: str) -> int:
        """In thousandths of a percent."""
        percent = self._number(key, None, "a percentage such as 19 or 9.975")
        thousandths = percent * _FINEST
        if thousandths != thousandths.to_integral_value() or percent > 100:
            raise self.wrong(key, f"is {percent}: at most three decimals, and 100")
        return int(thousandths)

    def _number(self, key: str, default: int | None, example: str) -> Decimal:
        told = self._told.get(key, default)
        if isinstance(told, bool) or not isinstance(told, int | Decimal) or not Decimal(told).is_finite() or told < 0:
            raise self.wrong(key, f"must be {example}")
        return Decimal(told)

    def places(self, key: str) -> tuple[Place, ...]:
        """Countries as "DE", regions as "CA/Quebec"."""
        told = self._told.get(key, [])
        if not isinstance(told, list) or not told or not all(isinstance(one, str) for one in told):
            raise self.wrong(key, 'must be a list of countries, such as ["DE", "CA/Quebec"]')
        return tuple(self._place(key, one) for one in told)

    def _place(self, key: str, written: str) -> Place:
        country, slash, region = (part.strip() for part in written.partition("/"))
        if country not in dict(countries()) or (slash and not region):
            raise self.wrong(
                key, f'has {written!r}: a country is two capital letters, a region follows it: "CA/Quebec"'
            )
        return country, rules_of(country).region_name(region)


def _zone(table: _Table) -> Zone:
    table.knows("name", "countries", "everywhere", "rates")
    everywhere = table.flag("everywhere")
    if everywhere == table.has("countries"):
        raise table.wrong("countries", "must be given, or everywhere = true instead; not both")
    rates = tuple(_rate(one) for one in table.tables("rates"))
    if not rates:
        raise table.wrong("rates", "is empty: what does delivery cost there? Without a zone nothing is sent")
    _refuse_twice((f"rate {rate.name!r}" for rate in rates), table.where)
    return Zone(table.text("name"), () if everywhere else table.places("countries"), rates)


def _rate(table: _Table) -> Rate:
    table.knows("name", "price", "by", "tiers", "free_from", "days")
    tiers = table.tables("tiers")
    by = table.text("by", "weight") if tiers else None
    if table.has("by") and not tiers:
        raise table.wrong("tiers", "is missing: what it costs up to which weight or total")
    if bool(tiers) == table.has("price"):
        raise table.wrong("price", "must be given, or tiers instead; not both")
    if by not in {None, RateKind.weight, RateKind.total}:
        raise table.wrong("by", 'must be "weight" or "total"')
    return Rate(
        id=0,
        name=table.text("name"),
        kind=RateKind(by) if by else RateKind.flat,
        price_minor=0 if tiers else table.money("price"),
        free_from_minor=table.money_if_told("free_from"),
        days=table.whole("days", 3),
        tiers=_tiers(tiers, by),
    )


def _tiers(tables: Sequence[_Table], by: str | None) -> tuple[Tier, ...]:
    found: list[Tier] = []
    for number, table in enumerate(tables, 1):
        table.knows("up_to", "price")
        limit = _limit(table, by)
        if limit is None and number < len(tables):
            raise table.wrong("up_to", "may only be missing in the last one, which is for all above")
        if found and limit is not None and limit <= (found[-1].up_to or 0):
            raise table.wrong("up_to", "must be more than in the one before")
        found.append(Tier(limit, table.money("price")))
    return tuple(found)


def _limit(table: _Table, by: str | None) -> int | None:
    if not table.has("up_to"):
        return None
    return table.money("up_to") if by == RateKind.total else table.whole("up_to", 0)


def _pick_up(table: _Table) -> Rate:
    table.knows("name", "price", "free_from", "days")
    return Rate(
        id=0,
        name=table.text("name"),
        kind=RateKind.pick_up,
        price_minor=table.money("price", 0),
        free_from_minor=table.money_if_told("free_from"),
        days=table.whole("days", 1),
    )


def _taxes(table: _Table) -> list[TaxRule]:
    table.knows("name", "countries", "class", "percent")
    name, tax_class, percentage = table.text("name"), table.text("class", "standard"), table.percentage("percent")
    places = table.places("countries")
    return [TaxRule(country, region, tax_class, name, percentage) for country, region in places]


def _refuse_twice(things: Iterable[str], where: str) -> None:
    seen: set[str] = set()
    for thing in things:
        # However it is capitalised and spaced.
        key = " ".join(thing.split()).casefold()
        if key in seen:
            raise BadTermsError(f"{thing} is in {where} twice.")
        seen.add(key)


def _place_words(place: Place) -> str:
    return "/".join(part for part in place if part) or "everywhere"


def _example(currency: str) -> str:
    return str(Decimal(Money(490 * smallest_step(currency), currency).minor).scaleb(-decimals(currency)))
