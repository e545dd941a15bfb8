"""Posting a mail: a row and a job in the transaction of what the mail tells."""

import datetime as dt
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from storefront.core.clock import now
from storefront.core.database import current_session, upsert
from storefront.core.jobs.queue import enqueue_all
from storefront.core.mail.models import MailState, OutboundMail
from storefront.core.mail.sending import Enclosure

Writer = Callable[[dict[str, Any]], dict[str, Any] | None]
Encloser = Callable[[dict[str, Any]], Sequence[Enclosure]]
WRITERS: dict[str, Writer] = {}
ENCLOSERS: dict[str, Encloser] = {}


def message(kind: str) -> Callable[[Writer], Writer]:
    """Register what turns a mail's stored context into the context of its template when it is sent.

    Returning None drops the mail: it is no longer true. Templates are `mail/<kind>.txt` and `mail/<kind>.html`.
    """

    def register(writer: Writer) -> Writer:
        WRITERS[kind] = writer
        return writer

    return register


def enclosure(kind: str) -> Callable[[Encloser], Encloser]:
    """Register what goes with a mail of this kind, from its stored context, when it is sent."""

    def register(encloser: Encloser) -> Encloser:
        ENCLOSERS[kind] = encloser
        return encloser

    return register


@dataclass(frozen=True)
class Message:
    """A mail to be queued; the same `dedupe_key` again does nothing."""

    kind: str
    to: str
    dedupe_key: str
    context: dict[str, Any]
    send_at: dt.datetime | None = None


def queue_mail(
    kind: str, to: str, dedupe_key: str, context: dict[str, Any], *, send_at: dt.datetime | None = None
) -> None:
    """Queue one mail inside the running transaction; the same `dedupe_key` again does nothing."""
    queue_mails([Message(kind, to, dedupe_key, context, send_at)])


def queue_mails(postings: Sequence[Message]) -> None:
    """Queue several in two statements, inside the running transaction."""
    session = current_session()
    queued = (
        upsert(OutboundMail)
        .on_conflict_do_nothing(index_elements=["dedupe_key"])
        .returning(OutboundMail.id, OutboundMail.dedupe_key)
    )
    send_at = {posting.dedupe_key: posting.send_at or now() for posting in postings}
    # Rows beside the statement, not in it: so it is compiled once, however many there are.
    new = session.execute(queued, [_row(posting) for posting in postings]).all()
    if new:
        enqueue_all([("send_mail", {"mail_id": mail_id}, f"mail:{mail_id}", send_at[key]) for mail_id, key in new])


def _row(posting: Message) -> dict[str, Any]:
    return {
        "kind": posting.kind,
        "to": posting.to,
        "dedupe_key": posting.dedupe_key,
        "context": posting.context,
        "state": MailState.queued,
        "queued_at": now(),
        "message_id": f"{secrets.token_hex(16)}@storefront",
        "subject": "",
        "body_text": "",
        "body_html": "",
        "error": "",
    }
