"""The less trodden calls: updating, listing, and what is refused on the way."""

from typing import Any

import pytest
import stripe

from tests.sandbox.running import BROWSER_KEY, RETURN_URL, Running, told

PAY: Any = {"amount": 1999, "currency": "eur", "confirm": True, "return_url": RETURN_URL}


def refused(call: Any, *arguments: Any) -> tuple[int | None, str | None, str | None]:
    """Status, code and parameter of the refusal that this call must meet."""
    with pytest.raises(stripe.StripeError) as refusal:
        call(*arguments)
    return refusal.value.http_status, told(refusal).code, told(refusal).param


def test_a_charge_takes_notes(client: Any) -> None:
    intent = client.v1.payment_intents.create({**PAY, "payment_method": "pm_card_visa", "metadata": {"order_id": "7"}})
    noted = client.v1.charges.update(intent.latest_charge, {"description": "Mug", "metadata": {"note": "kept"}})

    assert (noted.description, noted.metadata.to_dict()) == ("Mug", {"order_id": "7", "note": "kept"})
    assert [charge.id for charge in client.v1.charges.list({"payment_intent": intent.id}).data] == [noted.id]


def test_addresses_are_checked_by_the_bank(client: Any, browser: Any) -> None:
    details = {"address": {"line1": "Lindenstraße 4", "postal_code": "10969"}}
    checks = []
    for number in ("4242424242424242", "4000000000000010"):
        card = {"number": number, "exp_month": 12, "exp_year": 2034}
        method = browser.v1.payment_methods.create({"type": "card", "card": card, "billing_details": details})
        intent = client.v1.payment_intents.create({**PAY, "payment_method": method.id, "expand": ["latest_charge"]})
        shown = intent.latest_charge.payment_method_details.card.checks
        checks.append((shown.address_line1_check, shown.address_postal_code_check, shown.cvc_check))

    assert checks == [("pass", "pass", None), ("fail", "fail", None)]


def test_metadata_is_merged_emptied_and_limited(client: Any) -> None:
    customer = client.v1.customers.create({"metadata": {"a": "1", "b": "2"}}).id

    merged = client.v1.customers.update(customer, {"metadata": {"b": "", "c": "3"}}).metadata.to_dict()
    emptied = client.v1.customers.update(customer, {"metadata": ""}).metadata.to_dict()

    assert (merged, emptied) == ({"a": "1", "c": "3"}, {})
    many = {f"key{number}": "x" for number in range(51)}
    for metadata in (many, {"x" * 41: "1"}, {"a": "x" * 501}):
        assert refused(client.v1.customers.update, customer, {"metadata": metadata})[0] == 400


def test_an_intent_is_shipped_changed_and_listed(client: Any) -> None:
    intent = client.v1.payment_intents.create(
        {"amount": 1999, "currency": "eur", "shipping": {"name": "Alice", "address": {"line1": "Lindenstraße 4"}}}
    )
    changed = client.v1.payment_intents.update(
        intent.id, {"currency": "usd", "description": "Mug", "statement_descriptor_suffix": "MUG"}
    )
    paid = client.v1.payment_intents.confirm(
        intent.id, {"payment_method": "pm_card_visa", "return_url": RETURN_URL, "expand": ["latest_charge"]}
    )

    assert (changed.currency, changed.shipping.address.line1) == ("usd", "Lindenstraße 4")
    assert paid.latest_charge.calculated_statement_descriptor == "SANDBOX* MUG"
    assert paid.latest_charge.shipping.name == "Alice"


def test_what_confirming_alone_may_bring(client: Any) -> None:
    for name, value in {"return_url": RETURN_URL, "off_session": True, "confirmation_token": "ctoken_1"}.items():
        create = client.v1.payment_intents.create
        assert refused(create, {"amount": 1999, "currency": "eur", name: value}) == (400, None, name)
    assert refused(client.v1.setup_intents.create, {"return_url": RETURN_URL}) == (400, None, "return_url")


def test_two_ways_to_name_a_card_are_one_too_many(client: Any) -> None:
    token = client.v1.test_helpers.confirmation_tokens.create({"payment_method": "pm_card_visa"}).id

    params = {**PAY, "payment_method": "pm_card_visa", "confirmation_token": token}
    assert refused(client.v1.payment_intents.create, params) == (400, "parameters_exclusive", "confirmation_token")


def test_captures_keep_to_their_rules(client: Any) -> None:
    held = client.v1.payment_intents.create({**PAY, "payment_method": "pm_card_visa", "capture_method": "manual"})
    paid = client.v1.payment_intents.create({**PAY, "payment_method": "pm_card_visa"})

    too_much = refused(client.v1.payment_intents.capture, held.id, {"amount_to_capture": 2000})
    too_late = refused(client.v1.payment_intents.capture, paid.id)
    uncaptured = refused(client.v1.refunds.create, {"charge": held.latest_charge})

    assert too_much == (400, "amount_too_large", "amount_to_capture")
    assert too_late[1] == "payment_intent_unexpected_state"
    assert uncaptured == (400, "charge_not_refundable", None)


def test_a_token_brings_its_wish_to_save_and_its_address(client: Any) -> None:
    customer = client.v1.customers.create({}).id
    token = client.v1.test_helpers.confirmation_tokens.create(
        {"payment_method": "pm_card_visa", "return_url": RETURN_URL, "setup_future_usage": "off_session",
         "shipping": {"name": "Alice", "address": {"line1": "Lindenstraße 4"}}}
    ).id  # fmt: skip

    intent = client.v1.payment_intents.create(
        {"amount": 1999, "currency": "eur", "customer": customer, "confirm": True, "confirmation_token": token}
    )

    assert (intent.status, intent.setup_future_usage, intent.shipping.name) == ("succeeded", "off_session", "Alice")
    assert len(client.v1.customers.payment_methods.list(customer).data) == 1


