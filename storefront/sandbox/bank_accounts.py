"""Bank accounts that are debited: an IBAN, and what a PaymentMethod shows of it."""

import hashlib
import re

from storefront.sandbox.errors import Document, StripeError


def entered_account(sent: Document, param: str) -> tuple[str, Document]:
    """The IBAN without its spaces, and the `sepa_debit` hash to show."""
    iban = str(sent.get("iban", "")).replace(" ", "").upper()
    if not _is_iban(iban):
        message = "The IBAN you provided is invalid."
        raise StripeError(400, message, code="invalid_bank_account_iban", param=f"{param}[iban]")
    fingerprint = hashlib.blake2b(iban.encode(), digest_size=8, person=b"iban").hexdigest()
    return iban, {
        "bank_code": iban[4:12], "branch_code": "", "country": iban[:2], "fingerprint": fingerprint,
        "generated_from": {"charge": None, "setup_attempt": None}, "last4": iban[-4:],
    }  # fmt: skip


def _is_iban(iban: str) -> bool:
    """By its check digits (ISO 13616)."""
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", iban):
        return False
    return int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97 == 1
