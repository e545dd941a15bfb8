"""What somebody means to buy. Guests' carts are found by a random token, of which we keep a hash only."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload, selectinload

from storefront.carts.models import Cart, CartLine, CartState
from storefront.catalog.models import Product, Variant
from storefront.core.clock import now
from storefront.core.database import current_session, transaction
from storefront.core.errors import InvalidRequestError, NotFoundError
from storefront.customers.models import User
from storefront.orders.models import OPEN_STATUSES, Order, OrderLine

MAX_QUANTITY: Final = 99
MAX_LINES: Final = 100


@dataclass(frozen=True)
class CartOwner:
    """Whose cart: a user's, or that of the guest who holds this token; neither has none yet."""

    user_id: int | None = None
    guest_token: str | None = None


@dataclass(frozen=True)
class CartChange:
    """What became of a wish.

    `sentences` say what is not as it was asked. `guest_token` is a new one, where a guest had no cart before.
    """

    name: str
    sentences: tuple[str, ...] = ()
    guest_token: str | None = None


def find_cart(owner: CartOwner) -> Cart | None:
    """Their open cart with all that a page shows of it, in three statements however much is in it."""
    if (mine := _open_cart_of(owner)) is None:
        return None
    product = joinedload(CartLine.variant).joinedload(Variant.product)
    picture = joinedload(CartLine.variant).joinedload(Variant.picture)
    whole = mine.options(selectinload(Cart.lines).options(product.selectinload(Product.pictures), picture))
    return current_session().scalar(whole)


def find_cart_id(owner: CartOwner) -> int | None:
    """Which cart is theirs, where nothing else is asked of it."""
    mine = _open_cart_of(owner)
    return None if mine is None else current_session().scalar(mine.with_only_columns(Cart.id))


def count_of(owner: CartOwner) -> int:
    """How many things are in it."""
    if (mine := _open_cart_of(owner)) is None:
        return 0
    things = select(func.coalesce(func.sum(CartLine.quantity), 0)).where(
        CartLine.cart_id.in_(mine.with_only_columns(Cart.id))
    )
    return current_session().scalar(things) or 0


def is_cart_of(owner: CartOwner, cart_id: int | None) -> bool:
    """Whether this cart is theirs, or was until it was bought."""
    if cart_id is None or (owner.user_id is None and owner.guest_token is None):
        return False
    held = (
        Cart.user_id == owner.user_id
        if owner.user_id is not None
        else Cart.token_hash == hash_of(owner.guest_token or "")
    )
    return current_session().scalar(select(Cart.id).where(Cart.id == cart_id, held)) is not None


def add_to_cart(owner: CartOwner, variant_id: int, quantity: int = 1) -> CartChange:
    """Put so many more in, as far as there are any. Raises NotFoundError, or InvalidRequestError where none can be had."""
    if quantity < 1:
        raise InvalidRequestError("Please say how many.")
    with transaction():
        variant = _on_sale(variant_id)
        cart, new_token = open_cart(owner)
        line = next((line for line in cart.lines if line.variant_id == variant_id), None)
        there = line.quantity if line else 0
        if line is None and len(cart.lines) >= MAX_LINES:
            raise InvalidRequestError("The cart is full. Please order what is in it first.")
        can_have = min(there + quantity, max_quantity(variant))
        if can_have <= there:
            raise InvalidRequestError(quantity_limited(variant, max_quantity(variant), there))
        _write(cart, line, variant_id, can_have)
        name = variant.name
        sentences = () if can_have == there + quantity else (quantity_limited(variant, can_have, can_have),)
    return CartChange(name, sentences, new_token)


def change_quantity(owner: CartOwner, line_id: int, quantity: int) -> CartChange:
    """Have so many of a line; none takes it out."""
    if quantity < 1:
        return remove_line(owner, line_id)
    with transaction():
        cart = lock_cart(owner)
        line = _line_of(cart, line_id)
        variant = line.variant
        can_have = min(quantity, max_quantity(variant, quantities_held_by_order(cart).get(variant.id, 0)))
        name = variant.name
        if can_have < 1:
            # It stays where it is: only its customer takes it out.
            return CartChange(name, (quantity_limited(variant, 0, line.quantity),))
        _write(cart, line, line.variant_id, can_have)
        sentences = () if can_have == quantity else (quantity_limited(variant, can_have, can_have),)
    return CartChange(name, sentences)


