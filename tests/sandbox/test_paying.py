"""Every test card does on a click, and off session, what Stripe says it does."""

from typing import Any

import pytest
import stripe

from tests.sandbox.running import RETURN_URL, Running, told

PAY: Any = {"amount": 1999, "currency": "eur", "confirm": True, "return_url": RETURN_URL}
NUMBERS = {
    "4000000000000002": ("card_declined", "generic_decline"),
    "4000000000009995": ("card_declined", "insufficient_funds"),
    "4000000000009987": ("card_declined", "lost_card"),
    "4000000000009979": ("card_declined", "stolen_card"),
    "4000000000006975": ("card_declined", "card_velocity_exceeded"),
    "4000000000000069": ("expired_card", "expired_card"),
    "4000000000000127": ("incorrect_cvc", "incorrect_cvc"),
    "4000000000000119": ("processing_error", "processing_error"),
    "4100000000000019": ("card_declined", "fraudulent"),
    "4000008400001280": ("card_declined", "generic_decline"),
}
TOKENS = {
    "pm_card_visa_chargeDeclined": "generic_decline",
    "pm_card_chargeDeclined": "generic_decline",
    "pm_card_chargeCustomerFail": "generic_decline",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "insufficient_funds",
    "pm_card_visa_chargeDeclinedLostCard": "lost_card",
    "pm_card_visa_chargeDeclinedStolenCard": "stolen_card",
    "pm_card_visa_chargeDeclinedVelocityLimitExceeded": "card_velocity_exceeded",
    "pm_card_chargeDeclinedExpiredCard": "expired_card",
    "pm_card_chargeDeclinedIncorrectCvc": "incorrect_cvc",
    "pm_card_chargeDeclinedProcessingError": "processing_error",
    "pm_card_radarBlock": "fraudulent",
    "pm_card_threeDSecureRequiredProcessingError": "generic_decline",
}
FINE = [
    "pm_card_visa", "pm_card_visa_debit", "pm_card_mastercard", "pm_card_amex", "pm_card_discover", "pm_card_diners",
    "pm_card_jcb", "pm_card_unionpay", "pm_card_riskLevelElevated", "pm_card_cvcCheckFail", "pm_card_bypassPending",
    "pm_card_pendingRefund", "pm_card_refundFail",
]  # fmt: skip
CHALLENGED = [
    "pm_card_authenticationRequired", "pm_card_authenticationRequiredOnSetup",
    "pm_card_authenticationRequiredSetupForOffSession",
    "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", "pm_card_threeDSecure2Required",
    "pm_card_threeDSecureRequired", "pm_card_threeDSecureRequiredChargeDeclined",
]  # fmt: skip


def card_numbered(browser: Any, number: str) -> str:
    card = {"number": number, "exp_month": 12, "exp_year": 2034, "cvc": "123"}
    return str(browser.v1.payment_methods.create({"type": "card", "card": card}).id)


def with_saved_card(client: Any, token: str) -> tuple[str, str]:
    """A customer and the card they saved."""
    customer = client.v1.customers.create({"email": "alice@example.com"})
    saved = client.v1.payment_methods.attach(token, {"customer": customer.id})
    return customer.id, saved.id


@pytest.mark.parametrize("token", FINE)
def test_fine_cards_are_charged(client: Any, token: str) -> None:
    intent = client.v1.payment_intents.create({**PAY, "payment_method": token, "expand": ["latest_charge"]})

    assert (intent.status, intent.amount_received, intent.latest_charge.paid) == ("succeeded", 1999, True)
    assert (
        intent.latest_charge.payment_method_details.card.last4 == intent.latest_charge.payment_method_details.card.last4
    )


@pytest.mark.parametrize(("number", "codes"), NUMBERS.items())
def test_declining_numbers_decline_with_their_codes(
    client: Any, browser: Any, number: str, codes: tuple[str, str]
) -> None:
    with pytest.raises(stripe.CardError) as refusal:
        client.v1.payment_intents.create({**PAY, "payment_method": card_numbered(browser, number)})

    assert (refusal.value.code, told(refusal).decline_code) == codes


@pytest.mark.parametrize(("token", "reason"), TOKENS.items())
def test_declining_tokens_decline_with_their_codes(client: Any, token: str, reason: str) -> None:
    with pytest.raises(stripe.CardError) as refusal:
        client.v1.payment_intents.create({**PAY, "payment_method": token})

    assert told(refusal).decline_code == reason


