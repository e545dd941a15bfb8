"""Taxes that were worked out for us: what was asked, and what the answer was."""

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storefront.clock import now
from storefront.database import Base


class TaxCalculation(Base):
    """One question to Stripe Tax, kept for a day. `goods_key` says which goods and where to, `fingerprint` all that was asked.

    `answer` holds our tax lines, once there is one. An order placed with it names its `stripe_id`, and no other order may.
    """

    __tablename__ = "tax_calculations"

    id: Mapped[int] = mapped_column(primary_key=True)
    goods_key: Mapped[str] = mapped_column(index=True)
    fingerprint: Mapped[str]
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    request: Mapped[dict[str, Any]]
    stripe_id: Mapped[str | None] = mapped_column(unique=True)
    answer: Mapped[dict[str, Any] | None]
    refusal: Mapped[str] = mapped_column(default="")
    cart_id: Mapped[int | None] = mapped_column(ForeignKey("carts.id", ondelete="SET NULL"), index=True)
    asked_at: Mapped[dt.datetime] = mapped_column(default=now, index=True)
    expires_at: Mapped[dt.datetime | None]
    livemode: Mapped[bool]
