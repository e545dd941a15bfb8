"""Sending what is in the outbox: one job a mail, tried again until it is gone."""

import datetime as dt
from dataclasses import dataclass
from smtplib import SMTPException
from typing import Any, Final

from flask import current_app
from sqlalchemy import update

from config import Settings
from storefront.core.clock import now
from storefront.core.database import current_session, end_read, transaction
from storefront.core.installation import is_staging_copy
from storefront.core.jobs.queue import RetryLaterError, job
from storefront.core.mail import rendering
from storefront.core.mail.models import MailState, OutboundMail
from storefront.core.mail.outbox import ENCLOSERS, WRITERS
from storefront.core.mail.sending import Letter, NotEncryptedError, sender_for

BODY_RETENTION: Final = dt.timedelta(days=30)
COPY_WAITS: Final = dt.timedelta(minutes=10)
LONGEST_ERROR: Final = 500
OVER: Final = (MailState.sent, MailState.dropped)


@dataclass(frozen=True)
class _Queued:
    kind: str
    to: str
    message_id: str
    context: dict[str, Any]


@job("send_mail")
def send_mail(mail_id: int) -> None:
    """Send one mail; done twice, it still is one mail: it keeps its Message-ID."""
    settings: Settings = current_app.config["SETTINGS"]
    if is_staging_copy():
        raise RetryLaterError("a copy of the shop sends no mail", COPY_WAITS)
    queued = _queued(mail_id)
    if queued is None:
        return
    context = WRITERS[queued.kind](queued.context)
    # Of an order whose customer has left, no address is kept.
    if context is None or not queued.to:
        _become(mail_id, MailState.dropped)
        return
    letter = _letter(queued, context, settings)
    end_read()
    try:
        sender_for(settings.mail_url)(letter)
    except (SMTPException, OSError, NotEncryptedError) as error:
        # Said on the mail, where its owner looks; the queue, which tries again, says it on the job.
        _become(mail_id, MailState.failed, error=f"{type(error).__name__}: {error}"[:LONGEST_ERROR])
        raise
    _become(
        mail_id,
        MailState.sent,
        error="",
        sent_at=now(),
        subject=letter.subject,
        body_text=letter.text,
        body_html=letter.html,
    )


@job("forget_old_mail", every_seconds=24 * 60 * 60)
def delete_old_bodies() -> None:
    """Empty mails a month after they went; that they went, and to whom, stays."""
    old = update(OutboundMail).where(OutboundMail.queued_at < now() - BODY_RETENTION, OutboundMail.state.in_(OVER))
    empty = old.where(OutboundMail.body_text != "").values(body_text="", body_html="", context={})
    with transaction() as session:
        session.execute(empty.execution_options(synchronize_session=False))


def _queued(mail_id: int) -> _Queued | None:
    mail = current_session().get_one(OutboundMail, mail_id)
    if mail.state in OVER:
        return None
    return _Queued(mail.kind, mail.to, mail.message_id, mail.context)


def _letter(queued: _Queued, context: dict[str, Any], settings: Settings) -> Letter:
    enclose = ENCLOSERS.get(queued.kind)
    written = rendering.write(queued.kind, context, shop_name=settings.shop_name, base_url=settings.base_url)
    return Letter(
        sender_name=settings.shop_name,
        sender=rendering.sender_address(settings.owner_email, settings.base_url),
        to=queued.to,
        message_id=queued.message_id,
        subject=written.subject,
        text=written.text,
        html=written.html,
        enclosed=tuple(enclose(queued.context)) if enclose else (),
    )


def _become(mail_id: int, state: MailState, **values: object) -> None:
    mine = update(OutboundMail).where(OutboundMail.id == mail_id, OutboundMail.state.not_in(OVER))
    with transaction() as session:
        session.execute(mine.values(state=state, **values).execution_options(synchronize_session=False))
