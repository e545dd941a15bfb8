"""The one-click panel: what stands where something is bought, in whatever state it is."""

import datetime as dt
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from flask import current_app, url_for

from storefront.abuse import circuit_breaker
from storefront.cards.consent import Consent, consent
from storefront.cards.models import SavedCard
from storefront.cards.saved_cards import usable_cards_of
from storefront.carts.models import Cart
from storefront.catalog.facts import VariantChoice
from storefront.core.money import Money
from storefront.customers.addresses import addresses_of
from storefront.customers.models import Address, User
from storefront.orders.labels import label
from storefront.orders.pricing import price_goods
from storefront.orders.totals import TaxLine, Totals
from storefront.payments.failures import Failure
from storefront.payments.order_view import CardShown, OrderView, Shown
from storefront.web.login import current_customer
from storefront.web.pricing_context import pricing_context, pricing_context_for_address


class Card(Protocol):
    """A card as a button names it."""

    @property
    def id(self) -> int | None: ...
    @property
    def brand(self) -> str: ...
    @property
    def last4(self) -> str: ...


@dataclass(frozen=True)
class AddressShown:
    """An address as a button names it."""

    id: int
    line1: str
    city: str


@dataclass(frozen=True)
class Breakdown:
    """What makes a total another amount than the prices of the goods: what comes on top, and what is taken off."""

    added: tuple[tuple[str, Money], ...] = ()
    discount: Money | None = None

    def __bool__(self) -> bool:
        return bool(self.added or self.discount)


@dataclass(frozen=True)
class PanelOrder:
    """The order in the panel."""

    public_id: str
    label: str
    state: str
    placed_at: dt.datetime
    total: Money
    refunded: Money | None
    lines: tuple[Any, ...]
    to: str | None
    has_downloads: bool = False
    breakdown: Breakdown = field(default_factory=Breakdown)
    undo_until: dt.datetime | None = None


@dataclass(frozen=True)
class NewCard:
    """What the fields for a new card need: see checkout/_new_card.html."""

    amount: int
    currency: str
    return_url: str
    consent: Consent | None
    rests: str
    # What the card's own fields begin with, where no form beside them has an address.
    country: str
    postal_code: str = ""
    fault: str | None = None


@dataclass(frozen=True)
class Panel:
    """The panel; what each means stands at the head of checkout/_one_click.html."""

    state: str
    buys: str
    what: str
    total: Money | None = None
    checkout_token: str | None = None
    hidden: dict[str, Any] = field(default_factory=dict)
    card: Card | None = None
    cards: Sequence[Card] = ()
    address: AddressShown | None = None
    addresses: Sequence[AddressShown] = ()
    arrives_on: dt.date | None = None
    breakdown: Breakdown = field(default_factory=Breakdown)
    pick_up: str | None = None
    order: PanelOrder | None = None
    attempt: int | None = None
    failure: Failure | None = None
    held_until: dt.datetime | None = None
    email: str | None = None
    changed: tuple[str, ...] = ()
    old_total: Money | None = None
    bank_url: str | None = None
    can_give_up: bool = False
    is_processing: bool = False
    may_pay: bool = True
    new_card: NewCard | None = None
    needs_address: bool = True

    @property
    def expected_total(self) -> int | None:
        """The total in minor units, as the button sends it."""
        return None if self.total is None else self.total.minor

    @property
    def arrives(self) -> str | None:
        """Tue 24 Nov."""
        return current_app.jinja_env.filters["date"](self.arrives_on) if self.arrives_on else None


def variant_panel(user: User, variant_id: int, quantity: int, address_id: int | None = None) -> Panel:
    """The button for one variant; "plain" for a customer who cannot buy with one click yet. To the usual address, or this."""
    panel = _goods_button(user, {variant_id: quantity}, address_id)
    return _that_buys("variant", panel, variant_id=variant_id, quantity=quantity)


def product_panel(chosen: VariantChoice, hidden: Mapping[str, str]) -> Panel | None:
    """The one-click button on a product's page, with further fields; None for whoever cannot buy with one click yet."""
    user = current_customer()
    panel = variant_panel(user, chosen.id, 1) if user else None
    return replace(panel, hidden=panel.hidden | dict(hidden)) if panel and panel.state == "ready" else None


def again_panel(user: User, order: OrderView, address_id: int | None = None) -> Panel | None:
    """The button that buys a past order once more at today's prices; None when that cannot be."""
    goods = goods_of(order)
    if not goods:
        return None
    return replace(_that_buys("order", _goods_button(user, goods, address_id), order=order.public_id), what="buy_again")


def cart_panel(user: User, cart: Cart, address_id: int | None = None) -> Panel:
    """The button for the cart: every tab's carries the same token, until its order is paid or given up."""
    book = _book(user, address_id)
    totals = price_goods(_in_cart(cart), pricing_context_for_address(cart, user, book[0] if book else None))
    button = replace(_button(user, totals, book), breakdown=Breakdown())  # the sum above the button says it already
    return replace(button, buys="cart", checkout_token=cart.checkout_token)


def guest_panel(cart: Cart) -> Panel:
    """What a guest's cart has: the way to the checkout."""
    totals = price_goods(_in_cart(cart), pricing_context_for_address(cart, None, None))
    return Panel("plain", buys="cart", what="buy_now", total=totals.total, needs_address=totals.requires_shipping)


