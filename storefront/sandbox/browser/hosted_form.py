"""What a customer typed on the hosted page, and what is wrong with it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from storefront.sandbox.call import Call
from storefront.sandbox.checkout import paying
from storefront.sandbox.errors import Document, StripeError

Faults = Mapping[str, str]
NEW_CARD = "new"
_EXPIRY = re.compile(r"(\d{1,2})\s*[/.\- ]\s*(?:20)?(\d{2})|(\d{2})(\d{2})")
_ADDRESS = ("name", "line1", "postal_code", "city", "country")
# Where the words of a refusal belong; any other stands above the card.
_FIELDS = {
    "incorrect_number": "number", "invalid_expiry_month": "expiry", "invalid_expiry_year": "expiry",
    "invalid_cvc": "cvc",
}  # fmt: skip
_WANTED = {"name": "Enter a name.", "line1": "Enter the street and number.", "city": "Enter the town or city.",
           "country": "Choose a country from the list."}  # fmt: skip


@dataclass(frozen=True)
class Typed:
    """The form as it came."""

    form: Mapping[str, str] = field(default_factory=dict)

    def __getattr__(self, name: str) -> str:
        """Any field by its name, without the space around it."""
        if name.startswith("__"):
            raise AttributeError(name)
        return self.form.get(name, "").strip()

    @property
    def keeps_card(self) -> bool:
        return "save" in self.form

    @property
    def expires(self) -> tuple[int, int] | None:
        found = _EXPIRY.fullmatch(self.form.get("expiry", "").strip())
        return (int(found[1] or found[3]), 2000 + int(found[2] or found[4])) if found else None

    @property
    def card_data(self) -> Document:
        month, year = self.expires or (0, 0)
        return {"number": self.form.get("number", ""), "exp_month": month, "exp_year": year,
                "cvc": self.form.get("cvc", "").strip()}  # fmt: skip

    def shipping(self, session: Document) -> Document | None:
        """Where it goes, if the page asked for that."""
        if not session["shipping_address_collection"]:
            return None
        sent = {name: self.form.get(name, "").strip() or None for name in (*_ADDRESS, "line2", "state")}
        return {"name": sent.pop("name"), "address": sent}


def faults_of(call: Call, session: Document, typed: Typed) -> dict[str, str]:
    """What is missing, by field; the card itself is the issuer's to judge."""
    faults = {}
    if paying.known_email(call, session) is None and not paying.is_email(typed.email):
        faults["email"] = "Enter an e-mail address, such as name@example.com."
    if session["shipping_address_collection"]:
        faults |= {name: words for name, words in _WANTED.items() if not getattr(typed, name)}
        if typed.country not in session["shipping_address_collection"]["allowed_countries"]:
            faults["country"] = _WANTED["country"]
    is_free = session["mode"] == "payment" and session["amount_total"] == 0
    if not is_free and typed.card not in {card["id"] for card in paying.saved_cards(call, session)}:
        faults |= _card_faults(typed)
    return faults


def refusal(error: StripeError) -> dict[str, str]:
    """A refusal in the customer's place: at the field it is about, or above the card."""
    told = error.body["error"]
    return {_FIELDS.get(told.get("code", ""), "card"): told["message"]}


def _card_faults(typed: Typed) -> dict[str, str]:
    faults = {}
    if not re.search(r"\d", typed.number):
        faults["number"] = "Enter the card’s number."
    if typed.expires is None:
        faults["expiry"] = "Enter month and year, such as 12/34."
    if not typed.cvc:
        faults["cvc"] = "Enter the security code."
    return faults
