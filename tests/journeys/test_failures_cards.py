"""Saved cards that are somebody else's, a stranger's, or gone."""

from collections.abc import Callable

import pytest

from storefront.cards.apply import merge_same_number
from storefront.cards.models import SavedCard, StripeCustomer
from storefront.core import clock
from storefront.core.database import transaction
from storefront.core.money import Money
from storefront.orders.models import Order
from storefront.payments.ledger.models import PaymentAttempt
from tests.journeys.wallet import adds_card, default_card, kept, starts_adding
from tests.people import Shopper, at_once
from tests.stack import Sandbox, Shop

VISA, MASTERCARD = "ending in 4242", "ending in 4444"
CHALLENGED = "pm_card_authenticationRequired"


@pytest.mark.parametrize("htmx", [True, False])
def test_32_another_accounts_card_in_the_form(
    shop: Shop,
    sandbox: Sandbox,
    alice: Shopper,
    bob: Shopper,
    htmx: bool,  # noqa: FBT001
) -> None:
    form = bob.one_click_button()
    asked_before = len(sandbox.requests("POST", "/v1/"))

    answer = bob.presses(form, htmx=htmx, typed={"card_id": str(alice.cards["pm_card_visa"])})

    assert answer.status == 404
    assert len(sandbox.requests("POST", "/v1/")) == asked_before
    assert shop.count(Order) == 0
    assert shop.charged() == []


def test_32_another_accounts_card_for_another_try(shop: Shop, sandbox: Sandbox, alice: Shopper, bob: Shopper) -> None:
    bob.has_card("pm_card_chargeCustomerFail")
    button = bob.one_click_button()
    button.fields["card_id"] = str(bob.cards["pm_card_chargeCustomerFail"])
    form = next(one for one in bob.presses(button).page.forms if one.action.endswith("/payment"))
    asked_before = len(sandbox.requests("POST", "/v1/"))

    answer = bob.presses(form, typed={"card_id": str(alice.cards["pm_card_visa"])})

    assert answer.status == 404
    assert len(sandbox.requests("POST", "/v1/")) == asked_before
    assert bob.orders() == [("Teapot", "failed")]
    assert shop.charged() == []


def test_33_registering_with_a_strangers_email(shop: Shop, sandbox: Sandbox, someone: Callable[[str], Shopper]) -> None:
    strangers = sandbox.stripe.v1.customers.create({"email": "mallory@example.org"}).id
    sandbox.stripe.v1.payment_methods.attach("pm_card_visa", {"customer": strangers})

    mallory = someone("Mallory")
    shop.settle()

    assert shop.all(StripeCustomer.user_id) == [mallory.user_id]
    assert shop.all(StripeCustomer.stripe_id) != [strangers]
    assert shop.count(SavedCard) == 0
    assert VISA not in mallory.opens("/account/cards").page.text


