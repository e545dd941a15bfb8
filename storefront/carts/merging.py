"""A guest signs in: what they chose meets what their account's cart had. Said, within stock, and undone if they wish."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, selectinload

from storefront.carts.carts import CartOwner, hash_of, lock_user, max_quantity, open_cart, quantity_limited
from storefront.carts.models import Cart, CartLine, CartState
from storefront.catalog.models import Variant
from storefront.core.clock import now
from storefront.core.database import current_session, transaction
from storefront.orders.labels import label
from storefront.orders.models import OPEN_STATUSES, Order

UNDO_WINDOW: Final = dt.timedelta(days=1)


@dataclass(frozen=True)
class Merged:
    """How many things came over, and in sentences what did not fit."""

    things: int
    short: tuple[str, ...]


def merge_at_login(guest_token: str | None, user_id: int) -> None:
    """Put what the guest chose beside what the account's cart has; an account without a cart gets the guest's own."""
    if guest_token is None or _find_guests(guest_token) is None:
        return
    with transaction():
        guests = _find_guests(guest_token, lock=True)
        if guests is None:
            return
        lock_user(user_id)
        if _users(user_id) is None:
            # The same cart: an order placed from it a moment ago stays its order.
            guests.user_id, guests.token_hash = user_id, None
            return
        mine, _ = open_cart(CartOwner(user_id=user_id))
        _merge(guests, mine)


def order_to_close_first(guest_token: str, user_id: int) -> int | None:
    """The open order of a guest's cart that is about to be poured into another: what it may still become counts first."""
    guests = _find_guests(guest_token)
    if guests is None or _users(user_id) is None:
        return None
    return current_session().scalar(select(Order.id).where(Order.cart_id == guests.id, Order.status.in_(OPEN_STATUSES)))


def undo_merge(user_id: int) -> None:
    """Have the account's cart as it was before, but for what was changed by hand since."""
    with transaction() as session:
        mine = session.scalar(_open_of(user_id).with_for_update())
        if mine is None or mine.merged_from is None:
            return
        added: dict[str, int] = mine.merged_from["added"]
        for line in list(mine.lines):
            line.quantity -= added.get(str(line.variant_id), 0)
            if line.quantity < 1:
                mine.lines.remove(line)
        mine.merged_from = None
        mine.updated_at = now()


def merged_into(cart: Cart) -> Merged | None:
    """What came over at the last login, for a day."""
    told = cart.merged_from
    if told is None or dt.datetime.fromisoformat(told["at"]) < now() - UNDO_WINDOW:
        return None
    return Merged(sum(told["added"].values()), tuple(told["short"]))


def _find_guests(token: str, *, lock: bool = False) -> Cart | None:
    with_things = select(Cart).where(
        Cart.token_hash == hash_of(token), Cart.state == CartState.open, Cart.user_id.is_(None), Cart.lines.any()
    )
    return current_session().scalar(with_things.with_for_update() if lock else with_things)


def _users(user_id: int) -> Cart | None:
    return current_session().scalar(_open_of(user_id))


def _open_of(user_id: int) -> Select[Cart]:
    return select(Cart).where(Cart.user_id == user_id, Cart.state == CartState.open)


def _merge(guests: Cart, mine: Cart) -> None:
    """What an order of the guest's still holds stays with it: it may be paid yet, and nobody is to pay for it twice."""
    had_things = bool(mine.lines)
    order = current_session().scalar(select(Order).where(Order.cart_id == guests.id, Order.status.in_(OPEN_STATUSES)))
    added: dict[str, int] = {}
    short: list[str] = []
    for chosen in _lines_of(guests):
        held = sum(line.quantity for line in order.lines if line.variant_id == chosen.variant_id) if order else 0
        if order and held:
            short.append(f"{chosen.variant.name} is in your order {label(order.number)}, which may still be paid.")
        came, sentence = _add(mine, chosen, chosen.quantity - held)
        if came:
            added[str(chosen.variant_id)] = came
        if sentence:
            short.append(sentence)
    mine.discount_code = mine.discount_code or guests.discount_code
    if not mine.country:
        mine.country, mine.region, mine.shipping_rate_id = guests.country, guests.region, guests.shipping_rate_id
    guests.state = CartState.merged
    mine.updated_at = now()
    if had_things or short:
        mine.merged_from = {"added": added, "short": short, "at": now().isoformat(), "guests_cart": guests.id}


def _lines_of(cart: Cart) -> list[CartLine]:
    lines = select(CartLine).where(CartLine.cart_id == cart.id).order_by(CartLine.id)
    with_names = lines.options(selectinload(CartLine.variant).options(joinedload(Variant.product)))
    return list(current_session().scalars(with_names))


def _add(mine: Cart, chosen: CartLine, quantity: int) -> tuple[int, str]:
    """How many of so many came over, and why not all."""
    variant = chosen.variant
    if quantity < 1:
        return 0, ""
    if not variant.product.published:
        return 0, f"{variant.name} is no longer sold."
    line = next((line for line in mine.lines if line.variant_id == variant.id), None)
    had = line.quantity if line else 0
    has = max(had, min(had + quantity, max_quantity(variant)))
    if line is not None:
        line.quantity = has
    elif has:
        mine.lines.append(CartLine(variant_id=variant.id, quantity=has))
    short = "" if has == had + quantity else quantity_limited(variant, max_quantity(variant), has)
    return has - had, short
