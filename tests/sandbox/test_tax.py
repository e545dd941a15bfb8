"""Stripe Tax in the sandbox: calculations, what payments make of them, and what refunds take back."""

from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.sandbox import sdk_types, shapes
from tests.sandbox.running import RETURN_URL, Running, running_sandbox, told

BERLIN = {"country": "DE", "line1": "Weg 1", "postal_code": "10115", "city": "Berlin"}
PLACES: list[tuple[dict[str, str], list[str], int]] = [
    ({"country": "DE"}, ["19"], 1900),
    ({"country": "CH"}, ["8.1"], 810),
    ({"country": "US", "postal_code": "94080"}, ["7.25"], 725),
    ({"country": "US", "postal_code": "10001", "state": "NY"}, ["4", "4.875"], 888),
    ({"country": "US", "postal_code": "97201", "state": "OR"}, ["0.0"], 0),
    ({"country": "CA", "postal_code": "H2X 1Y4"}, ["5", "9.975"], 1498),
    ({"country": "CA", "state": "ON"}, ["13"], 1300),
    ({"country": "JP"}, ["10"], 1000),
    ({"country": "BR"}, ["0.0"], 0),
]
PAY: Any = {"confirm": True, "payment_method": "pm_card_visa", "return_url": RETURN_URL}


def calculated(client: Any, *lines: Any, shipping: Any = None, **more: Any) -> Any:
    """A calculation of these lines to Berlin, in euros, if nothing else is said."""
    params = {
        "currency": "eur", "line_items": list(lines) or [{"amount": 10_000}],
        "customer_details": {"address": BERLIN, "address_source": "shipping"}, **more,
    }  # fmt: skip
    if shipping is not None:
        params["shipping_cost"] = shipping
    return client.v1.tax.calculations.create(params)


def with_hook(calculation: Any, **more: Any) -> Any:
    """The parameters of a payment of just what was calculated."""
    hooks = {"inputs": {"tax": {"calculation": calculation.id}}}
    return {**PAY, "amount": calculation.amount_total, "currency": calculation.currency, "hooks": hooks, **more}


def taken_in_all(transaction: Any) -> int:
    """What the lines and the shipping of a transaction come to, with tax."""
    pieces = [*transaction.line_items.data, transaction.shipping_cost]
    return sum(one.amount + one.amount_tax * (one.tax_behavior == "exclusive") for one in pieces)


def faults(document: Any) -> list[str]:
    known = [] if document["object"] not in {"tax.calculation", "tax.transaction"} else shapes.faults(document)
    return known + sdk_types.faults(document)


@pytest.mark.parametrize(("address", "percents", "tax"), PLACES)
def test_every_place_has_its_own_taxes(client: Any, address: dict[str, str], percents: list[str], tax: int) -> None:
    calculation = calculated(client, customer_details={"address": address, "address_source": "shipping"})

    told_percents = [one.tax_rate_details.percentage_decimal for one in calculation.tax_breakdown]
    assert (told_percents, calculation.tax_amount_exclusive) == (percents, tax)
    assert calculation.amount_total == 10_000 + tax


def test_a_country_without_registration_is_no_error(client: Any) -> None:
    calculation = calculated(client, customer_details={"address": {"country": "BR"}, "address_source": "shipping"})

    (only,) = calculation.tax_breakdown
    assert (only.amount, only.taxability_reason, only.tax_rate_details.tax_type) == (0, "not_collecting", None)


@pytest.mark.parametrize(
    ("behavior", "exclusive", "inclusive", "total"), [("exclusive", 1900, 0, 11_900), ("inclusive", 0, 1597, 10_000)]
)
def test_tax_stands_on_top_or_within(client: Any, behavior: str, exclusive: int, inclusive: int, total: int) -> None:
    calculation = calculated(client, {"amount": 10_000, "tax_behavior": behavior})

    assert (calculation.tax_amount_exclusive, calculation.tax_amount_inclusive) == (exclusive, inclusive)
    assert (calculation.amount_total, calculation.tax_breakdown[0].inclusive) == (total, behavior == "inclusive")
    assert calculation.tax_breakdown[0].taxable_amount == (10_000 if behavior == "exclusive" else 8403)


