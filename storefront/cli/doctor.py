"""`flask doctor`: what is not as it should be, and what to do about it."""

import smtplib
from collections.abc import Callable
from urllib.parse import urlsplit

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from config import Settings
from storefront.core.clock import now
from storefront.web.operations import proxies, readiness
from storefront.webhooks import monitor

_SMTP_SECONDS = 10


@click.command()
@with_appcontext
def doctor() -> None:
    """Check settings, database, proxies, mail, Stripe's keys and the clock; exit code 1 if something is wrong."""
    settings: Settings = current_app.config["SETTINGS"]
    is_well = True
    for name, check in _CHECKS:
        wrong = check(settings)
        is_well = is_well and not wrong
        click.echo(f"{'wrong' if wrong else 'ok':5}  {name}{f': {wrong}' if wrong else ''}")
    if not is_well:
        raise click.exceptions.Exit(1)


# Each returns what is wrong and what to do about it; nothing where all is well.


def _settings(settings: Settings) -> str:
    return "" if settings.owner_email else "OWNER_EMAIL is not set, so that no alarm reaches you. Set it."


def _database(_: Settings) -> str:
    return "; ".join(readiness.what_is_missing())


def _proxies(settings: Settings) -> str:
    if settings.trusted_proxies:
        return ""
    try:
        seen = proxies.has_been_seen()
    except SQLAlchemyError:
        seen = False
    if seen:
        return f"{proxies.WHY} {proxies.TO_DO}"
    return f"{proxies.AT_START} {proxies.TO_DO}" if settings.secure else ""


def _mail(settings: Settings) -> str:
    where = urlsplit(settings.mail_url)
    if where.scheme == "outbox":
        return (
            "MAIL_URL is outbox:, so no mail leaves the shop. Set it to your mail server." if settings.livemode else ""
        )
    connect = smtplib.SMTP_SSL if where.scheme == "smtps" else smtplib.SMTP
    try:
        with connect(where.hostname or "", where.port or 0, timeout=_SMTP_SECONDS) as server:
            server.noop()
    except (OSError, smtplib.SMTPException) as error:
        return (
            f"{where.hostname} does not answer ({error}). Check MAIL_URL, and that the server may be reached from here."
        )
    return ""


def _stripe(settings: Settings) -> str:
    if settings.livemode and settings.staging_copy:
        return (
            "STAGING_COPY is set with live keys: nothing is charged or mailed. Take it out if this is the shop itself."
        )
    if not settings.livemode and settings.secure and not settings.talks_to_sandbox:
        return "the keys are test keys: no money moves. Set the live keys once you have tried the shop."
    if not settings.stripe_webhook_secrets:
        return "STRIPE_WEBHOOK_SECRET is not set: no webhook of Stripe's is believed. Copy it from the endpoint's page."
    return monitor.ask_stripe()


def _clock(settings: Settings) -> str:
    if settings.clock_file and not settings.talks_to_sandbox:
        return f"CLOCK_FILE moves the clock to {now():%Y-%m-%d %H:%M} UTC. Take it out: Stripe goes by the real one."
    return ""


_CHECKS: tuple[tuple[str, Callable[[Settings], str]], ...] = (
    ("settings", _settings),
    ("database", _database),
    ("proxies", _proxies),
    ("mail", _mail),
    ("Stripe", _stripe),
    ("clock", _clock),
)
