"""Tables of money on its way back: refunds, the goods that come with them, and disputes."""

import datetime as dt
import enum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.clock import now
from storefront.database import Base
from storefront.payments.models import Payment


class RefundState(enum.StrEnum):
    """`succeeded` is not the end: a refund can fail days later."""

    sending = "sending"
    unknown = "unknown"
    pending = "pending"
    requires_action = "requires_action"
    succeeded = "succeeded"
    failed = "failed"
    canceled = "canceled"


FAILED_REFUNDS = (RefundState.failed, RefundState.canceled)


class RefundKind(enum.StrEnum):
    """`late`: money that arrived for an order that could not be kept; of those that Stripe took or may take one a payment.

    `dashboard`: made at Stripe.
    """

    asked = "asked"
    late = "late"
    dashboard = "dashboard"


# What Stripe refused is out of the way: a part may have gone back meanwhile, and the rest is asked for anew.
_LATE = "kind = 'late' AND (stripe_refund_id IS NOT NULL OR state NOT IN ('failed', 'canceled'))"


class Refund(Base):
    """Money on its way back. The row, with its key and exact request, is there before Stripe is asked."""

    __tablename__ = "refunds"
    __table_args__ = (
        Index("uq_refunds_late", "payment_id", unique=True, sqlite_where=text(_LATE), postgresql_where=text(_LATE)),
        Index(
            "ix_refunds_open", "asked_at", sqlite_where=text("state IN ('sending', 'unknown', 'pending', 'requires_action')"),
            postgresql_where=text("state IN ('sending', 'unknown', 'pending', 'requires_action')"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id", ondelete="CASCADE"), index=True)
    kind: Mapped[RefundKind] = mapped_column(default=RefundKind.asked)
    amount: Mapped[int]
    reason: Mapped[str] = mapped_column(default="requested_by_customer")
    state: Mapped[RefundState] = mapped_column(default=RefundState.sending)
    stripe_refund_id: Mapped[str | None] = mapped_column(unique=True)
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    request: Mapped[dict[str, Any]]
    request_token: Mapped[str | None] = mapped_column(unique=True)
    failure_reason: Mapped[str] = mapped_column(default="")
    requested_by: Mapped[str] = mapped_column(default="")
    created_at: Mapped[dt.datetime] = mapped_column(default=now)
    asked_at: Mapped[dt.datetime | None]
    restock: Mapped[bool] = mapped_column(default=False, server_default=false())
    restocked_at: Mapped[dt.datetime | None]

    payment: Mapped[Payment] = relationship(back_populates="refunds")
    lines: Mapped[list["RefundLine"]] = relationship(order_by="RefundLine.id")


class RefundLine(Base):
    """Goods that come back with a refund."""

    __tablename__ = "refund_lines"
    __table_args__ = (
        UniqueConstraint("refund_id", "order_line_id"),
        CheckConstraint("quantity > 0", name="some"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    refund_id: Mapped[int] = mapped_column(ForeignKey("refunds.id", ondelete="CASCADE"), index=True)
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_lines.id", ondelete="CASCADE"), index=True)
    quantity: Mapped[int]


class Dispute(Base):
    """A customer's bank asks for the money back: a flag on the order, with a deadline. Stock is never touched."""

    __tablename__ = "disputes"

    id: Mapped[int] = mapped_column(primary_key=True)
    stripe_dispute_id: Mapped[str] = mapped_column(unique=True)
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payments.id", ondelete="SET NULL"), index=True)
    status: Mapped[str]
    reason: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str]
    evidence_due_by: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime] = mapped_column(default=now)
    looks_asked: Mapped[int] = mapped_column(default=0)
    looks_seen: Mapped[int] = mapped_column(default=0)

    payment: Mapped[Payment | None] = relationship(back_populates="disputes")
