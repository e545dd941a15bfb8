"""Saved cards: set-ups, attaching, detaching, defaults, customers and what becomes of their cards."""

from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.sandbox.running import BROWSER_KEY, RETURN_URL, Running, running_sandbox, told

UNSAVABLE = [
    "pm_card_visa_chargeDeclined", "pm_card_visa_chargeDeclinedInsufficientFunds",
    "pm_card_visa_chargeDeclinedLostCard", "pm_card_chargeDeclinedExpiredCard", "pm_card_chargeDeclinedIncorrectCvc",
    "pm_card_chargeDeclinedProcessingError",
]  # fmt: skip


@pytest.fixture
def alice(client: Any) -> str:
    return str(client.v1.customers.create({"email": "alice@example.com", "name": "Alice"}).id)


def cards_of(client: Any, customer: str) -> list[str]:
    return [card.id for card in client.v1.customers.payment_methods.list(customer, {"type": "card"}).data]


def setup(client: Any, customer: str, token: str, **params: Any) -> Any:
    return client.v1.setup_intents.create(
        {"customer": customer, "payment_method": token, "confirm": True, "return_url": RETURN_URL, **params}
    )


def test_a_set_up_saves_the_card(client: Any, alice: str) -> None:
    intent = setup(client, alice, "pm_card_visa", metadata={"setup_id": "7"})

    assert (intent.status, intent.usage, intent.metadata.setup_id) == ("succeeded", "off_session", "7")
    assert cards_of(client, alice) == [intent.payment_method]


@pytest.mark.parametrize("passed", [True, False])
def test_a_set_up_may_go_to_the_bank(client: Any, running: Running, alice: str, passed: bool) -> None:  # noqa: FBT001
    intent = setup(client, alice, "pm_card_authenticationRequired")

    shown = running.sandbox.challenge(intent.id)
    answer = running.sandbox.answer_challenge(intent.id, passed=passed)

    after = client.v1.setup_intents.retrieve(intent.id)
    assert (intent.status, shown["kind"], shown["amount"]) == ("requires_action", "setup", None)
    assert after.status == ("succeeded" if passed else "requires_payment_method")
    assert len(cards_of(client, alice)) == int(passed)
    assert f"setup_intent={intent.id}" in str(answer["return_url"])
    if not passed:
        assert after.last_setup_error.code == "setup_intent_authentication_failure"


@pytest.mark.parametrize("token", UNSAVABLE)
def test_cards_that_decline_are_not_saved(client: Any, alice: str, token: str) -> None:
    with pytest.raises(stripe.CardError) as refusal:
        setup(client, alice, token)
    with pytest.raises(stripe.CardError):
        client.v1.payment_methods.attach(token, {"customer": alice})

    assert told(refusal).setup_intent.status == "requires_payment_method"
    assert told(refusal).setup_intent.last_setup_error.code == refusal.value.code
    assert cards_of(client, alice) == []


def test_a_set_up_is_confirmed_later_with_a_token(client: Any, running: Running, alice: str) -> None:
    intent = client.v1.setup_intents.create(
        {"customer": alice, "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
    )
    token = client.v1.test_helpers.confirmation_tokens.create({"payment_method": "pm_card_visa"})
    done = client.v1.setup_intents.confirm(intent.id, {"confirmation_token": token.id})

    assert done.status == "succeeded"
    assert client.v1.confirmation_tokens.retrieve(token.id).setup_intent == intent.id


def test_a_browser_confirms_a_set_up(client: Any, running: Running, alice: str) -> None:
    intent = client.v1.setup_intents.create({"customer": alice})
    form = {
        "client_secret": intent.client_secret, "return_url": RETURN_URL, "payment_method_data[type]": "card",
        "payment_method_data[card][number]": "4242 4242 4242 4242", "payment_method_data[card][exp_month]": "3",
        "payment_method_data[card][exp_year]": "34", "payment_method_data[card][cvc]": "123",
        "payment_method_data[billing_details][name]": "Alice",
    }  # fmt: skip

    answer = running.http("POST", f"/v1/setup_intents/{intent.id}/confirm", key=BROWSER_KEY, data=form).json()

    (card,) = client.v1.customers.payment_methods.list(alice).data
    assert (answer["status"], card.card.exp_month, card.card.exp_year) == ("succeeded", 3, 2034)
    assert card.billing_details.name == "Alice"


def test_a_canceled_set_up_is_over(client: Any, alice: str) -> None:
    intent = client.v1.setup_intents.create({"customer": alice})
    canceled = client.v1.setup_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})

    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.setup_intents.confirm(intent.id, {"payment_method": "pm_card_visa", "return_url": RETURN_URL})
    assert refusal.value.code == "setup_intent_unexpected_state"


