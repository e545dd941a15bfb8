"""Tables of what was invoiced, and by whom."""

import datetime as dt
import enum
from typing import Any, Final

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.core.clock import now
from storefront.core.database import Base, MinorUnits
from storefront.core.money import Money
from storefront.orders.models import Order


class InvoiceKind(enum.StrEnum):
    """`reversal`: of a credit note whose money did not reach the customer."""

    invoice = "invoice"
    credit_note = "credit_note"
    reversal = "reversal"


class Series(enum.StrEnum):
    """Each counts by itself, without gaps."""

    invoices = "invoices"
    credit_notes = "credit_notes"


_MARKS: Final = {Series.invoices: "INV", Series.credit_notes: "CN"}


class ShopDetails(Base):
    """Who sells, as invoices must say. Never changed: other details are another row, and old invoices keep theirs."""

    __tablename__ = "shop_details"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    address: Mapped[list[str]]
    vat_id: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    since: Mapped[dt.datetime] = mapped_column(default=now)


class Invoice(Base):
    """An invoice, a credit note or its reversal: written once, with the transaction that records the money. `buyer` is a copy."""

    __tablename__ = "invoices"
    __table_args__ = (
        UniqueConstraint("series", "number"),
        UniqueConstraint("refund_id", "kind"),
        Index(
            "uq_invoices_order",
            "order_id",
            unique=True,
            sqlite_where=text("kind = 'invoice'"),
            postgresql_where=text("kind = 'invoice'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    series: Mapped[Series]
    number: Mapped[int]
    kind: Mapped[InvoiceKind]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("refunds.id"))
    seller_id: Mapped[int | None] = mapped_column(ForeignKey("shop_details.id"), index=True)
    amount: Mapped[MinorUnits]
    currency: Mapped[str]
    buyer: Mapped[dict[str, Any]]
    issued_at: Mapped[dt.datetime] = mapped_column(default=now)

    order: Mapped[Order] = relationship()
    seller: Mapped[ShopDetails | None] = relationship()

    @property
    def label(self) -> str:
        """INV-1001, CN-1001."""
        return f"{_MARKS[self.series]}-{self.number}"

    @property
    def amount_money(self) -> Money:
        """What it is over."""
        return Money(self.amount, self.currency)
