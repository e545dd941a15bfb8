"""The parts of a total, as frozen facts: lines, what is taken off them, delivery, taxes. Made by `pricing`."""

import datetime as dt
from dataclasses import dataclass

from storefront.core.money import Money


@dataclass(frozen=True)
class Destination:
    """Where it goes, as far as rates and taxes ask; `country` is an ISO code of two letters."""

    country: str
    region: str = ""
    postal_code: str = ""
    city: str = ""
    line1: str = ""


def destination_of(address: dict[str, str] | None) -> Destination | None:
    """Where an address is, as far as prices ask."""
    if address is None:
        return None
    return Destination(
        address["country"],
        *(address.get(part) or "" for part in ("region", "postal_code", "city", "line1")),
    )


@dataclass(frozen=True)
class PricingContext:
    """What a total depends on beside the goods: where to, which way, with which code, for whom. None: not known yet.

    `cart_id`: the cart's own open order does not stand in the way of its code, for it is closed before there is another.
    """

    destination: Destination | None = None
    shipping_rate_id: int | None = None
    discount_code: str | None = None
    user_id: int | None = None
    email_key: str | None = None
    cart_id: int | None = None


@dataclass(frozen=True)
class PricedLine:
    """So many of one variant at today's price; a copy of all an order line keeps."""

    variant_id: int
    quantity: int
    name: str
    sku: str
    unit: Money
    product_handle: str
    picture_path: str
    requires_shipping: bool
    tax_class: str = "standard"
    weight_grams: int = 0
    has_assets: bool = False
    product_id: int = 0
    # This line's share of the discount, in minor units; the shares of all lines are the whole discount.
    discount_minor: int = 0

    @property
    def total(self) -> Money:
        """Unit price times quantity, before any discount."""
        return self.unit * self.quantity

    @property
    def discount(self) -> Money:
        """What is taken off this line."""
        return Money(self.discount_minor, self.unit.currency)

    @property
    def left(self) -> Money:
        """What is left to pay of it after the discount: what is taxed."""
        return self.total - self.discount


@dataclass(frozen=True)
class RefusedCode:
    """Why a code does not count, in words; `may_be_valid_later`: this cart can still come to deserve it."""

    words: str
    may_count_later: bool = False


@dataclass(frozen=True)
class AppliedDiscount:
    """What a discount does to an order: its share of each line, in the lines' order, and perhaps free delivery.

    `refused`: a code was given, and does nothing.
    """

    shares: tuple[Money, ...]
    name: str = ""
    frees_shipping: bool = False
    discount_id: int | None = None
    refused: RefusedCode | None = None


@dataclass(frozen=True)
class ShippingOption:
    """A way it can be delivered, and what that costs here and now."""

    rate_id: int
    name: str
    price: Money
    arrives_on: dt.date | None
    pick_up: bool = False


@dataclass(frozen=True)
class TaxLine:
    """One tax on the order. `included`: the prices include it; else it comes on top.

    `percentage` counts thousandths of a percent: 19 % is 19000.
    """

    name: str
    percentage: int
    base: Money
    amount: Money
    included: bool


@dataclass(frozen=True)
class TaxedGoods:
    """A line as a tax asks about it: what is left to pay of it, and what kind of thing it is."""

    reference: str
    amount: int
    quantity: int
    tax_class: str
    is_download: bool


@dataclass(frozen=True)
class TaxQuestion:
    """All that the tax of a total depends on, where Stripe works it out. `included`: the prices include it."""

    goods_key: str
    currency: str
    place: Destination
    included: bool
    goods: tuple[TaxedGoods, ...]
    shipping: int


@dataclass(frozen=True)
class Totals:
    """Every part of what is to be paid; `total` is what the button shows.

    `ways` are all that can be chosen, `way` the one that counts; None where nothing travels, or no rate is known.
    """

    lines: tuple[PricedLine, ...]
    subtotal: Money
    discount: Money
    discount_name: str = ""
    discount_id: int | None = None
    frees_shipping: bool = False
    code_refused: RefusedCode | None = None
    way: ShippingOption | None = None
    ways: tuple[ShippingOption, ...] = ()
    taxes: tuple[TaxLine, ...] = ()
    # Why it cannot be sent there, in words; empty where it can.
    refusal: str = ""
    # Nobody knows where to yet, and the total will have more in it then.
    depends_on_place: bool = False
    shipping_unknown: bool = False
    tax_unknown: bool = False
    # Where Stripe works it out: what was or is to be asked, and Stripe's id of the answer that an order may be placed with.
    tax_question: TaxQuestion | None = None
    tax_calculation: str | None = None

    @property
    def shipping(self) -> Money:
        """What delivery costs."""
        return self.way.price if self.way else Money(0, self.subtotal.currency)

    @property
    def shipping_name(self) -> str:
        """How it comes."""
        return self.way.name if self.way else ""

    @property
    def shipping_rate_id(self) -> int | None:
        """The rate that counts."""
        return self.way.rate_id if self.way else None

    @property
    def arrives_on(self) -> dt.date | None:
        """When it comes; what is fetched does not."""
        return self.way.arrives_on if self.way and not self.way.pick_up else None

    @property
    def tax(self) -> Money:
        """Tax on top of the prices; what they include is in them."""
        return sum((one.amount for one in self.taxes if not one.included), Money(0, self.subtotal.currency))

    @property
    def total(self) -> Money:
        """What is charged."""
        return self.subtotal - self.discount + self.shipping + self.tax

    @property
    def requires_shipping(self) -> bool:
        """Whether anything has to travel."""
        return any(line.requires_shipping for line in self.lines)

    @property
    def is_final(self) -> bool:
        """Whether it can be ordered like this; a tax that Stripe has not told yet is asked for at the button."""
        awaits_place = self.shipping_unknown or (self.tax_unknown and self.tax_question is None)
        return not (self.refusal or awaits_place)

    @property
    def is_sent(self) -> bool:
        """Whether it goes to an address; what is fetched does not."""
        return self.requires_shipping and not (self.way and self.way.pick_up)

    @property
    def things(self) -> int:
        """How many things there are."""
        return sum(line.quantity for line in self.lines)