def goods_of(order: OrderView) -> dict[int, int]:
    """What an order bought: quantity by variant; empty when something of it is gone from the shop."""
    if any(line.variant_id is None for line in order.lines):
        return {}
    return {line.variant_id: line.quantity for line in order.lines if line.variant_id is not None}


def _in_cart(cart: Cart) -> dict[int, int]:
    return {line.variant_id: line.quantity for line in cart.lines}


def _book(user: User, address_id: int | None) -> list[Address]:
    """Their addresses, the chosen one first, else the usual one."""
    return sorted(addresses_of(user.id), key=lambda one: one.id != address_id)


def _goods_button(user: User, goods: dict[int, int], address_id: int | None) -> Panel:
    book = _book(user, address_id)
    return _button(user, price_goods(goods, pricing_context(user, book[0] if book else None)), book)


def _that_buys(what: str, panel: Panel, **which: Any) -> Panel:
    return replace(panel, buys=what, hidden=which | panel.hidden)


def _button(user: User, totals: Totals, book: Sequence[Address]) -> Panel:
    cards = usable_cards_of(user.id)
    addresses = [_address(one) for one in book] if totals.is_sent else []
    known = (
        totals.is_final and (bool(addresses) or not totals.is_sent) and (bool(book) or _is_the_same_everywhere(totals))
    )
    return Panel(
        state="ready" if cards and known else "plain",
        buys="variant",
        what="buy_now",
        total=totals.total,
        checkout_token=secrets.token_urlsafe(24),
        card=_card(cards[0]) if cards else None,
        cards=[_card(card) for card in cards],
        address=addresses[0] if addresses else None,
        addresses=addresses,
        # The way that the button shows, and no other.
        hidden={"shipping_rate_id": totals.shipping_rate_id} if totals.way else {},
        arrives_on=totals.arrives_on,
        breakdown=_breakdown(totals.shipping, totals.taxes, totals.discount),
        pick_up=totals.shipping_name if totals.way and totals.way.pick_up else None,
        email=user.email,
        needs_address=totals.requires_shipping and not addresses,
    )


def _is_the_same_everywhere(totals: Totals) -> bool:
    """Whether it can be ordered without saying where one is: a country chosen in the cart is told by no button."""
    is_fetched = totals.way is not None and totals.way.pick_up
    return is_fetched or bool(current_app.config["SETTINGS"].prices_include_tax)


def order_panel(order: OrderView, *, may_pay: bool, user: User | None = None, bank_url: str | None = None) -> Panel:
    """What became of an order, and what can be done about it."""
    cards = usable_cards_of(user.id) if user and order.state is Shown.declined else []
    others = [card for card in cards if order.card is None or card.id != order.card.id]
    return Panel(
        state="hosted" if order.waits_on_page else order.state.value,
        buys=order.source.value if order.source in {"cart", "order"} else "variant",
        what="pay",
        total=order.total,
        card=order.card if may_pay else None,
        cards=[_card(card) for card in others],
        arrives_on=order.arrives_on,
        breakdown=_breakdown(order.shipping, order.taxes, order.discount),
        order=_panel_order(order) if may_pay else replace(_panel_order(order), to=None),
        attempt=order.next_attempt if order.state is Shown.declined else order.next_attempt - 1,
        failure=order.failure,
        held_until=order.held_until,
        email=order.email if may_pay else None,
        bank_url=bank_url,
        can_give_up=order.gives_up and may_pay,
        is_processing=order.is_processing,
        may_pay=may_pay,
        new_card=new_card(
            order.total,
            url_for("checkout.back", public_id=order.public_id),
            saves=user is not None or order.keeps_card,
            is_customer=order.user_id is not None,
            address=order.address,
        )
        if order.state is Shown.declined and may_pay
        else None,
    )


def new_card(
    total: Money, leads_back_to: str, *, saves: bool, is_customer: bool, address: Mapping[str, str] | None = None
) -> NewCard:
    """What the fields for a new card need. `leads_back_to`: the path where the bank's page leads; `address`: whose card it likely is."""
    return_url = current_app.config["SETTINGS"].base_url + leads_back_to
    words = consent(is_customer=is_customer) if saves else None
    known = address or {"country": current_app.config["SETTINGS"].home_country}
    return NewCard(
        total.minor,
        total.currency,
        return_url,
        words,
        circuit_breaker.paused_message(),
        country=known["country"],
        postal_code=known.get("postal_code") or "",
    )


def _panel_order(order: OrderView) -> PanelOrder:
    return PanelOrder(
        public_id=order.public_id,
        label=label(order.number),
        state=order.state.value,
        placed_at=order.placed_at,
        total=order.total,
        refunded=order.refunded or None,
        lines=order.lines,
        to=order.to,
        has_downloads=order.has_downloads,
        breakdown=_breakdown(order.shipping, order.taxes, order.discount),
    )


def _breakdown(shipping: Money, taxes: Iterable[TaxLine], discount: Money) -> Breakdown:
    on_top = [("delivery", shipping), *((tax.name, tax.amount) for tax in taxes if not tax.included)]
    return Breakdown(tuple((what, amount) for what, amount in on_top if amount), discount or None)


def with_order(panel: Panel, order: OrderView) -> Panel:
    """The same panel, speaking of this order."""
    return replace(panel, order=_panel_order(order))


def _card(card: SavedCard) -> CardShown:
    return CardShown(card.id, card.brand, card.last4)


def _address(address: Address) -> AddressShown:
    return AddressShown(address.id, address.line1, address.city)
