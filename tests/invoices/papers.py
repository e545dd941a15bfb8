"""Reading what was drawn, and orders to draw."""

import io
from typing import Any

from pypdf import PdfReader
from sqlalchemy import select

from storefront.core.database import current_session, transaction
from storefront.invoices.models import Invoice
from storefront.invoices.numbering import Returned, write_credit_notes, write_invoice
from storefront.orders.models import Order
from tests.mail.orders import place


def words(pdf: bytes) -> str:
    """What a PDF says, with ordinary spaces."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).replace("\u00a0", " ").split())


def invoiced(number: int = 1, **changes: Any) -> int:
    """An order as `tests.mail.orders` places it, but for `changes`, and its invoice; the order's id."""
    order_id = place(number=number)
    with transaction() as session:
        order = session.get_one(Order, order_id)
        for name, value in changes.items():
            setattr(order, name, value)
        write_invoice(order)
    return order_id


def credited(order_id: int, refund_id: int, amount: int, *, failed: bool = False) -> None:
    """Stripe has taken a refund of it; `failed`: its money did not arrive."""
    with transaction() as session:
        write_credit_notes(session.get_one(Order, order_id), [Returned(refund_id, amount, failed=failed)])


def written() -> list[tuple[str, str, int]]:
    """Label, kind and amount of every paper, in the order they were written."""
    papers = current_session().scalars(select(Invoice).order_by(Invoice.id))
    return [(one.label, one.kind.value, one.amount) for one in papers]
