"""Writing invoices and credit notes: each once, in the transaction that records the money, its number taken last of all."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from sqlalchemy import func, insert, select

from storefront.core.clock import now
from storefront.core.database import before_commit, current_session, upsert
from storefront.customers.models import User
from storefront.invoices.models import Invoice, InvoiceKind, Series, ShopDetails
from storefront.orders.models import Counter, Order

FIRST: Final = 1001


@dataclass(frozen=True)
class Returned:
    """Money that Stripe has taken back to the customer; `failed`: it did not arrive after all."""

    refund_id: int
    amount: int
    failed: bool


def write_invoice(order: Order) -> None:
    """Invoice an order that has just become paid, at the end of the running transaction. To be called once an order."""
    before_commit(partial(_write, order, InvoiceKind.invoice, order.total))


def write_credit_notes(order: Order, returned: Sequence[Returned]) -> None:
    """Write a credit note for each of these that has none, and take it back where the money failed to arrive.

    Saying the same again changes nothing. An order that was never invoiced has nothing to be credited.
    """
    if returned:
        before_commit(partial(_write_what_is_missing, order, tuple(returned)))


def _write_what_is_missing(order: Order, returned: tuple[Returned, ...]) -> None:
    written = (
        current_session().execute(select(Invoice.refund_id, Invoice.kind).where(Invoice.order_id == order.id)).all()
    )
    there = {(refund_id, kind) for refund_id, kind in written}
    if (None, InvoiceKind.invoice) not in there:
        return
    for one in returned:
        # Also one that failed at once gets both: whichever news came first, the papers end the same.
        for kind in (InvoiceKind.credit_note, InvoiceKind.reversal)[: 1 + one.failed]:
            if (one.refund_id, kind) not in there:
                _write(order, kind, one.amount, one.refund_id)


def _write(order: Order, kind: InvoiceKind, amount: int, refund_id: int | None = None) -> None:
    series = Series.invoices if kind is InvoiceKind.invoice else Series.credit_notes
    buyer = _buyer(order)
    row = insert(Invoice).values(
        series=series,
        number=_next(series),
        kind=kind,
        order_id=order.id,
        refund_id=refund_id,
        seller_id=select(func.max(ShopDetails.id)).scalar_subquery(),
        amount=amount,
        currency=order.currency,
        buyer=buyer,
        issued_at=now(),
    )
    current_session().execute(row)


def _next(series: Series) -> int:
    """Everybody waits for this row until the transaction ends; if it is given up, the number is free again."""
    session = current_session()
    first = upsert(Counter).values(name=series.value, value=FIRST)
    counted = first.on_conflict_do_update(index_elements=["name"], set_={"value": Counter.value + 1})
    return session.scalars(counted.returning(Counter.value)).one()


def _buyer(order: Order) -> dict[str, Any]:
    """A copy: an invoice still says for whom it was when the customer has moved, or is gone."""
    if order.shipping_address:
        needed = {part: value for part, value in order.shipping_address.items() if part != "phone"}
        return {**needed, "email": order.email}
    user = current_session().get(User, order.user_id) if order.user_id else None
    return {"name": user.name if user else "", "email": order.email}
