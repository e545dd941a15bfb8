"""Tables of money: what we asked Stripe to do, what it said, and what became of it."""

import datetime as dt
import enum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.clock import now
from storefront.database import Base
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


class StripeCustomer(Base):
    """Our customer at Stripe, in one mode. `stripe_id` is empty until Stripe answered; `user_id` is empty for guests.

    `guest_token` is the button a guest pressed, who wants the card kept; `claimed_by_id` the user it goes to once their
    e-mail is proven.
    """

    __tablename__ = "stripe_customers"
    __table_args__ = (
        UniqueConstraint("user_id", "livemode"),
        Index("uq_stripe_customers_guest_token", "guest_token", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    livemode: Mapped[bool]
    stripe_id: Mapped[str | None] = mapped_column(unique=True)
    guest_token: Mapped[str | None]
    claimed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    request: Mapped[dict[str, Any]]
    default_card_id: Mapped[int | None] = mapped_column(ForeignKey("saved_cards.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[dt.datetime] = mapped_column(default=now)
    asked_at: Mapped[dt.datetime | None]
    synced_at: Mapped[dt.datetime | None]
    sync_error: Mapped[str] = mapped_column(default="")
    deleted_at: Mapped[dt.datetime | None]
    looks_asked: Mapped[int] = mapped_column(default=0)
    looks_seen: Mapped[int] = mapped_column(default=0)

    @property
    def is_wanted(self) -> bool:
        """Whether there is somebody to make it for."""
        return self.deleted_at is None and (self.user_id is not None or self.guest_token is not None)


class SavedCard(Base):
    """A display copy of a card that Stripe keeps. `removed_at` is for good; `replaced_by_id` is the same card, saved anew."""

    __tablename__ = "saved_cards"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    livemode: Mapped[bool]
    stripe_payment_method_id: Mapped[str] = mapped_column(unique=True)
    brand: Mapped[str]
    last4: Mapped[str]
    exp_month: Mapped[int]
    exp_year: Mapped[int]
    funding: Mapped[str] = mapped_column(default="")
    fingerprint: Mapped[str | None] = mapped_column(index=True)
    consent_at: Mapped[dt.datetime | None]
    consent_words: Mapped[str] = mapped_column(default="")
    created_at: Mapped[dt.datetime] = mapped_column(default=now)
    removed_at: Mapped[dt.datetime | None]
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("saved_cards.id", ondelete="SET NULL"), index=True)
    looks_asked: Mapped[int] = mapped_column(default=0)
    looks_seen: Mapped[int] = mapped_column(default=0)

    @property
    def is_expired(self) -> bool:
        """A card is good until the end of its month."""
        today = now()
        return (self.exp_year, self.exp_month) < (today.year, today.month)


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
    amount: Mapped[int]
    currency: Mapped[str]
    status: Mapped[PaymentStatus] = mapped_column(default=PaymentStatus.pending)
    amount_captured: Mapped[int] = mapped_column(default=0)
    amount_refunded: Mapped[int] = mapped_column(default=0)
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


class SetupState(enum.StrEnum):
    """Of a try to save a card without paying."""

    sending = "sending"
    unknown = "unknown"
    requires_payment_method = "requires_payment_method"
    requires_action = "requires_action"
    processing = "processing"
    canceled = "canceled"
    refused = "refused"
    never_sent = "never_sent"
    succeeded = "succeeded"


OPEN_SETUPS = (
    SetupState.sending,
    SetupState.unknown,
    SetupState.requires_payment_method,
    SetupState.requires_action,
    SetupState.processing,
)
_OPEN_SETUPS_SQL = text("state IN ('sending', 'unknown', 'requires_payment_method', 'requires_action', 'processing')")


class CardSetup(Base):
    """One try to save a card without paying (a SetupIntent). `saved_card_id` is what came of it."""

    __tablename__ = "card_setups"
    __table_args__ = (
        Index("ix_card_setups_created_at", "created_at"),
        Index("ix_card_setups_open", "asked_at", sqlite_where=_OPEN_SETUPS_SQL, postgresql_where=_OPEN_SETUPS_SQL),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    stripe_setup_intent_id: Mapped[str | None] = mapped_column(unique=True)
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    request: Mapped[dict[str, Any]]
    state: Mapped[SetupState] = mapped_column(default=SetupState.sending)
    consent_at: Mapped[dt.datetime]
    consent_words: Mapped[str]
    decline_code: Mapped[str] = mapped_column(default="")
    decline_words: Mapped[str] = mapped_column(default="")
    saved_card_id: Mapped[int | None] = mapped_column(ForeignKey("saved_cards.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[dt.datetime] = mapped_column(default=now)
    asked_at: Mapped[dt.datetime]
    looked_at: Mapped[dt.datetime | None]
    livemode: Mapped[bool]
    new_card_from: Mapped[str | None]

    @property
    def is_open(self) -> bool:
        """Whether a card may still come of it."""
        return self.state in OPEN_SETUPS


class RefundState(enum.StrEnum):
    """`succeeded` is not the end: a refund can fail days later."""

    sending = "sending"
    unknown = "unknown"
    pending = "pending"
    requires_action = "requires_action"
    succeeded = "succeeded"
    failed = "failed"
    canceled = "canceled"


GIVEN_BACK = (RefundState.failed, RefundState.canceled)


class RefundKind(enum.StrEnum):
    """`late`: money that arrived for an order that could not be kept; at most one a payment. `dashboard`: made at Stripe."""

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


class EventState(enum.StrEnum):
    """What became of something Stripe told us."""

    applied = "applied"
    ignored = "ignored"
    unmatched = "unmatched"
    failed = "failed"


class StripeEvent(Base):
    """The inbox: every webhook event once, claimed in the transaction that carries out its effect.

    `fetched`: no webhook brought it, we asked for it.
    """

    __tablename__ = "stripe_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    stripe_event_id: Mapped[str] = mapped_column(unique=True)
    type: Mapped[str]
    object_id: Mapped[str] = mapped_column(default="", index=True)
    api_version: Mapped[str] = mapped_column(default="")
    livemode: Mapped[bool]
    payload: Mapped[dict[str, Any]]
    state: Mapped[EventState] = mapped_column(index=True)
    tries: Mapped[int] = mapped_column(default=1)
    error: Mapped[str] = mapped_column(default="")
    received_at: Mapped[dt.datetime] = mapped_column(default=now, index=True)
    fetched: Mapped[bool] = mapped_column(default=False, server_default=false())


class Unmatched(Base):
    """Money that fits nowhere: shown to the owner until somebody has looked."""

    __tablename__ = "unmatched"

    id: Mapped[int] = mapped_column(primary_key=True)
    object_id: Mapped[str] = mapped_column(unique=True)
    why: Mapped[str]
    amount: Mapped[int | None]
    currency: Mapped[str] = mapped_column(default="")
    seen_at: Mapped[dt.datetime] = mapped_column(default=now)
    settled_at: Mapped[dt.datetime | None]
    note: Mapped[str] = mapped_column(default="", server_default="")
