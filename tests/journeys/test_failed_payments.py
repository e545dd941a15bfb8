"""A payment that came to nothing: page and mail say who said no, and only what a bank declined is put on the bank."""

import pytest

from storefront.cards.models import SavedCard
from storefront.core.database import transaction
from storefront.payments.ledger.models import AttemptState, PaymentAttempt
from tests.people import Answer, Shopper
from tests.stack import Sandbox, Shop


def presses_with(shopper: Shopper, card: str) -> Answer:
    button = shopper.one_click_button()
    button.fields["card_id"] = str(shopper.has_card(card))
    return shopper.presses(button)


def mail_of(shop: Shop) -> str:
    shop.clock.forward(minutes=5)
    shop.settle()
    return shop.letter("payment_failed")


def test_what_the_bank_declined(shop: Shop, alice: Shopper) -> None:
    answer = presses_with(alice, "pm_card_chargeCustomerFail")

    told = answer.page.text
    assert "Your bank declined Visa ••ending in 0341" in told.replace(" ending", "ending")
    assert "Nothing was charged." in told
    assert "try Visa" in told
    letter = mail_of(shop)
    assert "Your bank declined Visa •• 0341. Nothing was charged." in letter


def test_a_card_that_was_detached_at_stripe(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.has_card("pm_card_mastercard")
    button = alice.one_click_button()
    button.fields["card_id"] = str(alice.cards["pm_card_visa"])
    sandbox.wait_for_webhooks()
    sandbox.hold_webhooks()
    sandbox.stripe.v1.payment_methods.detach(alice.card_at_stripe("pm_card_visa"))

    answer = alice.presses(button)

    told = answer.page.text
    assert answer.state == "declined"
    assert "can no longer be used here" in told
    assert "Nothing was charged. Please use another card." in told
    assert "Your bank" not in told
    assert "try Visa" not in told
    assert "Mastercard" in told
    assert shop.all(PaymentAttempt.state) == [AttemptState.refused]
    letter = mail_of(shop)
    assert "Visa •• 4242 can no longer be used here. Nothing was charged." in letter
    assert "bank" not in letter
    # No webhook was needed: the shop looked at the card that Stripe refused.
    gone = [card.last4 for card in shop.all(SavedCard) if card.removed_at is not None]
    assert gone == ["4242"]
    assert alice.tries_again(alice.sees_order().page).state == "paid"


def test_a_card_that_is_somebody_elses_at_stripe(shop: Shop, sandbox: Sandbox, alice: Shopper, bob: Shopper) -> None:
    button = alice.one_click_button()
    bob.has_card("pm_card_visa")
    other = bob.card_at_stripe("pm_card_visa")
    with shop.inside(), transaction() as session:
        session.get_one(SavedCard, bob.cards["pm_card_visa"]).stripe_payment_method_id = "pm_gone"
        session.flush()
        session.get_one(SavedCard, alice.cards["pm_card_visa"]).stripe_payment_method_id = other

    answer = alice.presses(button)

    assert "can no longer be used here" in answer.page.text
    assert "Your bank" not in answer.page.text


def test_an_expired_card(shop: Shop, alice: Shopper) -> None:
    alice.puts_in_cart("Mug")

    answer = alice.pays_at_checkout("pm_card_chargeDeclinedExpiredCard")

    told = answer.page.text
    assert "has expired" in told
    assert "Please use another card." in told
    assert "Your bank declined" not in told
    assert "has expired. Nothing was charged." in mail_of(shop)


def test_what_the_customer_did_not_confirm(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    presses_with(alice, "pm_card_authenticationRequired")
    sandbox.answer_bank(shop.intents()[0], passed=False)
    shop.settle()

    told = alice.sees_order().page.text

    assert "The payment was not confirmed" in told
    assert "Your bank could not confirm that it was you." in told
    assert "declined" not in told.lower()
    letter = mail_of(shop)
    assert "The payment was not confirmed. Nothing was charged." in letter
    assert "declined" not in letter


def test_what_stripe_refused_as_a_request(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.fault("refuse_400", path="/v1/payment_intents", code="parameter_invalid")

    answer = presses_with(alice, "pm_card_visa")

    told = answer.page.text
    assert "The payment could not be started" in told
    assert "Your bank was not asked." in told
    assert "declined" not in told.lower()
    letter = mail_of(shop)
    assert "The payment could not be started. Nothing was charged." in letter


@pytest.mark.parametrize("card", ["LostCard", "StolenCard"])
def test_what_must_not_be_told_is_not(alice: Shopper, card: str) -> None:
    alice.puts_in_cart("Mug")

    told = alice.pays_at_checkout(f"pm_card_visa_chargeDeclined{card}").page.text

    assert "Your bank declined" in told
    assert "Reason given" not in told


def test_other_cards_are_offered_with_their_brands_names(shop: Shop, alice: Shopper) -> None:
    alice.has_card("pm_card_amex")

    answer = presses_with(alice, "pm_card_chargeCustomerFail")

    assert "American Express" in answer.page.text
    assert "Amex" not in answer.page.text