def test_codes_shipping_and_rounding_line_by_line(client: Any) -> None:
    calculation = calculated(
        client, {"amount": 333, "reference": "a"}, {"amount": 333, "reference": "b", "quantity": 3},
        {"amount": 1000, "tax_code": "txcd_35010000"}, {"amount": 500, "tax_code": "txcd_00000000"},
        shipping={"amount": 499},
    )  # fmt: skip

    told_all = [
        (one.tax_rate_details.percentage_decimal, one.taxability_reason, one.taxable_amount, one.amount)
        for one in calculation.tax_breakdown
    ]
    # 333 at 19 % is 63.27, 499 is 94.81; 63 + 63 + 95, and not what 1165 together would be.
    assert told_all == [
        ("19", "standard_rated", 1165, 221),
        ("7", "reduced_rated", 1000, 70),
        ("0.0", "product_exempt", 500, 0),
    ]
    assert (calculation.shipping_cost.amount, calculation.shipping_cost.amount_tax) == (499, 95)
    assert calculation.amount_total == 333 + 333 + 1000 + 500 + 499 + 221 + 70


def test_lines_are_told_when_asked(client: Any, running: Running) -> None:
    lines = [{"amount": 100 * place, "reference": f"line {place}"} for place in range(1, 13)]
    calculation = calculated(client, *lines, expand=["line_items.data.tax_breakdown"])
    listed = client.v1.tax.calculations.line_items.list(calculation.id, {"limit": 100})

    assert [line.reference for line in calculation.line_items.data] == [line["reference"] for line in lines[:10]]
    assert calculation.line_items.has_more
    assert [line.amount_tax for line in listed.data] == [19 * place for place in range(1, 13)]
    assert calculation.line_items.data[0].tax_breakdown[0].tax_rate_details.display_name == "VAT"
    assert "tax_breakdown" not in listed.data[0]
    assert [faults(line) for line in calculation.to_dict()["line_items"]["data"]] == [[]] * 10


def test_calculations_have_stripes_shape(client: Any) -> None:
    made = calculated(client, shipping={"amount": 300}, ship_from_details={"address": {"country": "DE"}})
    alike = client.v1.tax.calculations.retrieve(made.id)

    assert faults(alike.to_dict()) == []
    assert alike.to_dict() == made.to_dict()
    assert "line_items" not in alike
    assert alike.expires_at - alike.tax_date == 90 * 86400


def test_a_customers_own_address_and_a_products_own_code(client: Any) -> None:
    customer = client.v1.customers.create({"address": BERLIN})
    book = client.v1.products.create({"name": "Book", "tax_code": "txcd_35010000"})
    params = {"currency": "eur", "customer": customer.id, "line_items": [{"amount": 1000, "product": book.id}]}

    calculation = client.v1.tax.calculations.create(params)

    assert (calculation.customer, calculation.customer_details.address.country) == (customer.id, "DE")
    assert calculation.tax_amount_exclusive == 70


def test_who_is_exempt_pays_no_tax(client: Any) -> None:
    details = {"address": BERLIN, "address_source": "shipping", "taxability_override": "reverse_charge"}
    calculation = calculated(client, customer_details=details)

    assert calculation.amount_total == 10_000
    assert calculation.tax_breakdown[0].taxability_reason == "reverse_charge"


@pytest.mark.parametrize(
    ("currency", "amount", "tax"), [("jpy", 333, 33), ("kwd", 3330, 330), ("isk", 33_300, 3300), ("ugx", 33_300, 3300),
                                    ("huf", 33_333, 3333)]
)  # fmt: skip
def test_tax_is_rounded_to_what_can_be_charged(client: Any, currency: str, amount: int, tax: int) -> None:
    details = {"address": {"country": "JP"}, "address_source": "shipping"}
    calculation = calculated(client, {"amount": amount}, currency=currency, customer_details=details)

    assert calculation.tax_amount_exclusive == tax


