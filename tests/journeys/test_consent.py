"""The consent that is stored is, letter for letter, what the page showed at the box."""

import re
from html import unescape

from storefront.cards.models import SavedCard
from storefront.payments.ledger.models import PaymentAttempt
from tests.journeys.guests import goes_to_stripe, guest, pays
from tests.people import Shopper
from tests.stack import Shop


def shown_at_the_box(html: str) -> str:
    """The text of the label: tags taken out, each run of blanks one."""
    label = re.search(r'<label[^>]*><input type="checkbox" name="save_card".*?</label>', html, re.DOTALL)
    assert label is not None
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", label.group())).split())


def test_a_customers(shop: Shop, alice: Shopper) -> None:
    alice.puts_in_cart("Mug")
    shown = shown_at_the_box(alice.opens("/checkout").html)

    alice.pays_at_checkout("pm_card_mastercard", keep=True)
    shop.settle()

    assert shop.all(PaymentAttempt.consent_words) == [shown]
    assert shown in shop.all(SavedCard.consent_words)


def test_a_guests(shop: Shop) -> None:
    gita = guest(shop)
    gita.puts_in_cart("Mug")
    shown = shown_at_the_box(gita.opens("/checkout").html)

    pays(gita, save_card="yes")

    assert shop.all(PaymentAttempt.consent_words) == [shown]
    assert "create an account" in shown


def test_on_stripes_page(shop: Shop) -> None:
    gita = guest(shop)
    gita.puts_in_cart("Mug")
    shown = shown_at_the_box(gita.opens("/checkout").html)

    goes_to_stripe(gita, save_card="yes")

    assert shop.all(PaymentAttempt.consent_words) == [shown]


def test_another_try_after_a_decline(shop: Shop, alice: Shopper) -> None:
    alice.puts_in_cart("Mug")
    declined = alice.pays_at_checkout("pm_card_visa_chargeDeclined", keep=True)
    shown = shown_at_the_box(declined.html)
    form = next(
        one for one in declined.page.forms if one.action.endswith("/payment") and "confirmation_token" in one.fields
    )

    alice.presses(
        form, typed={"confirmation_token": shop.sandbox.confirmation_token("pm_card_mastercard"), "save_card": "yes"}
    )

    assert shop.all(PaymentAttempt.consent_words) == [shown, shown]
