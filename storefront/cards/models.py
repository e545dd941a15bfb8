"""Tables of kept cards: whom Stripe keeps them for, what may be shown of them, and tries to save one."""

import datetime as dt
import enum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.clock import now
from storefront.core.database import Base


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