def test_a_decline_leaves_an_open_intent_and_a_failed_charge(client: Any) -> None:
    with pytest.raises(stripe.CardError) as refusal:
        client.v1.payment_intents.create({**PAY, "payment_method": "pm_card_visa_chargeDeclined"})
    failed = told(refusal).payment_intent
    intent = client.v1.payment_intents.retrieve(failed.id, {"expand": ["latest_charge"]})

    assert (intent.status, intent.payment_method, intent.amount_received) == ("requires_payment_method", None, 0)
    assert intent.last_payment_error.decline_code == "generic_decline"
    assert intent.last_payment_error.payment_method.card.last4 == "0002"
    assert (intent.latest_charge.status, intent.latest_charge.failure_code) == ("failed", "card_declined")
    assert intent.latest_charge.id == told(refusal).charge
    assert intent.to_dict()["status"] == failed.to_dict()["status"]


def test_a_blocked_payment_says_so(client: Any) -> None:
    with pytest.raises(stripe.CardError) as refusal:
        client.v1.payment_intents.create({**PAY, "payment_method": "pm_card_radarBlock"})

    charge = client.v1.charges.retrieve(told(refusal).charge)
    assert (charge.outcome.type, charge.outcome.risk_level) == ("blocked", "highest")


def test_another_card_pays_the_same_intent_after_a_decline(client: Any) -> None:
    with pytest.raises(stripe.CardError) as refusal:
        client.v1.payment_intents.create({**PAY, "payment_method": "pm_card_visa_chargeDeclined"})
    intent_id = told(refusal).payment_intent.id

    paid = client.v1.payment_intents.confirm(intent_id, {"payment_method": "pm_card_visa", "return_url": RETURN_URL})

    assert (paid.status, paid.last_payment_error) == ("succeeded", None)
    charges = client.v1.charges.list({"payment_intent": intent_id})
    assert [charge.status for charge in charges.data] == ["succeeded", "failed"]


def test_a_saved_0341_attaches_and_then_declines(client: Any) -> None:
    customer, card = with_saved_card(client, "pm_card_chargeCustomerFail")

    with pytest.raises(stripe.CardError) as refusal:
        client.v1.payment_intents.create({**PAY, "customer": customer, "payment_method": card})

    assert told(refusal).payment_intent.status == "requires_payment_method"
    assert client.v1.customers.payment_methods.retrieve(customer, card).customer == customer


@pytest.mark.parametrize("token", CHALLENGED)
def test_challenged_cards_send_the_customer_to_the_bank(client: Any, running: Running, token: str) -> None:
    intent = client.v1.payment_intents.create({**PAY, "payment_method": token})

    assert (intent.status, intent.next_action.type) == ("requires_action", "redirect_to_url")
    assert intent.next_action.redirect_to_url.url == f"{running.url}/3ds/{intent.id}"
    assert intent.next_action.redirect_to_url.return_url == RETURN_URL
    assert intent.latest_charge is None


@pytest.mark.parametrize(
    ("token", "outcome"),
    [
        ("pm_card_visa", "succeeded"),
        ("pm_card_authenticationRequired", "authentication_required"),
        ("pm_card_authenticationRequiredOnSetup", "authentication_required"),
        ("pm_card_authenticationRequiredSetupForOffSession", "succeeded"),
        ("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeCustomerFail", "generic_decline"),
    ],
)
def test_off_session(client: Any, token: str, outcome: str) -> None:
    customer, card = with_saved_card(client, token)
    params = {"amount": 1999, "currency": "eur", "customer": customer, "payment_method": card, "confirm": True,
              "off_session": True}  # fmt: skip

    if outcome == "succeeded":
        assert client.v1.payment_intents.create(params).status == "succeeded"
        return
    with pytest.raises(stripe.CardError) as refusal:
        client.v1.payment_intents.create(params)
    assert told(refusal).decline_code == outcome


def test_3155_is_charged_off_session_once_it_was_set_up(client: Any, running: Running) -> None:
    customer = client.v1.customers.create({}).id
    setup = client.v1.setup_intents.create(
        {"customer": customer, "payment_method": "pm_card_authenticationRequiredOnSetup", "confirm": True,
         "return_url": RETURN_URL}
    )  # fmt: skip
    running.sandbox.answer_challenge(setup.id, passed=True)

    intent = client.v1.payment_intents.create(
        {"amount": 500, "currency": "eur", "customer": customer, "payment_method": setup.payment_method,
         "confirm": True, "off_session": True}
    )  # fmt: skip

    assert intent.status == "succeeded"


