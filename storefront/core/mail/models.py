"""The outbox table."""

import datetime as dt
import enum
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.clock import now
from storefront.core.database import Base


class MailState(enum.StrEnum):
    """`dropped`: no longer true when its time came (a payment that went through after all)."""

    queued = "queued"
    sent = "sent"
    failed = "failed"
    dropped = "dropped"


class OutboundMail(Base):
    """A mail to be sent. `dedupe_key` makes it one mail, `message_id` keeps it one when it is sent again."""

    __tablename__ = "outbound_mail"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    message_id: Mapped[str] = mapped_column(unique=True)
    to: Mapped[str] = mapped_column("to_address", index=True)
    context: Mapped[dict[str, Any]]
    subject: Mapped[str] = mapped_column(default="")
    body_text: Mapped[str] = mapped_column(default="")
    body_html: Mapped[str] = mapped_column(default="")
    state: Mapped[MailState] = mapped_column(default=MailState.queued)
    error: Mapped[str] = mapped_column(default="")
    queued_at: Mapped[dt.datetime] = mapped_column(default=now)
    sent_at: Mapped[dt.datetime | None]
