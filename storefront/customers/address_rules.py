"""How addresses are written in each country: what the postcode, the town and the region are called, and which are needed.

After CLDR's and Google's address metadata (https://chromium-i18n.appspot.com/ssl-address), the countries shops send to most.
What is not in the table takes the plain words, and a region only if one is written.
"""

from dataclasses import dataclass, replace
from typing import Final

from storefront.customers.countries import WITHOUT_POSTCODES


@dataclass(frozen=True)
class AddressRules:
    """`region` is empty where addresses have none."""

    postcode: str = "Postcode"
    needs_postcode: bool = True
    town: str = "Town"
    region: str = "State or region"
    needs_region: bool = False


_PLAIN: Final = AddressRules()
_NO_REGION: Final = AddressRules(region="")
_PROVINCE: Final = AddressRules(region="Province", needs_region=True)
_RULES: Final[dict[str, AddressRules]] = {
    **dict.fromkeys(
        (
            "AD", "AT", "BA", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "FI", "FO", "FR", "GL", "GR", "HR", "HU", "IL", "IS",
            "LI", "LT", "LU", "LV", "MC", "ME", "MK", "MT", "NL", "NO", "NZ", "PL", "PT", "RO", "RS", "SE", "SG", "SI", "SK", "SM",
            "TN", "VA", "XK", "ZA",
        ),
        _NO_REGION,
    ),
    "AE": AddressRules(town="Area", region="Emirate", needs_region=True),
    "AR": AddressRules(region="Province"),
    "AU": AddressRules(town="Suburb", region="State", needs_region=True),
    "BR": AddressRules(postcode="CEP", town="City", region="State", needs_region=True),
    "CA": replace(_PROVINCE, postcode="Postal code", town="City", region="Province or territory"),
    "CN": replace(_PROVINCE, town="City"),
    "ES": _PROVINCE,
    "GB": AddressRules(town="Town or city", region=""),
    "HK": AddressRules(town="District", region="Area"),
    "IE": AddressRules(postcode="Eircode", needs_postcode=False, region="County"),
    "IN": AddressRules(postcode="PIN code", town="City", region="State", needs_region=True),
    "IT": _PROVINCE,
    "JP": AddressRules(town="City or ward", region="Prefecture", needs_region=True),
    "KR": AddressRules(town="City or district", region="Province", needs_region=True),
    "MX": AddressRules(town="City", region="State", needs_region=True),
    "MY": AddressRules(town="City", region="State", needs_region=True),
    "PR": AddressRules(postcode="ZIP code", town="City", region=""),
    "TH": AddressRules(town="District", region="Province", needs_region=True),
    "TR": AddressRules(town="District", region="Province", needs_region=True),
    "UA": AddressRules(region="Region"),
    "US": AddressRules(postcode="ZIP code", town="City", region="State", needs_region=True),
}  # fmt: skip


def rules_of(country: str) -> AddressRules:
    """How addresses are written there."""
    rules = _RULES.get(country, _PLAIN)
    return replace(rules, needs_postcode=False) if country in WITHOUT_POSTCODES else rules
