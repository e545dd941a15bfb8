"""The words beside the box that lets a card be kept: what the page shows is, letter for letter, what is stored with the consent."""

from dataclasses import dataclass
from typing import Final

_LABEL: Final = "Keep this card for one-click buying."
_WHO_KEEPS_WHAT: Final = "Stripe stores your card number; we only see the last four digits."
_OF_CUSTOMERS: Final = "Remove it whenever you like."
_OF_GUESTS: Final = "You can use it for one-click buying once you create an account."


@dataclass(frozen=True)
class Consent:
    """What stands at the box: its label, and the small print below."""

    label: str
    small_print: str

    def __str__(self) -> str:
        """All of it, as it is stored."""
        return f"{self.label} {self.small_print}"


def consent(*, is_customer: bool) -> Consent:
    """The words for somebody with an account, or for a guest, whose card waits at Stripe until they have one."""
    return Consent(_LABEL, f"{_WHO_KEEPS_WHAT} {_OF_CUSTOMERS if is_customer else _OF_GUESTS}")
