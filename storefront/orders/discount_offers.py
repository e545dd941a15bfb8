"""What the owner does with discounts: offer one, see how they go, end one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from storefront import audit
from storefront.catalog.models import Collection, Product, Variant
from storefront.database import current_session, transaction
from storefront.errors import RefusedError
from storefront.orders.discount_codes import LONGEST, key_of
from storefront.orders.discount_models import Discount, DiscountGoods
from storefront.orders.discounts import HUNDRED_PERCENT, DiscountKind, Offer

_CODE: Final = re.compile(r"[^\s<>&\"']+")


@dataclass(frozen=True)
class Goods:
    """What it is for: handles of products and collections, SKUs of variants. None of them: everything."""

    products: Sequence[str] = ()
    variants: Sequence[str] = ()
    collections: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.products or self.variants or self.collections)


EVERYTHING: Final = Goods()


def create(offer: Offer, goods: Goods, *, once_per_customer: bool = False) -> int:
    """Offer it; its id. RefusedError for a code that is taken, terms that make no sense, and goods that are not there."""
    _refuse_nonsense(offer)
    key = key_of(offer.code)
    with transaction() as session:
        if session.scalar(select(Discount.id).where(Discount.code_key == key)) is not None:
            raise RefusedError(f"There is a code {offer.code} already. End it, and choose another word.")
        discount = Discount(
            code=offer.code, code_key=key, kind=offer.kind, value=offer.value, counts_from=offer.counts_from,
            counts_until=offer.counts_until, minimum=offer.minimum, most_uses=offer.most_uses,
            once_per_customer=once_per_customer, for_some_goods=bool(goods),
        )  # fmt: skip
        session.add(discount)
        session.flush()
        session.add_all(_rows(discount.id, goods))
        audit.note(
            "offered a discount", offer.code, after={"kind": offer.kind, "value": offer.value, "uses": offer.most_uses}
        )
        return discount.id


def end(code: str) -> None:
    """It counts no more; orders that have it keep it. RefusedError where there is no such code."""
    with transaction() as session:
        discount = session.scalar(select(Discount).where(Discount.code_key == key_of(code)).with_for_update())
        if discount is None:
            raise RefusedError(f"There is no code {code}.")
        audit.note("ended a discount", discount.code, after={"used": discount.uses})
        discount.is_active = False


def every_discount() -> Sequence[Discount]:
    """All there ever were, the newest first."""
    return current_session().scalars(select(Discount).order_by(Discount.id.desc())).all()


def _refuse_nonsense(offer: Offer) -> None:
    if not _CODE.fullmatch(offer.code) or len(key_of(offer.code)) > LONGEST:
        raise RefusedError(f"A code is one word of at most {LONGEST} letters and digits, such as WELCOME10.")
    if offer.kind is DiscountKind.percent and not 0 < offer.value <= HUNDRED_PERCENT:
        raise RefusedError("A percentage is more than 0 and at most 100.")
    if offer.kind is DiscountKind.amount and offer.value <= 0:
        raise RefusedError("An amount is more than nothing.")
    if offer.most_uses is not None and offer.most_uses < 1:
        raise RefusedError("A code can be used once at least.")
    if offer.counts_from and offer.counts_until and offer.counts_until <= offer.counts_from:
        raise RefusedError("It would be over before it begins.")


def _rows(discount_id: int, goods: Goods) -> list[DiscountGoods]:
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
            raise RefusedError(f"There is no {what} called {missing[0]}.")
        rows += [DiscountGoods(discount_id=discount_id, **{f"{what}_id": one}) for one in found.values()]
    return rows
