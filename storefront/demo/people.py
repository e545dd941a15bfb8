"""Who is there when the demo opens, and the cards to try."""

from dataclasses import dataclass, field
from typing import Final

from storefront.discounts.rules import DiscountKind, DiscountRules


@dataclass(frozen=True)
class Person:
    """Somebody with a login."""

    name: str
    email: str
    password: str
    address: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class KeptCard:
    """A card in the customer's account from the start."""

    test_token: str
    words: str


BERLIN: Final = {"line1": "Lindenstraße 4", "postal_code": "10969", "city": "Berlin", "country": "DE"}
CUSTOMER: Final = Person("Mara Lindt", "mara@kiesel.example", "teapot-no-3", BERLIN)
OWNER: Final = Person("Anna Reuter", "anna@kiesel.example", "kiesel-owner")
CARDS: Final = (
    KeptCard("pm_card_visa", "Visa •• 4242, pays"),
    KeptCard("pm_card_chargeCustomerFail", "Visa •• 0341, is declined"),
)
DISCOUNTS: Final = (
    (DiscountRules("WELCOME10", DiscountKind.percent, 1000), "10 % off"),
    (DiscountRules("SHIPFREE", DiscountKind.free_shipping), "free delivery, where it is not free already"),
)
NUMBERS_TO_TRY: Final = (
    ("4242 4242 4242 4242", "pays at once"),
    ("4000 0027 6000 3184", "your bank asks whether it is you (3-D Secure)"),
    ("4000 0000 0000 0341", "can be saved, is then declined"),
    ("4000 0000 0000 9995", "is declined: not enough funds"),
)
