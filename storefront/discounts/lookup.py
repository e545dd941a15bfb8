"""A typed code and what comes of it for these goods and this customer: read only, so it may be asked as often as it is shown."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from storefront.catalog.models import CollectionProduct, Variant
from storefront.core.database import current_session
from storefront.discounts.models import Discount, DiscountGoods, DiscountUse
from storefront.discounts.rules import DiscountRules, DiscountUsage
from storefront.orders.models import OPEN_STATUSES, Order
from storefront.orders.totals import PricingContext

MAX_LENGTH: Final = 40


@dataclass(frozen=True)
class FoundDiscount:
    """A code of the shop's, and how it stands. `goods`: the variants it is for, of those asked about."""

    discount_id: int
    offer: DiscountRules
    standing: DiscountUsage
    goods: frozenset[int]


def normalised_code(code: str) -> str:
    """The same for all ways to type one code."""
    return "".join(unicodedata.normalize("NFKC", code).casefold().split())


def find_discount(deal: PricingContext, variant_ids: Iterable[int]) -> FoundDiscount | None:
    """The discount of the deal's code; None where there is none. One statement, and one more where it is for some goods only."""
    key = normalised_code(deal.discount_code or "")
    if not 0 < len(key) <= MAX_LENGTH:
        return None
    asked = select(Discount, _used_before(deal).label("used"), _held_by_own_cart(deal).label("held"))
    found = current_session().execute(asked.where(Discount.code_key == key)).one_or_none()
    if found is None:
        return None
    discount: Discount = found.Discount
    wanted = frozenset(variant_ids)
    goods = _those_of(discount.id, wanted) if discount.for_some_goods else wanted
    standing = DiscountUsage(
        uses=discount.uses - found.held,
        is_used_before=discount.once_per_customer and found.used,
        is_for_these=bool(goods),
    )
    return FoundDiscount(discount.id, discount.offer, standing, goods)


def is_used_by(user_id: int | None, email_key: str | None) -> ColumnElement[bool]:
    """Whether a use is this customer's, as far as they are known; nobody is known by what they have not told."""
    return or_(
        DiscountUse.user_id == user_id if user_id is not None else false(),
        DiscountUse.email_key == email_key if email_key is not None else false(),
    )


def _used_before(deal: PricingContext) -> ColumnElement[bool]:
    """By this customer, for an order that still holds it and is not this cart's own open one."""
    whose = is_used_by(deal.user_id, deal.email_key)
    return exists().where(_holds(), whose, ~_is_of_own_open_order(deal))


def _held_by_own_cart(deal: PricingContext) -> ColumnElement[bool]:
    # Before another order is placed from this cart, that one is closed, and its use is free.
    return exists().where(_holds(), _is_of_own_open_order(deal))


def _holds() -> ColumnElement[bool]:
    return and_(DiscountUse.discount_id == Discount.id, DiscountUse.released_at.is_(None))


def _is_of_own_open_order(deal: PricingContext) -> ColumnElement[bool]:
    if deal.cart_id is None:
        return false()
    own = (Order.id == DiscountUse.order_id, Order.cart_id == deal.cart_id, Order.status.in_(OPEN_STATUSES))
    return exists().where(*own)


def _those_of(discount_id: int, variant_ids: frozenset[int]) -> frozenset[int]:
    on_shelves = select(CollectionProduct.product_id).where(
        CollectionProduct.collection_id.in_(_named(DiscountGoods.collection_id, discount_id))
    )
    named = or_(
        Variant.id.in_(_named(DiscountGoods.variant_id, discount_id)),
        Variant.product_id.in_(_named(DiscountGoods.product_id, discount_id)),
        Variant.product_id.in_(on_shelves),
    )
    return frozenset(current_session().scalars(select(Variant.id).where(Variant.id.in_(variant_ids), named)))


def _named(what: InstrumentedAttribute[int | None], discount_id: int) -> Select[int | None]:
    return select(what).where(DiscountGoods.discount_id == discount_id, what.is_not(None))
