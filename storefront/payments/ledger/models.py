"""Tables of paying: what an order costs, each try to pay it, and what became of it.

Tables of money on its way back: refunds, the goods that come with them, and disputes."""

import datetime as dt
import enum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.core.clock import now
from storefront.core.database import Base, MinorUnits
from storefront.orders.models import Order


class PaymentStatus(enum.StrEnum):
    """Computed from the attempts, the intent and the refunds each time, never set."""

    pending = "pending"
    requires_action = "requires_action"
    processing = "processing"
    succeeded = "succeeded"
    failed = "failed"
    canceled = "canceled"
    partially_refunded = "partially_refunded"
    refunded = "refunded"


class IntentState(enum.StrEnum):
    """`succeeded` and `canceled` are for good, whatever arrives later."""

    open = "open"
    succeeded = "succeeded"
    canceled = "canceled"


class AttemptKind(enum.StrEnum):
    """Our own intent, or a page hosted by Stripe."""

    intent = "intent"
    session = "session"


class AttemptState(enum.StrEnum):
    """From sending on, states only move to a higher rank (see `record`)."""

    sending = "sending"
    unknown = "unknown"
    requires_action = "requires_action"
    processing = "processing"
    declined = "declined"
    refused = "refused"
    superseded = "superseded"
    never_sent = "never_sent"
    succeeded = "succeeded"


LIVE_STATES = (AttemptState.sending, AttemptState.unknown, AttemptState.requires_action, AttemptState.processing)
_LIVE_SQL = text("state IN ('sending', 'unknown', 'requires_action', 'processing')")
_NEW_CARD_SQL = text("new_card_from IS NOT NULL")


class Source(enum.StrEnum):
    """Who brought the news."""

    api = "api"
    webhook = "webhook"
    reconciliation = "reconciliation"
    owner = "owner"


class Payment(Base):
    """What one order costs and what became of it: one order, one payment, one PaymentIntent.

    `money_checked_at`: when Stripe's own list, or a look, was compared with what we say was paid.
    """

    __tablename__ = "payments"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), unique=True)
    stripe_payment_intent_id: Mapped[str | None] = mapped_column(unique=True)
    stripe_charge_id: Mapped[str | None] = mapped_column(index=True)
    stripe_customer_id: Mapped[str | None]
    stripe_tax_calculation: Mapped[str | None]
    intent_state: Mapped[IntentState] = mapped_column(default=IntentState.open)
    amount: Mapped[MinorUnits]
    currency: Mapped[str]
    status: Mapped[PaymentStatus] = mapped_column(default=PaymentStatus.pending)
    amount_captured: Mapped[MinorUnits] = mapped_column(default=0)
    amount_refunded: Mapped[MinorUnits] = mapped_column(default=0)
    card_brand: Mapped[str] = mapped_column(default="")
    card_last4: Mapped[str] = mapped_column(default="")
    paid_with: Mapped[str | None]
    last_error: Mapped[str] = mapped_column(default="")
    decline_code: Mapped[str] = mapped_column(default="")
    last_webhook_event: Mapped[str] = mapped_column(default="")
    last_webhook_at: Mapped[dt.datetime | None]
    looked_at: Mapped[dt.datetime | None]
    money_checked_at: Mapped[dt.datetime | None]
    livemode: Mapped[bool]

    order: Mapped[Order] = relationship()
    attempts: Mapped[list["PaymentAttempt"]] = relationship(back_populates="payment", order_by="PaymentAttempt.number")
    refunds: Mapped[list["Refund"]] = relationship(back_populates="payment", order_by="Refund.id")
    disputes: Mapped[list["Dispute"]] = relationship(back_populates="payment", order_by="Dispute.id")

    @property
    def last_attempt(self) -> "PaymentAttempt | None":
        """The newest try."""
        return self.attempts[-1] if self.attempts else None


class PaymentAttempt(Base):
    """One try to pay: one idempotency key, one exact request. What is sent again is `request`, not a newly built one.

    `sent_by` is the time of the last sending; `wants_card` says whether the card is to be kept, by consent.
    `new_card_from`: of a card typed into our page, the hash of the address it came from; none for any other.
    """

    __tablename__ = "payment_attempts"
    __table_args__ = (
        UniqueConstraint("payment_id", "number"),
        Index(
            "uq_payment_attempts_live", "payment_id", unique=True, sqlite_where=_LIVE_SQL, postgresql_where=_LIVE_SQL
        ),
        Index("ix_payment_attempts_open", "state", "asked_at", sqlite_where=_LIVE_SQL, postgresql_where=_LIVE_SQL),
        Index(
            "ix_payment_attempts_new_cards", "created_at", sqlite_where=_NEW_CARD_SQL, postgresql_where=_NEW_CARD_SQL
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    kind: Mapped[AttemptKind] = mapped_column(default=AttemptKind.intent)
    operation: Mapped[str]
    saved_card_id: Mapped[int | None] = mapped_column(ForeignKey("saved_cards.id", ondelete="SET NULL"), index=True)
    stripe_payment_method_id: Mapped[str | None] = mapped_column(index=True)
    stripe_session_id: Mapped[str | None] = mapped_column(unique=True)
    stripe_charge_id: Mapped[str | None]
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    request: Mapped[dict[str, Any]]
    state: Mapped[AttemptState] = mapped_column(default=AttemptState.sending)
    card_brand: Mapped[str] = mapped_column(default="")
    card_last4: Mapped[str] = mapped_column(default="")
    decline_code: Mapped[str] = mapped_column(default="")
    decline_words: Mapped[str] = mapped_column(default="")
    consent_at: Mapped[dt.datetime | None]
    consent_words: Mapped[str] = mapped_column(default="")
    new_card_from: Mapped[str | None]
    created_at: Mapped[dt.datetime] = mapped_column(default=now)
    asked_at: Mapped[dt.datetime]

    payment: Mapped[Payment] = relationship(back_populates="attempts")

    @property
    def is_live(self) -> bool:
        """Whether Stripe may still charge for this try."""
        return self.state in LIVE_STATES


class PaymentEvent(Base):
    """History: who said it, from what to what. Only written when something changed."""

    __tablename__ = "payment_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id", ondelete="CASCADE"), index=True)
    source: Mapped[Source]
    what: Mapped[str]
    before: Mapped[str] = mapped_column(default="")
    after: Mapped[str]
    event_id: Mapped[str] = mapped_column(default="")
    at: Mapped[dt.datetime] = mapped_column(default=now)


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
    amount: Mapped[MinorUnits]
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
    amount: Mapped[MinorUnits]
    currency: Mapped[str]
    evidence_due_by: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime] = mapped_column(default=now)
    looks_asked: Mapped[int] = mapped_column(default=0)
    looks_seen: Mapped[int] = mapped_column(default=0)

    payment: Mapped[Payment | None] = relationship(back_populates="disputes")
