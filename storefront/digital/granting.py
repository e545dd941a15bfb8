"""Who may have what: given when an order is paid, taken back and given again as its money goes and comes."""

import datetime as dt
from typing import Any

from sqlalchemy import or_, select, update

from storefront.core import audit
from storefront.core.clock import now
from storefront.core.database import current_session, transaction, upsert
from storefront.digital.models import Asset, Closed, Grant
from storefront.orders.labels import label
from storefront.orders.models import FulfilmentStatus, Order, OrderLine, OrderStatus

_KEPT = (OrderStatus.paid, OrderStatus.partially_refunded)


def grant(order: Order) -> None:
    """Give what an order's lines brought when it was placed, inside the running transaction; again changes nothing.

    Where that is all there was to send, the order is fulfilled.
    """
    there = (Asset.added_at <= order.placed_at) & or_(Asset.removed_at.is_(None), Asset.removed_at > order.placed_at)
    brought = select(OrderLine, Asset).join(Asset, Asset.variant_id == OrderLine.variant_id).where(there)
    found = current_session().execute(brought.where(OrderLine.order_id == order.id).order_by(Asset.id)).all()
    if found:
        _write([_row(line, asset) for line, asset in found])
        given = {line.id for line, _ in found}
        if all(line.id in given and not line.requires_shipping for line in order.lines):
            order.fulfilment_status = FulfilmentStatus.fulfilled


def settle(order: Order, *, dispute_lost: bool) -> None:
    """Close or open all that this order was given, as its money stands now; inside the running transaction."""
    why = _why_closed(order, dispute_lost=dispute_lost)
    theirs = update(Grant).where(Grant.order_id == order.id).execution_options(synchronize_session=False)
    if why is None:
        change = theirs.where(Grant.revoked_at.is_not(None)).values(revoked_at=None, revoked_because=None)
    else:
        change = theirs.where(Grant.revoked_because.is_distinct_from(why)).values(revoked_at=now(), revoked_because=why)
    current_session().execute(change)


def allow_more(order_id: int, more: int) -> int:
    """Let an order's downloads be fetched so many times more; how many there are that had a limit."""
    with transaction() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        limited = update(Grant).where(Grant.order_id == order_id, Grant.max_downloads.is_not(None))
        raised = session.execute(limited.values(max_downloads=Grant.max_downloads + more).returning(Grant.id))
        number = len(raised.all())
        audit.record(
            "allowed more downloads", f"order {label(order.number)}", after={"more": more, "downloads": number}
        )
        return number


def _why_closed(order: Order, *, dispute_lost: bool) -> Closed | None:
    if order.status not in _KEPT:
        return Closed.refunded
    return Closed.dispute_lost if dispute_lost else None


def _row(line: OrderLine, asset: Asset) -> dict[str, Any]:
    at = now()
    return {
        "order_id": line.order_id,
        "order_line_id": line.id,
        "asset_id": asset.id,
        "name": asset.name,
        # Who bought three may hand two on.
        "max_downloads": asset.max_downloads and asset.max_downloads * line.quantity,
        "used": 0,
        "granted_at": at,
        "expires_at": asset.days and at + dt.timedelta(days=asset.days),
    }


def _write(rows: list[dict[str, Any]]) -> None:
    session = current_session()
    session.execute(upsert(Grant).on_conflict_do_nothing(index_elements=["order_line_id", "asset_id"]), rows)
