"""A card added in the account: begun with consent, finished at Stripe, kept once, and pushed."""

from collections.abc import Callable
from typing import Any

import pytest

from storefront.cards.models import CardSetup, SavedCard, StripeCustomer
from storefront.cards.setup_intents import consent_words
from storefront.reconcile.command import reconcile
from tests.journeys.wallet import Adding, adds_card, begins, default_card, kept, setups, starts_adding
from tests.people import Shopper
from tests.stack import Sandbox, Shop

SETUPS = "/v1/setup_intents"
CHALLENGED = "pm_card_authenticationRequired"


@pytest.fixture
def carol(someone: Callable[[str], Shopper], shop: Shop) -> Shopper:
    """Has joined, and kept no card yet."""
    person = someone("Carol Cooper")
    person.has_address()
    shop.settle()
    person.is_at_stripe()
    return person


def test_adding_a_card_keeps_it_with_its_consent(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    answer = adds_card(carol)
    shop.settle()

    assert "Visa ••ending in 4242 is saved. One click now pays with Visa" in answer.page.text
    [card], [setup] = shop.all(SavedCard), shop.all(CardSetup)
    assert (card.last4, card.consent_words) == ("4242", setup.consent_words)
    assert setup.consent_words.startswith("Kiesel may keep this card and charge it when I press a pay button.")
    assert card.consent_at == setup.consent_at
    assert default_card(shop) == card.id
    at_stripe = sandbox.stripe.v1.payment_methods.retrieve(card.stripe_payment_method_id)
    assert at_stripe.allow_redisplay == "always"
    pushed = sandbox.stripe.v1.customers.retrieve(carol.customer).invoice_settings
    assert pushed is not None
    assert pushed.default_payment_method == card.stripe_payment_method_id
    assert carol.buys().state == "paid"


def test_who_removed_the_last_card_can_still_be_renamed(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    adds_card(carol)
    shop.settle()
    carol.sends(f"/account/cards/{default_card(shop)}/removal", {})
    shop.settle()

    carol.sends("/account/profile/name", {"name": "Carol Weiß"})
    shop.settle()

    at_stripe = sandbox.stripe.v1.customers.retrieve(carol.customer)
    assert at_stripe.name == "Carol Weiß"
    assert at_stripe.invoice_settings is not None
    assert at_stripe.invoice_settings.default_payment_method is None


def test_the_row_stands_before_the_call_and_holds_no_secret(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    sandbox.fault("cut_after", SETUPS, times=2)

    answer = begins(carol)

    assert answer.status_code == 503
    [setup] = shop.all(CardSetup)
    assert (setup.state, setup.stripe_setup_intent_id) == ("unknown", None)
    asked = sandbox.requests("POST", SETUPS)
    assert {one["idempotency_key"] for one in asked} == {setup.idempotency_key}
    metadata = setup.request["params"]["metadata"]
    assert (metadata["setup_id"], metadata["userId"]) == (setup.public_id, str(carol.user_id))
    adding = starts_adding(carol)
    adding.confirms()
    shop.settle()
    assert not any("_secret_" in str(vars(one)) for one in shop.all(CardSetup))


def test_without_consent_nothing_is_asked(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    answer = begins(carol, consent="")

    assert (answer.status_code, answer.json()) == (
        422, {"error": "Please tick the box: without your word we may not keep a card."},
    )  # fmt: skip
    assert sandbox.requests("POST", SETUPS) == []
    assert shop.count(CardSetup) == 0


def test_a_lost_answer_is_asked_about_and_never_two(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    sandbox.fault("cut_after", SETUPS, times=2)
    begins(carol)

    shop.clock.forward(minutes=2)
    with shop.inside():
        reconcile()

    [setup] = shop.all(CardSetup)
    assert setup.state == "requires_payment_method"
    mine = [one for one in sandbox.ledger()["setup_intents"] if one["customer"] == carol.customer]
    assert [one["id"] for one in mine] == [setup.stripe_setup_intent_id]


def test_what_nobody_finishes_is_canceled_after_an_hour(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    adding = starts_adding(carol)

    shop.clock.forward(minutes=61)
    shop.work()

    assert setups(shop) == ["canceled"]
    assert sandbox.stripe.v1.setup_intents.retrieve(adding.setup_intent).status == "canceled"


def test_a_card_whose_browser_went_away_is_kept_without_webhooks(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    sandbox.hold_webhooks()
    starts_adding(carol).confirms()

    shop.clock.forward(minutes=11)
    shop.work()

    assert kept(shop) == [("4242", shop.all(SavedCard)[0].exp_year, True)]
    assert setups(shop) == ["succeeded"]


def test_a_webhook_alone_keeps_it(shop: Shop, carol: Shopper) -> None:
    starts_adding(carol).confirms()

    shop.settle()

    assert setups(shop) == ["succeeded"]
    [card] = shop.all(SavedCard)
    assert card.consent_words == verbs_words(shop)


def test_the_page_asks_stripe_nothing(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    adds_card(carol)
    shop.settle()
    sandbox.control("DELETE", "/requests")

    carol.opens("/account/cards")
    carol.opens("/products/teapot")

    assert sandbox.control("GET", "/requests") == []


def test_coming_back_asks_only_while_it_is_open(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    adding = starts_adding(carol)
    adding.comes_back()
    adding.comes_back()
    in_two_seconds = len(sandbox.requests("GET", SETUPS))
    adding.confirms()
    shop.clock.forward(seconds=3)
    adding.comes_back()
    asked_until_then = len(sandbox.requests("GET", SETUPS))
    shop.clock.forward(seconds=3)

    again = adding.comes_back(htmx=False)

    assert in_two_seconds == 1
    assert len(sandbox.requests("GET", SETUPS)) == asked_until_then
    assert again.url == f"{shop.url}/account/cards?added={adding.public_id}"
    assert "Visa ••ending in 4242 is saved." in again.page.text


def test_somebody_elses_set_up_is_not_there(shop: Shop, sandbox: Sandbox, carol: Shopper, bob: Shopper) -> None:
    adding = starts_adding(carol)
    sandbox.control("DELETE", "/requests")

    by_bob = Adding(bob, adding.public_id, adding.setup_intent, adding.then).comes_back()

    assert by_bob.status == 404
    assert bob.opens(f"/account/cards?added={adding.public_id}").status == 404
    assert sandbox.requests("GET", SETUPS) == []


def test_a_customer_deleted_at_stripe_is_made_anew_where_a_card_is_added(
    shop: Shop, sandbox: Sandbox, carol: Shopper
) -> None:
    sandbox.hold_webhooks()
    sandbox.stripe.v1.customers.delete(carol.customer)

    answer = adds_card(carol)
    sandbox.release_webhooks()
    shop.settle()

    assert "is saved" in answer.page.text
    [now_at_stripe] = shop.all(StripeCustomer.stripe_id)
    assert now_at_stripe not in {None, carol.customer}
    assert setups(shop) == ["refused", "succeeded"]
    assert carol.buys().state == "paid"


def test_many_tries_are_too_many(shop: Shop, sandbox: Sandbox, carol: Shopper, bob: Shopper) -> None:
    for _ in range(12):
        assert begins(carol).status_code == 200

    refused = begins(carol)

    assert (refused.status_code, "Retry-After" in refused.headers) == (429, True)
    assert "Many cards were tried" in refused.json()["error"]
    assert len(sandbox.requests("POST", SETUPS)) == 12
    assert begins(bob).status_code == 200


def test_an_address_runs_out_of_tries_before_its_accounts_do(
    shop: Shop, someone: Callable[[str], Shopper], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storefront.abuse.new_card_counts.MAX_NEW_CARDS_PER_ADDRESS", "2 per hour")
    people = [someone(name) for name in ("Dora", "Emil", "Flora")]

    assert [begins(person).status_code for person in people] == [200, 200, 429]


def test_there_is_room_for_so_many_cards(
    shop: Shop, sandbox: Sandbox, carol: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storefront.cards.saved_cards.MAX_CARDS", 1)
    adds_card(carol)

    refused = begins(carol)

    assert (refused.status_code, len(sandbox.requests("POST", SETUPS))) == (422, 2)  # one begun, one confirmed
    assert "Please remove one you no longer use first." in refused.json()["error"]


def test_a_default_chosen_in_the_dashboard_is_followed_when_no_push_waits(
    shop: Shop, sandbox: Sandbox, carol: Shopper
) -> None:
    adds_card(carol)
    adds_card(carol, "pm_card_mastercard")
    shop.settle()
    visa, mastercard = shop.all(SavedCard)

    _choose_in_dashboard(sandbox, carol, mastercard)
    shop.settle()

    assert default_card(shop) == mastercard.id
    sandbox.hold_webhooks()
    _choose_in_dashboard(sandbox, carol, mastercard)
    carol.sends(f"/account/cards/{visa.id}/default", {})
    sandbox.fault(
        "error_before", f"/v1/customers/{carol.customer}", times=2
    )  # so its push waits, and the look is first
    sandbox.release_webhooks()
    shop.work()
    shop.clock.forward(minutes=1)
    shop.settle()
    assert default_card(shop) == visa.id
    at_stripe = sandbox.stripe.v1.customers.retrieve(carol.customer).invoice_settings
    assert at_stripe is not None
    assert at_stripe.default_payment_method == visa.stripe_payment_method_id


def test_the_wallet_is_shown_anew_wherever_it_stands(shop: Shop, carol: Shopper) -> None:
    adds_card(carol)
    answer = adds_card(carol, "pm_card_mastercard")
    mastercard = shop.all(SavedCard)[1]

    chosen = carol.sends(f"/account/cards/{mastercard.id}/default", {})
    removed = carol.sends(f"/account/cards/{mastercard.id}/removal", {})

    assert "2 cards. One click pays with Visa" in answer.page.text
    assert 'id="cards-summary" hx-swap-oob="true"' in chosen.html
    assert "2 cards. One click pays with Mastercard" in chosen.page.text
    assert "One card. One click pays with Visa" in removed.page.text
    assert "Visa ••ending in 4242" in carol.opens("/products/teapot").page.text


def test_it_says_when_a_card_was_last_used(shop: Shop, carol: Shopper) -> None:
    adds_card(carol)
    before = carol.opens("/account/cards").page.text
    carol.buys()
    today = carol.opens("/account/cards").page.text

    shop.clock.forward(hours=24)

    assert "last used" not in before
    assert "last used today" in today
    assert "last used yesterday" in carol.opens("/account/cards").page.text


def _choose_in_dashboard(sandbox: Sandbox, person: Shopper, card: Any) -> None:
    default = {"invoice_settings": {"default_payment_method": card.stripe_payment_method_id}}
    sandbox.stripe.v1.customers.update(person.customer, default)  # type: ignore[arg-type]


def verbs_words(shop: Shop) -> str:
    with shop.inside():
        return consent_words()
