"""What the owner does with discounts: offer one, see how they go, end one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from storefront.catalog.models import Collection, Product, Variant
from storefront.core import audit
from storefront.core.database import current_session, transaction
from storefront.core.errors import InvalidRequestError
from storefront.discounts.lookup import MAX_LENGTH, normalised_code
from storefront.discounts.models import Discount, DiscountGoods
from storefront.discounts.rules import ONE_HUNDRED_PERCENT, DiscountKind, DiscountRules

_CODE: Final = re.compile(r"[^\s<>&\"']+")


@dataclass(frozen=True)
class DiscountedGoods:
    """What it is for: handles of products and collections, SKUs of variants. None of them: everything."""

    products: Sequence[str] = ()
    variants: Sequence[str] = ()
    collections: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.products or self.variants or self.collections)


EVERYTHING: Final = DiscountedGoods()


def create_discount(offer: DiscountRules, goods: DiscountedGoods, *, once_per_customer: bool = False) -> int:
    """Offer it; its id. InvalidRequestError for a code that is taken, terms that make no sense, and goods that are not there."""
    _check_rules(offer)
    key = normalised_code(offer.code)
    with transaction() as session:
        if session.scalar(select(Discount.id).where(Discount.code_key == key)) is not None:
            raise InvalidRequestError(f"There is a code {offer.code} already. End it, and choose another word.")
        discount = Discount(
            code=offer.code, code_key=key, kind=offer.kind, value=offer.value, counts_from=offer.counts_from,
            counts_until=offer.counts_until, minimum=offer.minimum, most_uses=offer.most_uses,
            once_per_customer=once_per_customer, for_some_goods=bool(goods),
        )  # fmt: skip
        session.add(discount)
        session.flush()
        session.add_all(_rows(discount.id, goods))
        audit.record(
            "offered a discount", offer.code, after={"kind": offer.kind, "value": offer.value, "uses": offer.most_uses}
        )
        return discount.id


def end_discount(code: str) -> None:
    """It counts no more; orders that have it keep it. InvalidRequestError where there is no such code."""
    with transaction() as session:
        discount = session.scalar(select(Discount).where(Discount.code_key == normalised_code(code)).with_for_update())
        if discount is None:
            raise InvalidRequestError(f"There is no code {code}.")
        audit.record("ended a discount", discount.code, after={"used": discount.uses})
        discount.is_active = False


def every_discount() -> Sequence[Discount]:
    """All there ever were, the newest first."""
    return current_session().scalars(select(Discount).order_by(Discount.id.desc())).all()


def _check_rules(offer: DiscountRules) -> None:
    if not _CODE.fullmatch(offer.code) or len(normalised_code(offer.code)) > MAX_LENGTH:
        raise InvalidRequestError(f"A code is one word of at most {MAX_LENGTH} letters and digits, such as WELCOME10.")
    if offer.kind is DiscountKind.percent and not 0 < offer.value <= ONE_HUNDRED_PERCENT:
        raise InvalidRequestError("A percentage is more than 0 and at most 100.")
    if offer.kind is DiscountKind.amount and offer.value <= 0:
        raise InvalidRequestError("An amount is more than nothing.")
    if offer.most_uses is not None and offer.most_uses < 1:
        raise InvalidRequestError("A code can be used once at least.")
    if offer.counts_from and offer.counts_until and offer.counts_until <= offer.counts_from:
        raise InvalidRequestError("It would be over before it begins.")


def _rows(discount_id: int, goods: DiscountedGoods) -> list[DiscountGoods]:
    asked = (
        ("product", select(Product.handle, Product.id).where(Product.handle.in_(goods.products)), goods.products),
        ("variant", select(Variant.sku, Variant.id).where(Variant.sku.in_(goods.variants)), goods.variants),
        (
            "collection",
            select(Collection.handle, Collection.id).where(Collection.handle.in_(goods.collections)),
            goods.collections,
        ),
    )
    rows = []
    for what, query, names in asked:
        found = dict(current_session().execute(query).all())
        missing = [name for name in names if name not in found]
        if missing:
            raise InvalidRequestError(f"There is no {what} called {missing[0]}.")
        rows += [DiscountGoods(discount_id=discount_id, **{f"{what}_id": one}) for one in found.values()]
    return rows
