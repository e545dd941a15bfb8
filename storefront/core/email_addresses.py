"""E-mail addresses: one spelling to keep and show, one to compare by, one for mail servers and Stripe."""

import unicodedata
from typing import Final

import idna
from email_validator import EmailNotValidError, validate_email

# What East Asian keyboards type for ASCII: U+FF01 to U+FF5E, the @ and the full stop among them.
_FULL_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3002: ".", 0xFF61: "."}


def normalised(typed: str) -> str:
    """The address as it is kept and shown: as typed, but a domain of other letters than ASCII's in its one spelling.

    Raises ValueError where mail cannot be sent to it: syntax, a domain that is no valid IDNA 2008 name, a domain or an
    address that is too long, a local part outside ASCII (few servers take one), a quoted one, an address literal.
    """
    address = _plain(typed)
    try:
        checked = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise ValueError(str(error)) from error
    is_plain = checked.domain == checked.ascii_domain and address.isascii()
    return address if is_plain else checked.normalized


def key_of(address: str) -> str:
    """The same for all ways to write one mailbox, and never the same for two.

    The local part in lower case, as all mail hosts in use fold it; the domain as its A-label (IDNA 2008 after UTS 46,
    non-transitional), so that `weiß.example` is not `weiss.example`, and `müller.example` is `xn--mller-kva.example`.
    It never raises: what is no address, such as one half typed, is a key that no address has.
    """
    local, at, domain = _plain(address).rpartition("@")
    return f"{_lower(local)}{at}{_a_label(domain)}"


def as_servers_write(address: str) -> str:
    """The address in ASCII, for SMTP and for Stripe: `jane@müller.example` is `jane@xn--mller-kva.example` to them."""
    if address.isascii():
        return address
    local, at, domain = _plain(address).rpartition("@")
    return f"{local}{at}{_a_label(domain)}"


def _plain(typed: str) -> str:
    return typed.strip().translate(_FULL_WIDTH)


def _a_label(domain: str) -> str:
    """What is no valid name stays as it is, in lower case: never the A-label of another one."""
    domain = domain.rstrip(".")
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:  # idna's own errors are of this kind
        return domain.lower() if domain.isascii() else domain


def _lower(local: str) -> str:
    """Lower case where it can be taken back: a dotted capital I is no i. The Kelvin sign, which composing makes a K, stays."""
    if any(unicodedata.normalize("NFC", letter).isascii() for letter in local if not letter.isascii()):
        return local
    return "".join(_lower_letter(letter) for letter in unicodedata.normalize("NFC", local))


def _lower_letter(letter: str) -> str:
    lower = letter.lower()
    return lower if lower.upper() == letter else letter
