"""Ordering again: what was bought once goes into the cart at today's prices, and what has changed is said."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from storefront.carts.carts import MAX_LINES, CartOwner, max_quantity, open_cart, quantity_limited
from storefront.carts.models import Cart, CartLine
from storefront.catalog.models import Variant
from storefront.core.clock import now
from storefront.core.database import current_session, transaction
from storefront.core.errors import NotFoundError
from storefront.core.money import Money
from storefront.orders.models import OrderLine

CART_FULL: Final = "The cart is full: {} did not fit. Please order what is in it first."


@dataclass(frozen=True)
class Reorder:
    """What came into the cart, and in sentences what is not as it was. `guest_token`: see CartChange."""

    names: tuple[str, ...] = ()
    things: int = 0
    changes: tuple[str, ...] = ()
    guest_token: str | None = None

    @property
    def summary(self) -> str:
        """Teapot No. 3 is in your cart. / 3 things are in your cart."""
        if not self.names:
            return "Nothing was put into your cart."
        if len(self.names) == 1:
            return f"{self.names[0]} is in your cart."
        return f"{self.things} things are in your cart."


def reorder(owner: CartOwner, order_id: int, currency: str, variant_id: int | None = None) -> Reorder:
    """Put a past order into the cart, or what it had of one variant; `currency` is what the shop sells in today.

    Raises NotFoundError where the order has no such thing.
    """
    with transaction():
        lines = _lines(order_id, variant_id)
        if not lines:
            raise NotFoundError
        cart, token = open_cart(owner)
        put = Reorder(guest_token=token)
        for line in lines:
            put = _put(put, cart, line, currency)
        if put.names:
            cart.updated_at = now()
        return put


def _lines(order_id: int, variant_id: int | None) -> list[tuple[OrderLine, Variant | None]]:
    wanted = select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.id)
    if variant_id is not None:
        wanted = wanted.where(OrderLine.variant_id == variant_id)
    session = current_session()
    lines = session.scalars(wanted).all()
    sold = _variants([line.variant_id for line in lines if line.variant_id is not None])
    return [(line, sold.get(line.variant_id or 0)) for line in lines]


def _variants(ids: Sequence[int]) -> dict[int, Variant]:
    found = current_session().scalars(select(Variant).where(Variant.id.in_(ids)).options(joinedload(Variant.product)))
    return {variant.id: variant for variant in found if variant.product.published}


def _put(put: Reorder, cart: Cart, wanted: tuple[OrderLine, Variant | None], currency: str) -> Reorder:
    line, variant = wanted
    if variant is None:
        return _changed(put, f"{line.name} is no longer sold.")
    there = next((one for one in cart.lines if one.variant_id == variant.id), None)
    had = there.quantity if there else 0
    if there is None and len(cart.lines) >= MAX_LINES:
        return _changed(put, CART_FULL.format(variant.name))
    has = max(had, min(had + line.quantity, max_quantity(variant)))
    if has > had:
        if there is None:
            cart.lines.append(CartLine(variant_id=variant.id, quantity=has))
        else:
            there.quantity = has
        put = replace(put, names=(*put.names, variant.name), things=put.things + has - had)
    if has < had + line.quantity:
        put = _changed(put, quantity_limited(variant, max_quantity(variant), has))
    return _changed(put, _other_price(line, variant, currency)) if has > had else put


def _other_price(line: OrderLine, variant: Variant, currency: str) -> str:
    then, today = Money(line.unit_price, line.order.currency), Money(variant.price_minor, currency)
    return "" if then == today else f"{variant.name} is {today} now, it was {then}."


def _changed(put: Reorder, sentence: str) -> Reorder:
    return replace(put, changes=(*put.changes, sentence)) if sentence else put
