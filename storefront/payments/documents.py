"""An order's invoice and credit notes as PDF: for its page, and enclosed in the mails about the money."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from storefront.cards.brands import card_name
from storefront.core.database import current_session
from storefront.core.errors import NotFoundError
from storefront.core.mail.outbox import enclosure
from storefront.core.mail.sending import Enclosure
from storefront.core.money import Money
from storefront.invoices.models import Invoice, InvoiceKind
from storefront.invoices.rendering import draw
from storefront.payments.ledger.models import Payment


@dataclass(frozen=True)
class Paper:
    """A paper that there is: what it is called, and over how much."""

    kind: str
    label: str
    amount: Money


def papers_of(order_id: int) -> tuple[Paper, ...]:
    """The invoice of an order, and what became of it, in the order they were written."""
    written = current_session().scalars(select(Invoice).where(Invoice.order_id == order_id).order_by(Invoice.id))
    return tuple(Paper(one.kind.value, one.label, one.amount_money) for one in written)


def drawn(order_id: int, label: str | None = None) -> Enclosure:
    """One paper of an order by its label (CN-1001), or its invoice; raises NotFoundError where there is none."""
    written = _written(order_id)
    for one in written:
        if label == one.label or (label is None and one.kind is InvoiceKind.invoice):
            return _draw(one, written)
    raise NotFoundError


@enclosure("receipt")
def with_receipt(stored: dict[str, Any]) -> list[Enclosure]:
    """The invoice. `{"order_id": n}`"""
    written = _written(stored["order_id"])
    return [_draw(one, written) for one in written if one.kind is InvoiceKind.invoice]


@enclosure("refunded")
def with_refund(stored: dict[str, Any]) -> list[Enclosure]:
    """The credit note. `{"refund_id": n}`"""
    return _about_refund(stored["refund_id"], InvoiceKind.credit_note)


@enclosure("refund_failed")
def with_failed_refund(stored: dict[str, Any]) -> list[Enclosure]:
    """What takes the credit note back. `{"refund_id": n}`"""
    return _about_refund(stored["refund_id"], InvoiceKind.reversal)


def _about_refund(refund_id: int, kind: InvoiceKind) -> list[Enclosure]:
    session = current_session()
    one = session.scalar(select(Invoice).where(Invoice.refund_id == refund_id, Invoice.kind == kind))
    return [] if one is None else [_draw(one, _written(one.order_id))]


def _written(order_id: int) -> Sequence[Invoice]:
    return current_session().scalars(select(Invoice).where(Invoice.order_id == order_id).order_by(Invoice.id)).all()


def _draw(one: Invoice, written: Sequence[Invoice]) -> Enclosure:
    payment = current_session().scalars(select(Payment).where(Payment.order_id == one.order_id)).one()
    paid_with = card_name(payment.card_brand, payment.card_last4)
    pdf = draw(one, paid_with=paid_with, about=_what_it_is_about(one, written))
    return Enclosure(f"{one.label}.pdf", "application/pdf", pdf)


def _what_it_is_about(one: Invoice, written: Sequence[Invoice]) -> Invoice | None:
    if one.kind is InvoiceKind.invoice:
        return None
    wanted = (
        (None, InvoiceKind.invoice) if one.kind is InvoiceKind.credit_note else (one.refund_id, InvoiceKind.credit_note)
    )
    return next(other for other in written if (other.refund_id, other.kind) == wanted)