def test_the_same_number_is_another_card_with_the_same_fingerprint(client: Any, alice: str) -> None:
    first, second = (
        client.v1.payment_methods.attach(token, {"customer": alice}) for token in ("pm_card_visa", "pm_card_visa")
    )
    other = client.v1.payment_methods.attach("pm_card_mastercard", {"customer": alice})

    assert first.id != second.id
    assert first.card.fingerprint == second.card.fingerprint != other.card.fingerprint
    assert cards_of(client, alice) == [other.id, second.id, first.id]


def test_a_detached_card_is_gone_for_good(client: Any, alice: str) -> None:
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": alice}).id

    assert client.v1.payment_methods.detach(card).customer is None
    assert cards_of(client, alice) == []
    with pytest.raises(stripe.InvalidRequestError, match="not attached"):
        client.v1.payment_methods.detach(card)
    with pytest.raises(stripe.InvalidRequestError, match="and may not be used again"):
        client.v1.payment_methods.attach(card, {"customer": alice})
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.customers.payment_methods.retrieve(alice, card)
    assert (refusal.value.http_status, refusal.value.code) == (404, "resource_missing")


def test_nobody_takes_another_customers_card(client: Any, alice: str) -> None:
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": alice}).id
    bob = client.v1.customers.create({}).id

    with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
        client.v1.payment_methods.attach(card, {"customer": bob})
    with pytest.raises(stripe.InvalidRequestError, match="No such PaymentMethod"):
        client.v1.customers.payment_methods.retrieve(bob, card)
    with pytest.raises(stripe.InvalidRequestError, match="No such PaymentMethod"):
        client.v1.customers.update(bob, {"invoice_settings": {"default_payment_method": card}})


def test_detaching_the_default_card_clears_the_default(client: Any, alice: str) -> None:
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": alice}).id
    chosen = client.v1.customers.update(alice, {"invoice_settings": {"default_payment_method": card}})
    client.v1.payment_methods.detach(card)

    assert chosen.invoice_settings.default_payment_method == card
    assert client.v1.customers.retrieve(alice).invoice_settings.default_payment_method is None
    (cleared, _) = client.v1.events.list({"type": "customer.updated"}).data
    assert cleared.data.previous_attributes.invoice_settings.default_payment_method == card


def test_a_saved_card_is_renewed_by_hand_and_by_the_network(client: Any, running: Running, alice: str) -> None:
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": alice}).id
    client.v1.payment_methods.update(
        card, {"card": {"exp_month": 5, "exp_year": 2040}, "allow_redisplay": "always", "metadata": {"a": "b"}}
    )
    by_hand = client.v1.payment_methods.retrieve(card)
    running.control("POST", f"/cards/{card}/renewal", number="5555555555554444", exp_year=2041)
    by_network = client.v1.payment_methods.retrieve(card)

    assert (by_hand.card.exp_month, by_hand.card.exp_year, by_hand.allow_redisplay) == (5, 2040, "always")
    assert (by_network.card.last4, by_network.card.exp_year, by_network.card.brand) == ("4444", 2041, "mastercard")
    types = [event.type for event in client.v1.events.list({}).data[:2]]
    assert types == ["payment_method.automatically_updated", "payment_method.updated"]


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ({"number": "4242424242424241"}, "incorrect_number"),
        ({"number": "4111111111111111"}, "card_declined"),
        ({"exp_month": 13}, "invalid_expiry_month"),
        ({"exp_year": 2019}, "invalid_expiry_year"),
        ({"cvc": "12"}, "invalid_cvc"),
    ],
)
def test_mistyped_cards_are_refused_as_stripe_does(browser: Any, card: Any, code: str) -> None:
    typed = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2034, "cvc": "123", **card}

    with pytest.raises(stripe.CardError) as refusal:
        browser.v1.payment_methods.create({"type": "card", "card": typed})

    assert refusal.value.code == code


