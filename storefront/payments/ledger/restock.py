"""Goods that come back with a refund, by the owner's choice: on the shelf again once, never more than were sold.

They go back when Stripe has taken the refund. If it fails later they stay: the goods are in the shop, only the money is too.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, or_, select

from storefront.catalog import stock
from storefront.core.clock import now
from storefront.core.database import current_session
from storefront.core.errors import InvalidRequestError
from storefront.orders.models import Order, OrderLine
from storefront.payments.ledger.models import FAILED_REFUNDS, Payment, Refund, RefundLine


@dataclass(frozen=True)
class Restock:
    """What comes back: so many of each SKU; where none is named, all that is still out."""

    quantities: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Back:
    """So many of one line's goods."""

    variant_id: int | None
    quantity: int


def write_lines(refund: Refund, order: Order, wanted: Restock) -> None:
    """Note what comes back with this refund, the order locked. InvalidRequestError where it is more than is still out."""
    out = _still_out(order)
    if order.stock_released_at is not None or not any(out.values()):
        raise InvalidRequestError("Nothing of this order can be put back on the shelf.")
    lines = _named(order, out, wanted.quantities) if wanted.quantities else out
    refund.restock = True
    refund.lines = [RefundLine(order_line_id=line_id, quantity=many) for line_id, many in lines.items() if many]


def _still_out(order: Order) -> dict[int, int]:
    """By line: what was sold, less what came back or is about to. What is not counted on the shelf cannot go back there."""
    # A refund that Stripe refused brought nothing back; one that failed later did.
    counts = or_(Refund.restocked_at.is_not(None), Refund.state.not_in(FAILED_REFUNDS))
    back = (
        select(RefundLine.order_line_id, func.sum(RefundLine.quantity))
        .join(Refund)
        .join(Payment)
        .where(Payment.order_id == order.id, counts)
        .group_by(RefundLine.order_line_id)
    )
    returned = {line_id: int(many) for line_id, many in current_session().execute(back)}
    return {line.id: line.quantity - returned.get(line.id, 0) for line in order.lines if line.stock_taken}


def _named(order: Order, out: Mapping[int, int], quantities: Mapping[str, int]) -> dict[int, int]:
    chosen: Counter[int] = Counter()
    for sku, many in quantities.items():
        lines = [line for line in order.lines if line.sku == sku and line.id in out]
        left = sum(out[line.id] for line in lines)
        if not 0 < many <= left:
            raise InvalidRequestError(f"Of {sku}, {left} can be put back on the shelf, not {many}.")
        _spread(many, lines, out, chosen)
    return dict(chosen)


def _spread(many: int, lines: Iterable[OrderLine], out: Mapping[int, int], chosen: Counter[int]) -> None:
    for line in lines:
        taken = min(many, out[line.id])
        chosen[line.id] += taken
        many -= taken


def put_back(payment: Payment) -> None:
    """In the transaction of the news, the order locked: what came back with refunds that Stripe has taken by now."""
    for refund in payment.refunds:
        if (
            refund.restock
            and refund.restocked_at is None
            and refund.stripe_refund_id
            and refund.state not in FAILED_REFUNDS
        ):
            refund.restocked_at = now()
            variants = {line.id: line.variant_id for line in payment.order.lines}
            stock.put_back(_Back(variants[one.order_line_id], one.quantity) for one in refund.lines)
