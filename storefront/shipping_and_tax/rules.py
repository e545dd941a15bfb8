"""What holds in the shop for one destination: rates, and taxes. As frozen facts; `terms_today` reads them."""

from dataclasses import dataclass
from typing import Any

from storefront.shipping_and_tax.models import RateKind


@dataclass(frozen=True)
class Tier:
    """What it costs up to so many grams, or so much money, that included; None: above all others."""

    up_to: int | None
    price_minor: int


@dataclass(frozen=True)
class Rate:
    """A way of delivering; `tiers` from the lowest up, where it goes by weight or total."""

    id: int
    name: str
    kind: RateKind = RateKind.flat
    price_minor: int = 0
    free_from_minor: int | None = None
    days: int = 3
    tiers: tuple[Tier, ...] = ()


@dataclass(frozen=True)
class TaxRule:
    """A tax that holds in a country, or only in a region of it; `percentage` in thousandths of a percent."""

    country: str
    region: str
    tax_class: str
    name: str
    percentage: int


@dataclass(frozen=True)
class TaxAnswer:
    """What Stripe answered about some goods to this destination. `is_taken`: an order was placed with it."""

    id: int
    fingerprint: str
    stripe_id: str
    taxes: tuple[dict[str, Any], ...]
    is_taken: bool


@dataclass(frozen=True)
class ShippingAndTaxRules:
    """What holds for one destination. `rates`: the usual one first, then what is picked up.

    `has_zones`: delivery has its price in this shop, so that where no rate leads nothing is sent.
    """

    currency: str
    home_country: str = "DE"
    prices_include_tax: bool = True
    has_zones: bool = False
    rates: tuple[Rate, ...] = ()
    taxes: tuple[TaxRule, ...] = ()
    answers: tuple[TaxAnswer, ...] = ()
