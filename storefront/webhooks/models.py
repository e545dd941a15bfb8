"""Tables of what Stripe told us: the inbox of its events, and money that fits nowhere."""

import datetime as dt
import enum
from typing import Any

from sqlalchemy import false
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.clock import now
from storefront.core.database import Base, MinorUnits


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
    amount: Mapped[MinorUnits | None]
    currency: Mapped[str] = mapped_column(default="")
    seen_at: Mapped[dt.datetime] = mapped_column(default=now)
    settled_at: Mapped[dt.datetime | None]
    note: Mapped[str] = mapped_column(default="", server_default="")