WRONG: list[tuple[dict[str, Any], str | None, str]] = [
    ({"customer_details": {"address": {"country": "US"}}}, "customer_tax_location_invalid", "customer_details[address]"),
    ({"customer_details": {"address": {"country": "CA"}}}, "customer_tax_location_invalid", "customer_details[address]"),
    ({"customer_details": {"address": {"country": "Germany"}}}, "country_code_invalid",
     "customer_details[address][country]"),
    ({"customer_details": {}}, "parameter_missing", "customer_details[address]"),
    ({"line_items": []}, "parameter_missing", "line_items"),
    ({"line_items": [{"amount": -1}]}, "parameter_invalid_integer", "line_items[0][amount]"),
    ({"line_items": [{"amount": 1}] * 101}, None, "line_items"),
    ({"line_items": [{"amount": 1, "reference": "a"}] * 2}, None, "line_items[1][reference]"),
    ({"line_items": [{"amount": 1, "tax_code": "books"}]}, "resource_missing", "line_items[0][tax_code]"),
    ({"line_items": [{"amount": 1, "price": 1}]}, "parameter_unknown", "line_items[0][price]"),
    ({"shipping_cost": {"shipping_rate": "shr_1"}}, "resource_missing", "shipping_cost[shipping_rate]"),
    ({"shipping_cost": {"shipping_rate": "shr_1", "amount": 1}}, None, "shipping_cost[shipping_rate]"),
    ({"currency": "xxx"}, None, "currency"),
    ({"tax_date": 1}, None, "tax_date"),
]  # fmt: skip


