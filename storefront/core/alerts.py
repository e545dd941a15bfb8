"""Alerts to the owner: by mail to OWNER_EMAIL, and as a POST to ALERT_WEBHOOK_URL, each once for what it is about."""

from typing import Any, Final
from urllib.parse import urlsplit

import requests
from flask import current_app
from sqlalchemy import select

from config import Settings
from storefront.core.clock import now
from storefront.core.database import current_session
from storefront.core.installation import is_staging_copy
from storefront.core.jobs.models import Job
from storefront.core.jobs.queue import enqueue, job
from storefront.core.mail.outbox import queue_mail

TIMEOUT: Final = (3.05, 10)  # seconds to connect, and to be answered
_SLACK: Final = ("hooks.slack.com", "hooks.slack-gov.com")


class AlertNotTakenError(Exception):
    """The service did not take the alert. The message names its host alone: the rest of the address is a secret."""


def alert_owner(key: str, what: str, why: str, to_do: str) -> None:
    """Tell the owner inside the running transaction, once per key: what happened, why it matters, and what to do.

    A mail and a job are queued, so that nobody waits for either; both are tried again until they are taken.
    """
    settings: Settings = current_app.config["SETTINGS"]
    told = {"what": what, "why": why, "to_do": to_do}
    if settings.owner_email:
        queue_mail("owner_alarm", settings.owner_email, f"alarm:{key}", told)
    if settings.alert_webhook_url and not _was_posted(key):
        enqueue("post_alert", {"key": key, **told}, unique_key=_job_key(key))


@job("post_alert")
def post_alert(key: str, what: str, why: str, to_do: str) -> None:
    """POST one alert to ALERT_WEBHOOK_URL; raises AlertNotTakenError, after which the job is tried again, later and later."""
    settings: Settings = current_app.config["SETTINGS"]
    if settings.alert_webhook_url and not is_staging_copy():
        send(settings.alert_webhook_url, body_for(settings, key, what, why, to_do))


def body_for(settings: Settings, key: str, what: str, why: str, to_do: str) -> dict[str, Any]:
    """What is posted: Slack's {"text": …} where the address is Slack's or ends in /slack, as Discord's does; else plain JSON.

    Source: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks. Plain JSON has `text` as well, which is what
    Mattermost, Rocket.Chat and Google Chat show.
    """
    text = f"*{what}* ({settings.shop_name})\n{why}\n{to_do}"
    where = urlsplit(settings.alert_webhook_url)
    if where.hostname in _SLACK or where.path.rstrip("/").endswith("/slack"):
        return {"text": _escaped(text)}
    return {
        "text": text,
        "shop": settings.shop_name,
        "url": settings.base_url,
        "key": key,
        "what": what,
        "why": why,
        "to_do": to_do,
        "at": now().isoformat(timespec="seconds"),
    }


def send(url: str, body: dict[str, Any]) -> None:
    """POST it; AlertNotTakenError for no answer, or any but 2xx. A redirect is no 2xx: what is posted goes where the owner said."""
    host = urlsplit(url).hostname
    try:
        answer = requests.post(url, json=body, timeout=TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        # Its own words have the whole address in them.
        raise AlertNotTakenError(f"{host} did not answer ({type(error).__name__})") from None
    if not answer.ok or answer.is_redirect:
        raise AlertNotTakenError(f"{host} answered {answer.status_code}")


def _was_posted(key: str) -> bool:
    done = select(Job.id).where(Job.unique_key == _job_key(key), Job.finished_at.is_not(None)).limit(1)
    return current_session().scalar(done) is not None


def _job_key(key: str) -> str:
    return f"alert:{key}"


def _escaped(text: str) -> str:
    """Slack reads these three as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