def test_paying_saves_the_card_when_asked(client: Any) -> None:
    customer = client.v1.customers.create({}).id
    pay = {**PAY, "customer": customer, "payment_method": "pm_card_visa"}

    client.v1.payment_intents.create(pay)
    saved_without_asking = client.v1.customers.payment_methods.list(customer).data
    intent = client.v1.payment_intents.create({**pay, "setup_future_usage": "off_session"})

    assert saved_without_asking == []
    assert [card.id for card in client.v1.customers.payment_methods.list(customer).data] == [intent.payment_method]


def test_a_confirm_may_take_the_wish_to_save_back(client: Any) -> None:
    customer = client.v1.customers.create({}).id
    intent = client.v1.payment_intents.create(
        {"amount": 1999, "currency": "eur", "customer": customer, "setup_future_usage": "off_session"}
    )

    client.v1.payment_intents.confirm(
        intent.id, {"payment_method": "pm_card_visa", "setup_future_usage": "", "return_url": RETURN_URL}
    )

    assert client.v1.customers.payment_methods.list(customer).data == []


def test_a_card_of_nobody_is_used_up_by_paying(client: Any, browser: Any) -> None:
    card = card_numbered(browser, "4242424242424242")
    client.v1.payment_intents.create({**PAY, "payment_method": card})

    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        client.v1.payment_intents.create({**PAY, "payment_method": card})


def test_a_card_of_nobody_is_used_up_by_a_decline_too(client: Any, browser: Any) -> None:
    card = card_numbered(browser, "4000000000000002")
    pay = {**PAY, "payment_method": card}

    with pytest.raises(stripe.CardError):
        client.v1.payment_intents.create(pay)
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again") as refusal:
        client.v1.payment_intents.create(pay)

    assert refusal.value.code is None


def test_a_card_is_charged_for_its_own_customer_alone(client: Any) -> None:
    _, card = with_saved_card(client, "pm_card_visa")
    bob = client.v1.customers.create({}).id

    with pytest.raises(stripe.InvalidRequestError, match="does not have a payment method") as refusal:
        client.v1.payment_intents.create({**PAY, "customer": bob, "payment_method": card})
    with pytest.raises(stripe.InvalidRequestError, match="include the Customer"):
        client.v1.payment_intents.create({**PAY, "payment_method": card})

    assert told(refusal).code == "resource_missing"
    assert client.v1.payment_intents.list({"customer": bob}).data == []


def test_a_detached_card_pays_no_more(client: Any) -> None:
    customer, card = with_saved_card(client, "pm_card_visa")
    client.v1.payment_methods.detach(card)

    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        client.v1.payment_intents.create({**PAY, "customer": customer, "payment_method": card})


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"amount": 49}, "amount_too_small"),
        ({"amount": 29, "currency": "gbp"}, "amount_too_small"),
        ({"amount": 49, "currency": "jpy"}, "amount_too_small"),
        ({"amount": 100_000_000}, "amount_too_large"),
        ({"amount": 0}, "parameter_invalid_integer"),
        ({"currency": "zzz"}, None),
        ({"amount": 1001, "currency": "kwd"}, None),
        ({"payment_method": "pm_gone"}, "resource_missing"),
        ({"customer": "cus_gone"}, "resource_missing"),
        ({"statement_descriptor": "SHOP"}, "payment_intent_invalid_parameter"),
        ({"statement_descriptor_suffix": "1234"}, None),
        ({"receipt_email": "nobody"}, "email_invalid"),
        ({"metadata": {"note": "x" * 501}}, None),
    ],
)
def test_what_cannot_be_charged_is_refused(client: Any, params: Any, code: str | None) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.payment_intents.create({**PAY, "payment_method": "pm_card_visa", **params})

    assert (refusal.value.http_status, refusal.value.code) == (400, code)
    assert client.v1.payment_intents.list({}).data == []


def test_redirects_need_somewhere_to_return_to(client: Any) -> None:
    pay = {"amount": 1999, "currency": "eur", "confirm": True, "payment_method": "pm_card_visa"}
    never = {"enabled": True, "allow_redirects": "never"}

    with pytest.raises(stripe.InvalidRequestError, match="A `return_url` must be specified"):
        client.v1.payment_intents.create(pay)
    intent = client.v1.payment_intents.create({**pay, "automatic_payment_methods": never})

    assert intent.status == "succeeded"


