"""A payment that takes its time: SEPA debits by Stripe's test account numbers; and discounts as old versions give them."""

from pathlib import Path
from typing import Any

import pytest

from tests.sandbox import sdk_types
from tests.sandbox.running import RETURN_URL, Running, running_sandbox
from tests.sandbox.test_corners import refused

OLD = "2023-08-16"
DEBIT: Any = {
    "amount": 1999,
    "currency": "eur",
    "confirm": True,
    "payment_method_types": ["sepa_debit"],
    "return_url": RETURN_URL,
}


def account(client: Any, iban: str = "AT611904300234573201") -> Any:
    owner = {"name": "Alice", "email": "alice@example.org"}
    return client.v1.payment_methods.create(
        {"type": "sepa_debit", "sepa_debit": {"iban": iban}, "billing_details": owner}
    )


def settled(running: Running, intent_id: str) -> Any:
    """The intent once all that Stripe does by itself was done."""
    running.control("POST", "/tasks")
    return running.client().v1.payment_intents.retrieve(intent_id, {"expand": ["latest_charge"]})


@pytest.mark.parametrize(
    ("iban", "status", "event"),
    [("AT61 1904 3002 3457 3201", "succeeded", "payment_intent.succeeded"),
     ("AT861904300235473202", "requires_payment_method", "payment_intent.payment_failed")],
)  # fmt: skip
def test_a_debit_is_processing_until_the_bank_has_decided(running: Running, iban: str, status: str, event: str) -> None:
    running.control("POST", "/tasks", hold=True)
    client: Any = running.client(version=OLD)
    debited = account(client, iban)

    intent = client.v1.payment_intents.create({**DEBIT, "payment_method": debited.id})
    after = settled(running, intent.id)

    assert sdk_types.faults(debited.to_dict(for_json=True)) == []
    assert (debited.sepa_debit.last4, debited.sepa_debit.country) == (iban[-4:], "AT")
    assert (intent.status, intent.latest_charge, intent.amount_received) == ("processing", None, 0)
    assert after.status == status
    assert sdk_types.faults(after.latest_charge.to_dict(for_json=True)) == []
    assert after.latest_charge.payment_method_details.sepa_debit.last4 == iban[-4:]
    told = [one.type for one in client.v1.events.list({}).data]
    assert "payment_intent.processing" in told
    assert event in told


def test_a_slow_bank_takes_three_minutes(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    clock.write_text("0")
    with running_sandbox(tmp_path / "state", clock_file=clock) as running:
        client: Any = running.client(version=OLD)
        slow = account(client, "AT321904300235473204").id
        intent = client.v1.payment_intents.create({**DEBIT, "payment_method": slow})
        early = settled(running, intent.id).status
        clock.write_text("+181")
        late = settled(running, intent.id).status

    assert (early, late) == ("processing", "succeeded")


def test_a_debit_is_refunded(running: Running) -> None:
    client: Any = running.client(version=OLD)
    intent = client.v1.payment_intents.create({**DEBIT, "payment_method": account(client).id})
    settled(running, intent.id)

    assert client.v1.refunds.create({"payment_intent": intent.id}).amount == 1999


@pytest.mark.parametrize("iban", ["", "AT611904300234573202", "nonsense", "AT6119"])
def test_an_account_number_that_is_none(running: Running, iban: str) -> None:
    form = {"type": "sepa_debit", "sepa_debit[iban]": iban}

    error = running.http("POST", "/v1/payment_methods", data=form).json()["error"]

    assert error["param"] == "sepa_debit[iban]"


def test_only_an_intent_that_takes_debits_takes_one(client: Any) -> None:
    pay = {"amount": 1999, "currency": "eur", "confirm": True, "return_url": RETURN_URL}
    code = "payment_intent_invalid_parameter"

    assert refused(client.v1.payment_intents.create, {**pay, "payment_method": account(client).id}) == (
        400, code, "payment_method",
    )  # fmt: skip
    save = {"confirm": True, "return_url": RETURN_URL, "payment_method": account(client).id}
    assert refused(client.v1.setup_intents.create, save)[2] == "payment_method"


def test_a_coupon_for_a_customer_as_old_versions_give_it(client: Any, running: Running) -> None:
    old: Any = running.client(version="2024-06-20")
    first = old.v1.coupons.create({"percent_off": "20", "duration": "repeating", "duration_in_months": 3}).id
    second = old.v1.coupons.create({"percent_off": "30"}).id

    customer = old.v1.customers.create({"name": "Alice", "coupon": first})
    changed = old.v1.customers.update(customer.id, {"coupon": second})
    gone = old.v1.customers.delete_discount(customer.id)

    assert sdk_types.faults(customer.to_dict(for_json=True)["discount"]) == []
    assert (customer.discount.source.coupon, changed.discount.source.coupon) == (first, second)
    assert 88 <= (customer.discount.end - customer.discount.start) / 86400 <= 93
    assert (changed.discount.end, gone.deleted) == (None, True)
    assert client.v1.customers.retrieve(customer.id).discount is None
    told = [one.type for one in client.v1.events.list({"types": [f"customer.discount.{verb}" for verb in
            ("created", "updated", "deleted")]}).data]  # fmt: skip
    assert told == ["customer.discount.deleted", "customer.discount.updated", "customer.discount.created"]
    assert client.v1.coupons.retrieve(first).times_redeemed == 1
    assert refused(client.v1.customers.delete_discount, customer.id)[:2] == (404, "resource_missing")
    assert refused(client.v1.customers.update, customer.id, {"coupon": first}) == (400, "parameter_unknown", "coupon")
    for strange in ("gone", {"a": "b"}):
        assert refused(old.v1.customers.update, customer.id, {"coupon": strange}) == (400, "resource_missing", "coupon")