def test_34_the_customer_was_deleted_in_the_dashboard(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    button = alice.one_click_button()
    sandbox.stripe.v1.customers.delete(alice.customer)
    shop.settle()

    clicked = alice.presses(button)
    cards_page = alice.opens("/account/cards")
    customers_after_the_click = shop.all(StripeCustomer.stripe_id)
    alice.puts_in_cart("Teapot")
    paid = alice.pays_at_checkout("pm_card_mastercard", keep=True)
    shop.settle()

    assert clicked.status == 422
    assert VISA not in cards_page.page.text
    assert customers_after_the_click == [alice.customer]
    assert paid.state == "paid"
    assert alice.orders() == [("Teapot", "paid")]
    [healed] = shop.all(StripeCustomer.stripe_id)
    assert healed not in {None, alice.customer}
    assert MASTERCARD in alice.opens("/account/cards").page.text
    assert alice.buys("Mug").state == "paid"
    assert shop.charged() == [Money(2400, "eur"), Money(1250, "eur")]


def test_34_deleted_just_before_the_click(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    """Its webhook has not come yet: Stripe refuses, nothing is charged, and the shop heals."""
    sandbox.wait_for_webhooks()
    sandbox.hold_webhooks()
    sandbox.stripe.v1.customers.delete(alice.customer)

    clicked = alice.buys()
    sandbox.release_webhooks()
    shop.settle()

    assert clicked.state == "declined"
    assert alice.orders() == [("Teapot", "failed")]
    assert VISA not in alice.opens("/account/cards").page.text
    assert shop.charged() == []


def test_34_a_card_was_detached_in_the_dashboard(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.has_card("pm_card_mastercard")
    button = alice.one_click_button()
    sandbox.stripe.v1.payment_methods.detach(alice.card_at_stripe("pm_card_visa"))
    shop.settle()

    clicked = alice.presses(button, typed={"card_id": str(alice.cards["pm_card_visa"])})
    page = alice.opens("/account/cards").page

    assert clicked.status == 422
    assert VISA not in page.text
    assert MASTERCARD in page.text
    assert shop.count(Order) == 0
    assert alice.buys().state == "paid"
    assert shop.all(StripeCustomer.stripe_id) == [alice.customer]


def test_28_the_bank_asks_and_the_customer_passes(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    adding = starts_adding(alice)

    asked = adding.confirms(CHALLENGED)
    meanwhile = adding.comes_back()
    sandbox.answer_bank(adding.setup_intent, passed=True)
    shop.clock.forward(seconds=3)
    after = adding.comes_back()

    assert asked == "requires_action"
    assert "We are still waiting for your bank." in meanwhile.page.text
    assert "Visa ••ending in 3184 is saved." in after.page.text
    assert [(last4, there) for last4, _, there in kept(shop)] == [("4242", True), ("3184", True)]


def test_28_the_bank_asks_and_the_customer_fails(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    adding = starts_adding(alice)
    adding.confirms(CHALLENGED)

    sandbox.answer_bank(adding.setup_intent, passed=False)
    after = adding.comes_back()
    shop.settle()

    assert (
        "Your bank could not make sure that it is you. The card was not saved, and nothing was charged."
        in after.page.text
    )
    assert [last4 for last4, _, _ in kept(shop)] == ["4242"]
    assert "3184" not in alice.opens("/account/cards").page.text


def test_28_the_bank_says_no_while_saving(shop: Shop, alice: Shopper) -> None:
    adding = starts_adding(alice)

    adding.confirms("pm_card_chargeDeclinedInsufficientFunds")
    after = adding.comes_back()
    shop.settle()

    assert "The card was not saved, and nothing was charged." in after.page.text
    assert "Your bank gave as its reason: Your card has insufficient funds." in after.page.text
    assert [last4 for last4, _, _ in kept(shop)] == ["4242"]


def test_28_why_a_stolen_card_was_refused_is_not_told(shop: Shop, alice: Shopper) -> None:
    adding = starts_adding(alice)

    adding.confirms("pm_card_chargeDeclinedStolenCard")
    after = adding.comes_back()

    assert "The card was not saved, and nothing was charged." in after.page.text
    assert "reason" not in after.page.text


@pytest.mark.parametrize("webhooks", ["in time", "late", "backwards"])
def test_29_the_same_card_twice_then_removed(shop: Shop, sandbox: Sandbox, alice: Shopper, webhooks: str) -> None:
    if webhooks != "in time":
        sandbox.hold_webhooks()
    adds_card(alice)
    page = alice.opens("/account/cards").page
    shown = page.text.count("ending in 4242 One-click card")
    first, second = shop.all(SavedCard)

    alice.sends(f"/account/cards/{second.id}/removal", {})
    sandbox.release_webhooks(order="reversed" if webhooks == "backwards" else "as_is")
    shop.settle()

    assert shown == 1
    assert first.removed_at is not None
    assert first.replaced_by_id == second.id
    assert [there for _, _, there in kept(shop)] == [False, False]
    assert "No card is kept here yet." in alice.opens("/account/cards").page.text
    at_stripe = sandbox.stripe.v1.customers.payment_methods.list(alice.customer, {"type": "card"}).data
    assert at_stripe == []


def test_29_cards_without_a_fingerprint_are_all_kept(shop: Shop, alice: Shopper) -> None:
    with shop.inside(), transaction() as session:
        for card in (_unprinted(alice, "pm_one"), _unprinted(alice, "pm_two")):
            session.add(card)
            session.flush()
            merge_same_number(card)

    assert [there for _, _, there in kept(shop)] == [True, True, True]


def test_29_the_same_card_of_two_customers_stays_with_both(shop: Shop, alice: Shopper, bob: Shopper) -> None:
    adds_card(bob)
    shop.settle()

    assert VISA in alice.opens("/account/cards").page.text
    assert VISA in bob.opens("/account/cards").page.text


def test_29_the_same_card_saved_twice_in_the_same_moment(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    tries = [starts_adding(alice) for _ in range(3)]
    for one in tries:
        one.confirms()

    at_once([one.comes_back for one in tries])
    shop.settle()

    assert sum(there for _, _, there in kept(shop)) == 1
    [left] = sandbox.stripe.v1.customers.payment_methods.list(alice.customer, {"type": "card"}).data
    [shown] = [card for card in shop.all(SavedCard) if card.removed_at is None]
    assert left.id == shown.stripe_payment_method_id
    assert default_card(shop) == shown.id


def test_30_a_renewed_card_is_one_card_with_the_new_expiry(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    shop.settle()
    [old] = shop.all(SavedCard)
    button = alice.one_click_button()

    renewed = _renewed(sandbox, alice, year=old.exp_year + 4)
    shop.settle()

    before, after = shop.all(SavedCard)
    assert before.removed_at is not None
    assert (after.stripe_payment_method_id, after.exp_year, after.removed_at) == (renewed, old.exp_year + 4, None)
    assert after.consent_words.startswith("Kiesel may keep this card")
    assert default_card(shop) == after.id
    page = alice.opens("/account/cards").page.text
    assert page.count("ending in 4242 One-click card") == 1
    assert f"Expires 12/{(old.exp_year + 4) % 100}" in page
    paid = alice.presses(button)  # drawn with the card as it was
    assert paid.state == "paid"
    assert shop.all(PaymentAttempt.stripe_payment_method_id) == [renewed]


def test_30_a_copy_made_in_the_dashboard_inherits_the_consent(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    shop.settle()
    old = _with_consent(shop, alice.cards["pm_card_visa"])

    method = sandbox.stripe.v1.payment_methods.attach("pm_card_visa", {"customer": alice.customer}).id
    shop.settle()

    before, after = shop.all(SavedCard)
    assert (before.replaced_by_id, after.stripe_payment_method_id) == (after.id, method)
    assert (after.consent_words, after.consent_at) == ("Yes, keep it.", old.consent_at)


def test_30_an_older_copy_that_comes_late_does_not_take_over(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    shop.settle()
    [now_kept] = shop.all(SavedCard)

    _renewed(sandbox, alice, year=now_kept.exp_year - 1)
    shop.settle()

    shown = [card.id for card in shop.all(SavedCard) if card.removed_at is None]
    assert shown == [now_kept.id] == [default_card(shop)]


def test_30_the_network_updates_a_card(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    shop.settle()
    method = alice.card_at_stripe()

    sandbox.control("POST", f"/cards/{method}/renewal", number="4000056655665556", exp_month=3, exp_year=2041)
    shop.settle()

    [card] = shop.all(SavedCard)
    assert (card.stripe_payment_method_id, card.last4, card.exp_month, card.exp_year) == (method, "5556", 3, 2041)
    page = alice.opens("/account/cards").page.text
    assert "Visa ••ending in 5556 One-click card Expires 03/41" in page
    assert "4242" not in page
    assert alice.buys().state == "paid"


def test_31_paying_does_not_rewrite_the_cardholder(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    method = alice.card_at_stripe()
    holder = {"name": "A. B. Archer-Smith", "email": "bank@example.org"}
    sandbox.stripe.v1.payment_methods.update(method, {"billing_details": holder})  # type: ignore[arg-type]

    assert alice.buys().state == "paid"
    shop.settle()

    details = sandbox.stripe.v1.payment_methods.retrieve(method).billing_details
    assert (details.name, details.email) == (holder["name"], holder["email"])


def test_35_a_card_removed_while_it_is_charged(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.has_card(CHALLENGED)
    shop.settle()
    form = alice.one_click_button()
    form.fields["card_id"] = str(alice.cards[CHALLENGED])
    waiting = alice.presses(form)
    question = alice.opens(f"/account/cards/{alice.cards[CHALLENGED]}/removal").page.text

    alice.sends(f"/account/cards/{alice.cards[CHALLENGED]}/removal", {})
    shop.settle()
    while_it_is_charged = sandbox.stripe.v1.payment_methods.retrieve(alice.card_at_stripe(CHALLENGED)).customer
    sandbox.answer_bank(shop.intents()[0], passed=True)
    shop.settle()
    shop.clock.forward(minutes=2)
    shop.settle()

    assert waiting.state == "challenge"
    assert "Order K-1001 is being paid with it at this moment: that goes on" in question
    assert "3184" not in alice.opens("/account/cards").page.text
    assert while_it_is_charged == alice.customer
    assert alice.orders() == [("Teapot", "paid")]
    assert shop.charged() == [Money(2400, "eur")]
    assert sandbox.stripe.v1.payment_methods.retrieve(alice.card_at_stripe(CHALLENGED)).customer is None


def test_35_a_card_replaced_while_it_is_charged(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.has_card(CHALLENGED)
    shop.settle()
    form = alice.one_click_button()
    form.fields["card_id"] = str(alice.cards[CHALLENGED])
    alice.presses(form)
    older = alice.card_at_stripe(CHALLENGED)

    again = starts_adding(alice)
    again.confirms(CHALLENGED)
    sandbox.answer_bank(again.setup_intent, passed=True)
    again.comes_back()
    shop.settle()
    while_it_is_charged = sandbox.stripe.v1.payment_methods.retrieve(older).customer
    sandbox.answer_bank(shop.intents()[0], passed=True)
    shop.settle()
    shop.clock.forward(minutes=2)
    shop.settle()

    assert while_it_is_charged == alice.customer
    assert alice.orders() == [("Teapot", "paid")]
    assert alice.opens("/account/cards").page.text.count("ending in 3184 Expires") == 1
    assert sandbox.stripe.v1.payment_methods.retrieve(older).customer is None


def _unprinted(person: Shopper, method: str) -> SavedCard:
    return SavedCard(
        user_id=person.user_id, livemode=False, stripe_payment_method_id=method, brand="visa", last4="0000", exp_month=1,
        exp_year=2040, fingerprint=None,
    )  # fmt: skip


def _with_consent(shop: Shop, card_id: int) -> SavedCard:
    with shop.inside(), transaction() as session:
        card = session.get_one(SavedCard, card_id)
        card.consent_at, card.consent_words = clock.now(), "Yes, keep it."
    [card] = [card for card in shop.all(SavedCard) if card.id == card_id]
    return card  # type: ignore[no-any-return]


def _renewed(sandbox: Sandbox, person: Shopper, *, year: int) -> str:
    """The same number with another expiry, added by the customer; what Stripe calls it."""
    typed = {"type": "card", "card": {"number": "4242424242424242", "exp_month": 12, "exp_year": year, "cvc": "123"}}
    method = sandbox.stripe_in_browser.v1.payment_methods.create(typed).id  # type: ignore[arg-type]
    adding = starts_adding(person)
    adding.confirms(method)
    adding.comes_back()
    return method