def remove_line(owner: CartOwner, line_id: int) -> CartChange:
    """Take a line out."""
    with transaction() as session:
        cart = lock_cart(owner)
        line = _line_of(cart, line_id)
        name = line.variant.name
        session.delete(line)
        _touch(cart)
    return CartChange(name)


def set_code(owner: CartOwner, code: str) -> None:
    """Have this discount code on it; an empty one takes off what is there."""
    with transaction():
        cart = lock_cart(owner)
        cart.discount_code = code
        _touch(cart)


def open_cart(owner: CartOwner) -> tuple[Cart, str | None]:
    """Their open cart, locked, inside the running transaction; where there is none, a new one, and a guest's token."""
    if (mine := _open_cart_of(owner)) is not None:
        cart = current_session().scalar(mine.with_for_update())
        if cart is not None:
            return cart, None
    if owner.user_id is not None:
        return _users_new_cart(owner.user_id), None
    token = secrets.token_urlsafe(24)
    cart = Cart(token_hash=hash_of(token), checkout_token=new_checkout_token())
    current_session().add(cart)
    return cart, token


def hash_of(token: str) -> str:
    """What we keep of a guest's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_checkout_token() -> str:
    """What a cart's pay buttons carry."""
    return secrets.token_urlsafe(24)


def max_quantity(variant: Variant, held: int = 0) -> int:
    """How many of it a cart can have; `held`: by its own open order, which is closed before there is another."""
    return MAX_QUANTITY if variant.stock is None else min(variant.stock + held, MAX_QUANTITY)


def quantities_held_by_order(cart: Cart) -> dict[int, int]:
    """What this cart's own open order took from the shelf, by variant; asked only where something is short."""
    if not any(line.quantity > max_quantity(line.variant) for line in cart.lines):
        return {}
    held = (
        select(OrderLine.variant_id, func.sum(OrderLine.quantity))
        .join(Order)
        .where(Order.cart_id == cart.id, Order.status.in_(OPEN_STATUSES), OrderLine.stock_taken)
        .group_by(OrderLine.variant_id)
    )
    return {variant_id: int(many) for variant_id, many in current_session().execute(held) if variant_id is not None}


def _open_cart_of(owner: CartOwner) -> Select[Cart] | None:
    is_open = select(Cart).where(Cart.state == CartState.open)
    if owner.user_id is not None:
        return is_open.where(Cart.user_id == owner.user_id)
    if owner.guest_token is not None:
        return is_open.where(Cart.token_hash == hash_of(owner.guest_token))
    return None


def _users_new_cart(user_id: int) -> Cart:
    """Two tabs at once: one makes it, both fill it."""
    session = current_session()
    lock_user(user_id)
    mine = select(Cart).where(Cart.user_id == user_id, Cart.state == CartState.open)
    cart = session.scalar(mine.with_for_update())
    if cart is None:
        cart = Cart(user_id=user_id, checkout_token=new_checkout_token())
        session.add(cart)
    return cart


def lock_user(user_id: int) -> None:
    """Nobody else makes this user a cart until the transaction ends. Orders of theirs may still be written."""
    current_session().execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))


def lock_cart(owner: CartOwner) -> Cart:
    """Their cart, locked, inside the running transaction; NotFoundError where they have none."""
    mine = _open_cart_of(owner)
    cart = None if mine is None else current_session().scalar(mine.with_for_update())
    if cart is None:
        raise NotFoundError
    return cart


def _line_of(cart: Cart, line_id: int) -> CartLine:
    line = next((line for line in cart.lines if line.id == line_id), None)
    if line is None:
        raise NotFoundError
    return line


def _on_sale(variant_id: int) -> Variant:
    sold = select(Variant).join(Variant.product).where(Variant.id == variant_id, Product.published)
    variant = current_session().scalar(sold.options(joinedload(Variant.product)))
    if variant is None:
        raise NotFoundError
    return variant


def _write(cart: Cart, line: CartLine | None, variant_id: int, quantity: int) -> None:
    if line is None:
        cart.lines.append(CartLine(variant_id=variant_id, quantity=quantity))
    else:
        line.quantity = quantity
    _touch(cart)


def _touch(cart: Cart) -> None:
    cart.updated_at = now()


def quantity_limited(variant: Variant, can_have: int, in_cart: int) -> str:
    """Why there are not more of it."""
    if can_have < 1:
        return f"{variant.name} is sold out."
    if can_have == MAX_QUANTITY:
        return f"{MAX_QUANTITY} of {variant.name} is the most in one order."
    return f"Only {can_have} left of {variant.name}: your cart has {in_cart}."
