"""Posting a mail: a row and a job in the transaction of what the mail tells."""

import datetime as dt
import secrets
from collections.abc import Callable
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from storefront.clock import now
from storefront.database import current_session
from storefront.jobs.queue import enqueue
from storefront.mail.models import MailState, OutboundMail

Writer = Callable[[dict[str, Any]], dict[str, Any] | None]
WRITERS: dict[str, Writer] = {}


def message(kind: str) -> Callable[[Writer], Writer]:
    """Register what turns a mail's stored context into the context of its template when it is sent.

    Returning None drops the mail: it is no longer true. Templates are `mail/<kind>.txt` and `mail/<kind>.html`.
    """

    def register(writer: Writer) -> Writer:
        WRITERS[kind] = writer
        return writer

    return register


def post(kind: str, to: str, dedupe_key: str, context: dict[str, Any], *, send_at: dt.datetime | None = None) -> None:
    """Queue one mail inside the running transaction; the same `dedupe_key` again does nothing."""
    session = current_session()
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(OutboundMail).values(
        kind=kind, to=to, dedupe_key=dedupe_key, context=context, state=MailState.queued, queued_at=now(),
        message_id=f"{secrets.token_hex(16)}@storefront", subject="", body_text="", body_html="", error="",
    )  # fmt: skip
    mail_id = session.scalar(row.on_conflict_do_nothing(index_elements=["dedupe_key"]).returning(OutboundMail.id))
    if mail_id is not None:
        enqueue("send_mail", {"mail_id": mail_id}, unique_key=f"mail:{mail_id}", run_at=send_at)