def test_payment_method_types_are_refused_by_version(running: Running) -> None:
    pay: Any = {**PAY, "payment_method": "pm_card_visa", "payment_method_types": ["card"]}

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        running.client().v1.payment_intents.create(pay)
    older = running.client(version="2026-08-26.dahlia").v1.payment_intents.create(pay)

    assert refusal.value.code == "payment_method_types_no_longer_supported"
    assert (older.status, older.payment_method_types) == ("succeeded", ["card"])


def test_a_settled_intent_is_confirmed_and_canceled_no_more(client: Any) -> None:
    intent = client.v1.payment_intents.create({**PAY, "payment_method": "pm_card_visa"})

    for act in (client.v1.payment_intents.confirm, client.v1.payment_intents.cancel):
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            act(intent.id)
        assert refusal.value.code == "payment_intent_unexpected_state"
        assert told(refusal).payment_intent.status == "succeeded"


def test_a_canceled_intent_names_what_may_be_confirmed(client: Any) -> None:
    intent = client.v1.payment_intents.create({"amount": 1999, "currency": "eur"})
    client.v1.payment_intents.cancel(intent.id)

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa", "return_url": RETURN_URL})

    assert told(refusal).message == (
        "You cannot confirm this PaymentIntent because it has a status of canceled. Only a PaymentIntent with one of"
        " the following statuses may be confirmed: requires_action, requires_confirmation, requires_payment_method."
    )


def test_an_intent_without_a_card_waits_for_one(client: Any) -> None:
    intent = client.v1.payment_intents.create({"amount": 1999, "currency": "eur"})
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        client.v1.payment_intents.confirm(intent.id, {"return_url": RETURN_URL})
    chosen = client.v1.payment_intents.update(intent.id, {"payment_method": "pm_card_visa", "amount": 2500})
    paid = client.v1.payment_intents.confirm(intent.id, {"return_url": RETURN_URL})

    assert (intent.status, chosen.status) == ("requires_payment_method", "requires_confirmation")
    assert (paid.status, paid.amount_received) == ("succeeded", 2500)


def test_a_paid_intent_keeps_its_amount(client: Any) -> None:
    intent = client.v1.payment_intents.create({**PAY, "payment_method": "pm_card_visa"})
    noted = client.v1.payment_intents.update(intent.id, {"metadata": {"note": "kept"}})

    assert noted.metadata.to_dict() == {"note": "kept"}
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.payment_intents.update(intent.id, {"amount": 5})
    assert refusal.value.code == "payment_intent_unexpected_state"


def test_held_money_is_captured_in_part_or_let_go(client: Any) -> None:
    hold = {**PAY, "payment_method": "pm_card_visa", "capture_method": "manual"}
    kept, let_go = client.v1.payment_intents.create(hold), client.v1.payment_intents.create(hold)

    captured = client.v1.payment_intents.capture(kept.id, {"amount_to_capture": 1500})
    canceled = client.v1.payment_intents.cancel(let_go.id, {"cancellation_reason": "abandoned"})

    assert (kept.status, kept.amount_capturable, kept.amount_received) == ("requires_capture", 1999, 0)
    assert (captured.status, captured.amount_capturable, captured.amount_received) == ("succeeded", 0, 1500)
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    assert client.v1.charges.retrieve(captured.latest_charge).amount_captured == 1500
    assert client.v1.charges.retrieve(canceled.latest_charge).refunded is True


def test_the_balance_hears_of_a_charge_a_moment_later(client: Any, running: Running) -> None:
    running.control("POST", "/tasks", hold=True)
    intent = client.v1.payment_intents.create({**PAY, "payment_method": "pm_card_visa", "expand": ["latest_charge"]})
    running.control("POST", "/tasks", hold=False)
    charge = client.v1.charges.retrieve(intent.latest_charge.id, {"expand": ["balance_transaction"]})

    assert intent.latest_charge.balance_transaction is None
    assert (charge.balance_transaction.amount, charge.balance_transaction.fee) == (1999, 88)


def test_intents_are_listed_by_customer_and_time(client: Any) -> None:
    customer = client.v1.customers.create({}).id
    made = [
        client.v1.payment_intents.create({"amount": 1999, "currency": "eur", "customer": customer}) for _ in range(3)
    ]
    client.v1.payment_intents.create({"amount": 1999, "currency": "eur"})

    def ids(**params: Any) -> list[str]:
        return [intent.id for intent in client.v1.payment_intents.list({"customer": customer, **params}).data]

    assert ids() == [intent.id for intent in reversed(made)]
    assert ids(created={"gte": made[0].created}) == ids()
    assert ids(created={"gt": made[-1].created + 5}) == []
