"""Using a code up, and setting it free again.

A use belongs to one order, and the order's row is locked first; then comes the discount's row, which counts, and the
use itself last. Whoever takes waits at the counter, so two buyers of a code with one use left are told apart there.

What was decided, because all three could be otherwise:

- A use is taken in the transaction that places the order, and held as long as Stripe may still charge for it: while the
  bank is asked, while a page of Stripe's is open, while we do not know. It is free again in the transaction in which the
  order fails (its last card was declined or refused) or is canceled, whoever brought that news and however often.
  A refund does not free it: the customer had it.
- Another try for an order that failed takes the use again first. If somebody else has it by now, nothing is sent: the
  total that the button shows holds no longer, and an order's total never changes. The customer gives the order up and
  buys what is in the cart at today's total.
- Money that arrives all the same for an order whose use was free again (the bank said no, and then charged) pays that
  order at the total its button showed. Then the use counts again, even beyond the maximum: what was promised and paid
  is kept, and the owner is told that the code was used once more often than it should.
"""

import datetime as dt
from dataclasses import dataclass, fields
from typing import Final

from sqlalchemy import Update, or_, select, update

from storefront.core.clock import now
from storefront.core.database import current_session, upsert
from storefront.core.errors import ConflictError
from storefront.discounts.lookup import is_used_by
from storefront.discounts.models import Discount, DiscountUse
from storefront.orders.totals import PricingContext

WAY_ON: Final = "Cancel this order, and buy what is in your cart at today’s total."


class DiscountUsedUpError(ConflictError):
    """Somebody else was faster, or this customer has used it for another order meanwhile."""

    def __init__(self, code: str | None, way_on: str = "") -> None:
        super().__init__(f"The code {code} was used up in the meantime. Nothing was charged. {way_on}".strip())


@dataclass(frozen=True)
class _Use:
    """What is known of a use; read by column, for the row behind it is written past the session."""

    id: int
    discount_id: int
    user_id: int | None
    email_key: str | None
    released_at: dt.datetime | None


def take_use(discount_id: int, order_id: int, deal: PricingContext) -> None:
    """Use it for an order that is just placed; raises DiscountUsedUpError, and the transaction is to be given up."""
    once = _count_up(discount_id)
    if once is None:
        raise DiscountUsedUpError(deal.discount_code)
    row = upsert(DiscountUse).values(
        discount_id=discount_id, order_id=order_id, user_id=deal.user_id, email_key=deal.email_key,
        once_per_customer=once, taken_at=now(),
    )  # fmt: skip
    if current_session().scalar(row.on_conflict_do_nothing().returning(DiscountUse.id)) is None:
        raise DiscountUsedUpError(deal.discount_code)


def release_use(order_id: int) -> None:
    """Set it free, inside the running transaction, the order locked; what is free already stays as it is."""
    use = _use_of(order_id)
    if use is None or use.released_at is not None:
        return
    session = current_session()
    session.execute(_counting(use.discount_id, -1).where(Discount.uses > 0))
    session.execute(update(DiscountUse).where(DiscountUse.id == use.id).values(released_at=now()))


def retake_use(order_id: int, code: str) -> None:
    """Use it once more for an order that failed, the order locked; raises DiscountUsedUpError where it is gone by now."""
    use = _use_of(order_id)
    if use is None or use.released_at is None:
        return
    once = _count_up(use.discount_id)
    if once is None or (once and _has_another(use)):
        raise DiscountUsedUpError(code, WAY_ON)
    _hold(use, once=once)


def count_late_use(order_id: int) -> bool:
    """Count the use of an order that was paid although its use was free; whether that is more than the code allows."""
    use = _use_of(order_id)
    if use is None or use.released_at is None:
        return False
    counted = _counting(use.discount_id, 1).returning(Discount.uses, Discount.most_uses, Discount.once_per_customer)
    uses, most, once = current_session().execute(counted).one()
    is_second = once and _has_another(use)
    # The index allows a customer one use that counts once; a second one is kept beside it.
    _hold(use, once=once and not is_second)
    return is_second or (most is not None and uses > most)


def _count_up(discount_id: int) -> bool | None:
    """Count one more use if there is one left; whether a customer has only one, or None where none is left."""
    left = or_(Discount.most_uses.is_(None), Discount.uses < Discount.most_uses)
    counted = _counting(discount_id, 1).where(left).returning(Discount.once_per_customer)
    return current_session().execute(counted).scalar_one_or_none()


def _counting(discount_id: int, more: int) -> Update:
    counted = update(Discount).where(Discount.id == discount_id).values(uses=Discount.uses + more)
    return counted.execution_options(synchronize_session=False)


def _use_of(order_id: int) -> _Use | None:
    use = select(*(getattr(DiscountUse, one.name) for one in fields(_Use))).where(DiscountUse.order_id == order_id)
    with current_session().no_autoflush:  # what the caller has changed so far is written once, with the rest
        found = current_session().execute(use).one_or_none()
    return _Use(*found) if found else None


def _has_another(use: _Use) -> bool:
    """Whether its customer holds the same code for another order; asked with the discount's row locked, so it stays true."""
    others = select(DiscountUse.id).where(
        DiscountUse.discount_id == use.discount_id,
        DiscountUse.released_at.is_(None),
        DiscountUse.id != use.id,
        is_used_by(use.user_id, use.email_key),
    )
    return current_session().scalar(others.limit(1)) is not None


def _hold(use: _Use, *, once: bool) -> None:
    held = update(DiscountUse).where(DiscountUse.id == use.id)
    current_session().execute(held.values(released_at=None, once_per_customer=once))