def test_customers_are_kept_changed_and_listed(client: Any, alice: str) -> None:
    client.v1.customers.create({"email": "bob@example.com"})
    changed = client.v1.customers.update(
        alice,
        {"name": "Alice B.", "metadata": {"userId": "7", "gone": ""}, "address": {"line1": "Lindenstraße 4"}},
    )
    found = client.v1.customers.list({"email": "alice@example.com"}).data

    assert (changed.name, changed.email, changed.metadata.to_dict()) == (
        "Alice B.",
        "alice@example.com",
        {"userId": "7"},
    )
    assert (changed.address.line1, changed.address.city) == ("Lindenstraße 4", None)
    assert [customer.id for customer in found] == [alice]
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.customers.create({"email": "nonsense"})
    assert refusal.value.code == "email_invalid"


def test_a_deleted_customer_is_a_memory(client: Any, alice: str) -> None:
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": alice}).id
    gone = client.v1.customers.delete(alice)
    seen = client.v1.customers.retrieve(alice)

    assert (gone.deleted, seen.deleted, seen.id) == (True, True, alice)
    assert client.v1.customers.list({}).data == []
    assert client.v1.payment_methods.retrieve(card).customer is None
    for act in (client.v1.customers.update, client.v1.customers.delete):
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            act(alice)
        assert (refusal.value.http_status, refusal.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        client.v1.payment_intents.create({"amount": 1999, "currency": "eur", "customer": alice})


def test_a_customer_may_begin_with_a_card(client: Any) -> None:
    card = client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}}).id
    customer = client.v1.customers.create(
        {"payment_method": card, "invoice_settings": {"default_payment_method": card}}
    )

    assert customer.invoice_settings.default_payment_method == card
    assert cards_of(client, customer.id) == [card]


def test_a_customer_session_opens_the_payment_element(client: Any, alice: str) -> None:
    session = client.v1.customer_sessions.create(
        {"customer": alice, "components": {"payment_element": {"enabled": True,
         "features": {"payment_method_save": "enabled", "payment_method_save_usage": "off_session"}}}}
    )  # fmt: skip

    assert (session.customer, session.components.payment_element.enabled) == (alice, True)
    assert session.components.payment_element.features.payment_method_save == "enabled"
    assert session.expires_at == session.created + 1800


def test_a_confirmation_token_pays_once(client: Any, running: Running, alice: str) -> None:
    form = {
        "payment_method_data[type]": "card", "payment_method_data[card][number]": "4242424242424242",
        "payment_method_data[card][exp_month]": "12", "payment_method_data[card][exp_year]": "34",
        "payment_method_data[card][cvc]": "123", "return_url": RETURN_URL, "setup_future_usage": "off_session",
        "client_context[mode]": "payment",
    }  # fmt: skip
    token = running.http("POST", "/v1/confirmation_tokens", key=BROWSER_KEY, data=form).json()["id"]
    pay = {"amount": 1999, "currency": "eur", "customer": alice, "confirm": True, "confirmation_token": token}

    intent = client.v1.payment_intents.create(pay)

    assert intent.status == "succeeded"
    assert cards_of(client, alice) == [intent.payment_method]
    assert client.v1.confirmation_tokens.retrieve(token).payment_intent == intent.id
    with pytest.raises(stripe.InvalidRequestError, match="already been used"):
        client.v1.payment_intents.create(pay)


def test_only_a_browser_may_make_confirmation_tokens(running: Running) -> None:
    answer = running.http("POST", "/v1/confirmation_tokens", data={"payment_method": "pm_card_visa"})

    assert answer.status_code == 400


def test_a_confirmation_token_expires_after_twelve_hours(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    clock.write_text("0")
    with running_sandbox(clock_file=clock) as running:
        client: Any = running.client()
        token = client.v1.test_helpers.confirmation_tokens.create({"payment_method": "pm_card_visa"})
        clock.write_text("+43201")
        with pytest.raises(stripe.InvalidRequestError, match="expired"):
            client.v1.payment_intents.create(
                {"amount": 1999, "currency": "eur", "confirm": True, "confirmation_token": token.id,
                 "return_url": RETURN_URL}
            )  # fmt: skip
