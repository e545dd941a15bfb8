"""What only a webhook tells: of things that are no cards, of cards nobody described, and of the bank's no."""

from storefront.cards.models import SavedCard
from storefront.payments.ledger.models import AttemptState, Payment, PaymentAttempt
from storefront.webhooks.models import EventState, StripeEvent
from tests.people import Shopper
from tests.stack import Sandbox, Shop


def test_what_is_no_card_is_not_kept(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    shop.settle()

    sandbox.control("POST", f"/customers/{alice.customer}/link")
    shop.settle()

    assert shop.all(StripeEvent.type, StripeEvent.state)[-1] == ("payment_method.attached", EventState.applied)
    assert shop.all(SavedCard.last4) == ["4242"]
    assert shop.failed_jobs() == []


def test_a_new_card_is_looked_up(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=2)
    alice.puts_in_cart("Mug")
    alice.pays_at_checkout("pm_card_mastercard")
    unknown = shop.all(Payment.card_last4)

    sandbox.release_webhooks()
    shop.settle()

    assert unknown == [""]
    assert shop.all(Payment.card_brand, Payment.card_last4) == [("mastercard", "4444")]
    assert alice.orders() == [("Mug", "paid")]


def test_a_decline_closes_the_attempt_it_answers(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    button = alice.one_click_button()
    button.fields["card_id"] = str(alice.has_card("pm_card_chargeCustomerFail"))
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=2)
    alice.presses(button)
    unknown = shop.all(PaymentAttempt.state)

    sandbox.release_webhooks()

    assert unknown == [AttemptState.unknown]
    assert shop.all(PaymentAttempt.state) == [AttemptState.declined]
    assert alice.orders() == [("Teapot", "failed")]


def test_a_decline_of_the_banks_question_is_looked_at(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    button = alice.one_click_button()
    button.fields["card_id"] = str(alice.has_card("pm_card_authenticationRequired"))
    alice.presses(button)

    sandbox.answer_bank(shop.intents()[0], passed=False)
    sandbox.wait_for_webhooks()
    rung = shop.all(PaymentAttempt.state)
    shop.settle()

    assert rung == [AttemptState.requires_action]
    assert shop.all(PaymentAttempt.state) == [AttemptState.declined]
    assert alice.orders() == [("Teapot", "failed")]