def test_a_browser_may_not_confirm_what_the_server_keeps(client: Any, running: Running) -> None:
    intent = client.v1.payment_intents.create({"amount": 1999, "currency": "eur", "confirmation_method": "manual"})
    form = {"client_secret": intent.client_secret, "payment_method": "pm_card_visa", "return_url": RETURN_URL}

    answer = running.http("POST", f"/v1/payment_intents/{intent.id}/confirm", key=BROWSER_KEY, data=form)

    assert answer.json()["error"]["code"] == "payment_intent_unexpected_state"


def test_set_ups_are_changed_listed_and_keep_to_their_rules(client: Any) -> None:
    customer = client.v1.customers.create({}).id
    intent = client.v1.setup_intents.create({"customer": customer})
    changed = client.v1.setup_intents.update(intent.id, {"payment_method": "pm_card_visa", "description": "Card"})
    done = client.v1.setup_intents.confirm(intent.id, {"return_url": RETURN_URL})

    assert (changed.status, changed.description, done.status) == ("requires_confirmation", "Card", "succeeded")
    assert [one.id for one in client.v1.setup_intents.list({"customer": customer}).data] == [intent.id]
    state = "setup_intent_unexpected_state"
    assert refused(client.v1.setup_intents.update, intent.id, {"payment_method": "pm_card_visa"})[1] == state
    assert refused(client.v1.setup_intents.cancel, intent.id)[1] == state
    empty = client.v1.setup_intents.create({}).id
    assert refused(client.v1.setup_intents.confirm, empty, {"return_url": RETURN_URL})[1] == state
    assert refused(client.v1.setup_intents.confirm, empty, {"payment_method": "pm_card_visa"})[2] == "return_url"


def test_payment_methods_are_listed_and_keep_to_their_rules(client: Any, browser: Any) -> None:
    customer = client.v1.customers.create({}).id
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    loose = client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}}).id

    assert [one.id for one in client.v1.payment_methods.list({"customer": customer, "type": "card"}).data] == [card]
    assert client.v1.payment_methods.list({"type": "card"}).data == []
    assert client.v1.payment_methods.attach(card, {"customer": customer}).id == card
    changed = client.v1.payment_methods.update(card, {"billing_details": {"name": "Alice"}})
    assert changed.billing_details.name == "Alice"
    assert refused(client.v1.payment_methods.update, loose, {"metadata": {"a": "1"}})[0] == 400
    assert refused(client.v1.payment_methods.attach, loose, {})[1] == "parameter_missing"
    create = client.v1.payment_methods.create
    assert refused(create, {"type": "card"}) == (400, "parameter_missing", "card")
    assert (
        refused(browser.v1.payment_methods.create, {"type": "card", "card": {"number": "4242424242424242"}})[2]
        == "card[exp_month]"
    )
    assert refused(create, {"type": "card", "card": {"token": "tok_gone"}})[1] == "resource_missing"
    assert refused(create, {"type": "ideal", "ideal": {"bank": "ing"}})[1] == "payment_method_unsupported_type"


def test_customers_sessions_and_tokens_need_what_they_need(client: Any) -> None:
    components = {"payment_element": {"enabled": True}}

    assert refused(client.v1.customer_sessions.create, {"components": components})[2] == "customer"
    assert refused(client.v1.customers.create, {"payment_method": "pm_card_visa_chargeDeclined"})[0] == 402
    assert refused(client.v1.test_helpers.confirmation_tokens.create, {})[1] == "parameter_missing"
    assert refused(client.v1.refunds.create, {}) == (400, "parameter_missing", "payment_intent")


def test_refunds_are_listed_and_of_a_whole_amount(client: Any) -> None:
    intent = client.v1.payment_intents.create({**PAY, "payment_method": "pm_card_visa"})
    refund = client.v1.refunds.create({"payment_intent": intent.id, "amount": 5})

    assert [one.id for one in client.v1.refunds.list({"payment_intent": intent.id}).data] == [refund.id]
    assert refused(client.v1.refunds.create, {"payment_intent": intent.id, "amount": 0})[2] == "amount"


def test_events_and_warnings_are_found(client: Any) -> None:
    intent = client.v1.payment_intents.create({**PAY, "payment_method": "pm_card_createIssuerFraudRecord"})
    (warning,) = client.v1.radar.early_fraud_warnings.list({"payment_intent": intent.id}).data

    assert client.v1.radar.early_fraud_warnings.retrieve(warning.id).charge == intent.latest_charge
    both = {"type": "charge.succeeded", "types": ["charge.failed"]}
    assert refused(client.v1.events.list, both) == (400, "parameters_exclusive", "types")
    many = [f"{noun}.{verb}" for noun in ("plan", "price", "product") for verb in ("created", "deleted", "updated")]
    assert refused(client.v1.events.list, {"types": many * 3})[2] == "types"


def test_the_account_by_its_id(client: Any, running: Running) -> None:
    own = client.v1.accounts.retrieve_current().id

    assert running.http("GET", f"/v1/accounts/{own}").json()["charges_enabled"] is True


def test_keys_too_long_are_refused(client: Any) -> None:
    assert refused(client.v1.customers.create, {}, {"idempotency_key": "k" * 256})[0] == 400


def test_a_renewal_without_facts_moves_the_expiry(client: Any, running: Running) -> None:
    customer = client.v1.customers.create({}).id
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer})

    renewed = running.control("POST", f"/cards/{card.id}/renewal")

    assert renewed["card"]["exp_year"] == card.card.exp_year + 4
