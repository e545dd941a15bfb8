"""Handing a letter to a mail server, or keeping it in the outbox."""

import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import partial
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from storefront.core.clock import now
from storefront.core.email_addresses import as_servers_write

TIMEOUT: Final = 20


@dataclass(frozen=True)
class Enclosure:
    """A file that goes with a letter."""

    name: str
    mimetype: str
    content: bytes


@dataclass(frozen=True)
class Letter:
    """A mail as it goes out."""

    sender_name: str
    sender: str
    to: str
    message_id: str
    subject: str
    text: str
    html: str
    enclosed: tuple[Enclosure, ...] = ()


class NotEncryptedError(Exception):
    """The mail server offers no TLS, and we were given a password for it."""


def sender_for(mail_url: str) -> Callable[[Letter], None]:
    """What sends a letter by `MAIL_URL`; `outbox:` leaves it in the table, where the demo shows it."""
    server = urlsplit(mail_url)
    return keep_in_outbox if server.scheme == "outbox" else partial(send_by_smtp, server)


def keep_in_outbox(_letter: Letter) -> None:
    """The row in the outbox is the mail."""


def send_by_smtp(server: SplitResult, letter: Letter) -> None:
    """Raises `smtplib.SMTPException` or OSError when the server did not take it."""
    with _connected(server, as_servers_write(letter.sender).partition("@")[2]) as connection:
        if server.scheme == "smtp":
            _encrypt(connection, server)
        if server.username:
            connection.login(unquote(server.username), unquote(server.password or ""))
        connection.send_message(as_message(letter))


def as_message(letter: Letter) -> EmailMessage:
    """The letter in plain text and in HTML, with what is enclosed."""
    message = EmailMessage()
    message["From"] = Address(letter.sender_name, addr_spec=as_servers_write(letter.sender))
    message["To"] = Address(addr_spec=as_servers_write(letter.to))
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(now())
    message["Message-ID"] = f"<{letter.message_id}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    for one in letter.enclosed:
        maintype, _, subtype = one.mimetype.partition("/")
        message.add_attachment(one.content, maintype=maintype, subtype=subtype, filename=one.name)
    return message


def _connected(server: SplitResult, our_name: str) -> smtplib.SMTP:
    host = server.hostname or "localhost"
    # Without a name smtplib asks the DNS for this machine's, and waits where there is none.
    if server.scheme == "smtps":
        tls = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, server.port or 465, our_name, timeout=TIMEOUT, context=tls)
    return smtplib.SMTP(host, server.port or 25, our_name, timeout=TIMEOUT)


def _encrypt(connection: smtplib.SMTP, server: SplitResult) -> None:
    connection.ehlo()
    if connection.has_extn("starttls"):
        connection.starttls(context=ssl.create_default_context())
    elif server.username:
        raise NotEncryptedError(f"{server.hostname} offers no TLS: a password is not sent in the clear")