@pytest.mark.parametrize(("params", "code", "param"), WRONG)
def test_what_is_wrong_is_refused(client: Any, params: dict[str, Any], code: str | None, param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        calculated(client, **params)

    assert (refusal.value.http_status, refusal.value.code, refusal.value.param) == (400, code, param)


def test_a_shipping_rate_brings_its_own_behavior(client: Any) -> None:
    rate = client.v1.shipping_rates.create({
        "display_name": "Post", "type": "fixed_amount", "fixed_amount": {"amount": 1190, "currency": "eur"},
        "tax_behavior": "inclusive",
    })  # fmt: skip
    calculation = calculated(client, shipping={"shipping_rate": rate.id})

    assert (calculation.shipping_cost.amount_tax, calculation.tax_amount_inclusive) == (190, 190)
    assert calculation.shipping_cost.shipping_rate == rate.id


def test_a_payment_commits_the_tax_it_was_calculated_by(client: Any, running: Running) -> None:
    calculation = calculated(client, {"amount": 10_000, "reference": "pot"}, shipping={"amount": 500})
    intent = client.v1.payment_intents.create(with_hook(calculation))

    association = client.v1.tax.associations.find({"payment_intent": intent.id})
    (attempt,) = association.tax_transaction_attempts
    transaction = client.v1.tax.transactions.retrieve(attempt.committed.transaction, {"expand": ["line_items"]})
    assert intent.hooks.inputs.tax.calculation == calculation.id
    assert (attempt.source, attempt.status) == (intent.id, "committed")
    assert (transaction.type, transaction.reference, transaction.shipping_cost.amount_tax) == (
        "transaction", intent.id, 95,
    )  # fmt: skip
    assert [(line.reference, line.amount, line.amount_tax) for line in transaction.line_items.data] == [
        ("pot", 10_000, 1900)
    ]
    assert faults(association.to_dict()) + faults(transaction.to_dict()) + sdk_types.faults(intent.to_dict()) == []
    assert [one["id"] for one in running.control("GET", "/ledger")["tax_transactions"]] == [transaction.id]


@pytest.mark.parametrize("when", ["create", "update", "confirm", "capture"])
def test_a_calculation_is_linked_until_the_payment_succeeded(client: Any, when: str) -> None:
    calculation = calculated(client)
    params = with_hook(calculation)
    hooks = {"hooks": params.pop("hooks")}
    held = {"capture_method": "manual"} if when == "capture" else {}
    how = {name: params.pop(name) for name in PAY}
    intent = client.v1.payment_intents.create({**params, **held, **(hooks if when == "create" else {})})
    if when == "update":
        client.v1.payment_intents.update(intent.id, hooks)
    del how["confirm"]
    client.v1.payment_intents.confirm(intent.id, {**how, **(hooks if when == "confirm" else {})})
    if when == "capture":
        client.v1.payment_intents.capture(intent.id, hooks)

    found = client.v1.tax.associations.find({"payment_intent": intent.id})
    assert [one.status for one in found.tax_transaction_attempts] == ["committed"]
    with pytest.raises(stripe.InvalidRequestError) as late:
        client.v1.payment_intents.update(intent.id, hooks)
    assert late.value.code == "payment_intent_unexpected_state"


def test_a_declined_payment_commits_nothing_and_the_next_does(client: Any) -> None:
    with pytest.raises(stripe.CardError) as refusal:
        client.v1.payment_intents.create(with_hook(calculated(client), payment_method="pm_card_visa_chargeDeclined"))
    intent = told(refusal).payment_intent.id

    before = client.v1.tax.associations.find({"payment_intent": intent}).tax_transaction_attempts
    client.v1.payment_intents.confirm(intent, {"payment_method": "pm_card_visa", "return_url": RETURN_URL})

    after = client.v1.tax.associations.find({"payment_intent": intent}).tax_transaction_attempts
    assert (before, [one.status for one in after]) == (None, ["committed"])


def test_a_calculation_can_be_taken_off_again(client: Any) -> None:
    params = with_hook(calculated(client))
    for name in PAY:
        del params[name]
    intent = client.v1.payment_intents.create(params)

    assert "hooks" not in client.v1.payment_intents.update(
        intent.id, {"hooks": {"inputs": {"tax": {"calculation": ""}}}}
    )


def test_an_unknown_calculation_is_refused_and_another_amount_is_not(client: Any) -> None:
    calculation = calculated(client)
    other = client.v1.payment_intents.create(with_hook(calculation, amount=500))
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.payment_intents.create({**with_hook(calculation), "hooks": {"inputs": {"tax": {"calculation": "x"}}}})

    assert (other.status, other.amount) == ("succeeded", 500)
    assert (refusal.value.code, refusal.value.param) == ("resource_missing", "hooks[inputs][tax][calculation]")


def test_one_calculation_makes_one_transaction(client: Any) -> None:
    calculation = calculated(client)
    client.v1.payment_intents.create(with_hook(calculation))
    second = client.v1.payment_intents.create(with_hook(calculation))

    (attempt,) = client.v1.tax.associations.find({"payment_intent": second.id}).tax_transaction_attempts
    assert (attempt.status, attempt.errored.reason) == ("errored", "another_payment_associated_with_calculation")


def test_a_calculation_in_another_currency_is_not_committed(client: Any) -> None:
    intent = client.v1.payment_intents.create(with_hook(calculated(client), currency="usd"))

    (attempt,) = client.v1.tax.associations.find({"payment_intent": intent.id}).tax_transaction_attempts
    assert attempt.errored.reason == "currency_mismatch"


def test_refunds_take_the_tax_back_to_the_cent(client: Any) -> None:
    calculation = calculated(
        client, {"amount": 3333}, {"amount": 1111, "tax_behavior": "inclusive"}, shipping={"amount": 499}
    )
    intent = client.v1.payment_intents.create(with_hook(calculation))
    amounts = [777, 1, calculation.amount_total - 778]
    for amount in amounts:
        client.v1.refunds.create({"payment_intent": intent.id, "amount": amount})

    attempts = client.v1.tax.associations.find({"payment_intent": intent.id}).tax_transaction_attempts
    whole, *back = [
        client.v1.tax.transactions.retrieve(one.committed.transaction, {"expand": ["line_items"]}) for one in attempts
    ]
    assert [one.type for one in back] == ["reversal"] * 3
    assert {one.reversal.original_transaction for one in back} == {whole.id}
    assert [-taken_in_all(one) for one in back] == amounts
    for place, line in enumerate(whole.line_items.data):
        taken = [one.line_items.data[place] for one in back]
        assert (-sum(one.amount for one in taken), -sum(one.amount_tax for one in taken)) == (
            line.amount, line.amount_tax,
        )  # fmt: skip
        assert {one.reversal.original_line_item for one in taken} == {line.id}
    assert -sum(one.shipping_cost.amount_tax for one in back) == whole.shipping_cost.amount_tax
    assert faults(back[0].to_dict()) == []


def test_a_refund_that_failed_gives_the_tax_again(client: Any, running: Running) -> None:
    calculation = calculated(client)
    intent = client.v1.payment_intents.create(with_hook(calculation, payment_method="pm_card_refundFail"))
    running.control("POST", "/tasks", hold=True)
    client.v1.refunds.create({"payment_intent": intent.id})
    running.control("POST", "/tasks")

    attempts = client.v1.tax.associations.find({"payment_intent": intent.id}).tax_transaction_attempts
    lines = [
        client.v1.tax.transactions.line_items.list(one.committed.transaction).data[0].amount_tax for one in attempts
    ]
    assert lines == [1900, -1900, 1900]


def test_payments_without_a_calculation_have_no_tax(client: Any) -> None:
    intent = client.v1.payment_intents.create({**PAY, "amount": 1000, "currency": "eur"})
    client.v1.refunds.create({"payment_intent": intent.id})

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.tax.associations.find({"payment_intent": intent.id})
    assert refusal.value.http_status == 404


def test_transactions_by_hand_are_made_once_and_reversed_in_parts(client: Any) -> None:
    calculation = calculated(client)
    made = client.v1.tax.transactions.create_from_calculation({
        "calculation": calculation.id, "reference": "order 1", "metadata": {"order_id": "1"}
    })  # fmt: skip
    part = client.v1.tax.transactions.create_reversal({
        "mode": "partial", "original_transaction": made.id, "reference": "refund 1", "flat_amount": -1190
    })  # fmt: skip
    rest = client.v1.tax.transactions.create_reversal({
        "mode": "full", "original_transaction": made.id, "reference": "refund 2", "expand": ["line_items"]
    })  # fmt: skip

    assert (made.metadata["order_id"], part.type) == ("1", "reversal")
    assert [(line.amount, line.amount_tax) for line in rest.line_items.data] == [(-9000, -1710)]
    for again in ("order 2", "order 1"):
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.tax.transactions.create_from_calculation({"calculation": calculation.id, "reference": again})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.tax.transactions.create_reversal({
            "mode": "full", "original_transaction": made.id, "reference": "refund 3"
        })  # fmt: skip


def test_a_calculation_lasts_ninety_days(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    with running_sandbox(tmp_path / "state.sqlite", clock_file=clock) as running:
        client: Any = running.client()
        calculation = calculated(client)
        clock.write_text(f"+{90 * 86400}", encoding="ascii")
        intent = client.v1.payment_intents.create(with_hook(calculation))
        (attempt,) = client.v1.tax.associations.find({"payment_intent": intent.id}).tax_transaction_attempts
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.tax.transactions.create_from_calculation({"calculation": calculation.id, "reference": "late"})

    assert (intent.status, attempt.errored.reason) == ("succeeded", "calculation_expired")
    assert refusal.value.code == "tax_calculation_expired"
