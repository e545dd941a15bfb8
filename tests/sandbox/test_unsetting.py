"""An empty string in a form unsets what can be unset, and is refused where nothing can."""

from collections.abc import Iterator
from typing import Any

import pytest

from storefront.sandbox.parameter_types import Kind, fields_of
from tests.sandbox import sdk_types
from tests.sandbox.running import RETURN_URL, Running

ADDRESS = {
    "line1": "Lindenstraße 4",
    "line2": "Hof",
    "city": "Berlin",
    "country": "DE",
    "postal_code": "10969",
    "state": "BE",
}
FULL_CUSTOMER: Any = {
    "name": "Alice",
    "email": "alice@example.org",
    "phone": "+49 30 1234567",
    "description": "Regular",
    "address": ADDRESS,
    "shipping": {"name": "Alice", "phone": "+49 30 1234567", "address": ADDRESS},
    "metadata": {"userId": "7", "note": "kept"},
    "invoice_settings": {"footer": "Thank you", "custom_fields": [{"name": "VAT", "value": "DE1"}]},
}


def with_card(client: Any) -> tuple[str, str]:
    """A customer of whom everything is known, and their default card."""
    customer = client.v1.customers.create(FULL_CUSTOMER).id
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    client.v1.customers.update(customer, {"invoice_settings": {"default_payment_method": card}})
    return customer, card


def test_a_customer_whose_last_card_went_is_renamed(client: Any) -> None:
    customer, card = with_card(client)
    client.v1.payment_methods.detach(card)

    client.v1.customers.update(
        customer,
        {"name": "Alice Weiß", "invoice_settings": {"default_payment_method": ""}, "metadata": {"userId": "7"}},
    )

    kept = client.v1.customers.retrieve(customer)
    assert (kept.name, kept.invoice_settings.default_payment_method) == ("Alice Weiß", None)


def test_the_default_card_is_unset_while_the_card_stays(client: Any) -> None:
    customer, card = with_card(client)

    unset = client.v1.customers.update(customer, {"invoice_settings": {"default_payment_method": ""}})

    assert unset.invoice_settings.default_payment_method is None
    assert unset.invoice_settings.footer == "Thank you"
    assert [one.id for one in client.v1.customers.payment_methods.list(customer).data] == [card]


@pytest.mark.parametrize("name", ["name", "email", "phone", "description", "address", "shipping"])
def test_each_fact_of_a_customer_is_unset_alone(client: Any, name: str) -> None:
    customer, _ = with_card(client)
    before = client.v1.customers.retrieve(customer).to_dict()

    after = client.v1.customers.update(customer, {name: ""}).to_dict()

    assert after == {**before, name: None}


def test_one_line_of_an_address_is_unset(client: Any) -> None:
    customer, _ = with_card(client)

    after = client.v1.customers.update(customer, {"address": {**ADDRESS, "line2": "", "state": ""}})

    assert after.address.to_dict() == {**ADDRESS, "line2": None, "state": None}


def test_one_key_of_metadata_is_unset_or_all(client: Any) -> None:
    customer, _ = with_card(client)

    without = client.v1.customers.update(customer, {"metadata": {"note": ""}}).metadata.to_dict()
    emptied = client.v1.customers.update(customer, {"metadata": ""}).metadata.to_dict()

    assert (without, emptied) == ({"userId": "7"}, {})


def test_an_intent_forgets_its_card_and_what_was_written_of_it(client: Any) -> None:
    intent = client.v1.payment_intents.create(
        {"amount": 1999, "currency": "eur", "payment_method": "pm_card_visa", "description": "Mug",
         "setup_future_usage": "off_session", "shipping": {"name": "Alice", "address": ADDRESS},
         "payment_method_options": {"card": {"request_three_d_secure": "any", "setup_future_usage": "on_session"}}}
    )  # fmt: skip

    unset = client.v1.payment_intents.update(
        intent.id,
        {"payment_method": "", "description": "", "setup_future_usage": "", "shipping": "",
         "payment_method_options": {"card": {"setup_future_usage": ""}}},
    )  # fmt: skip
    blank = client.v1.payment_intents.update(intent.id, {"payment_method_options": {"card": ""}})

    assert intent.status == "requires_confirmation"
    assert (unset.payment_method, unset.status) == (None, "requires_payment_method")
    assert (unset.description, unset.setup_future_usage, unset.shipping) == (None, None, None)
    card = unset.payment_method_options.card.to_dict()
    assert (card["request_three_d_secure"], "setup_future_usage" in card) == ("any", False)
    assert blank.payment_method_options.card.request_three_d_secure == "automatic"


@pytest.mark.parametrize(
    ("path", "name"),
    [("/v1/payment_intents/{intent}", "currency"), ("/v1/payment_intents/{intent}", "customer"),
     ("/v1/payment_intents/{intent}", "amount"), ("/v1/payment_intents/{intent}", "capture_method"),
     ("/v1/customers/{customer}", "default_source"), ("/v1/customers/{customer}", "shipping[name]"),
     ("/v1/payment_methods/{card}", "allow_redisplay"), ("/v1/products/{product}", "name"),
     ("/v1/products/{product}", "active"), ("/v1/webhook_endpoints/{endpoint}", "url"), ("/v1/customers", "name"),
     ("/v1/payment_intents/{intent}/confirm", "payment_method"), ("/v1/refunds", "payment_intent"),
     ("/v1/payment_methods/{card}/attach", "customer")],
)  # fmt: skip
def test_what_cannot_be_unset_is_refused_by_name(client: Any, running: Running, path: str, name: str) -> None:
    # A form that names a part of an object brings the rest of it too.
    rest = {"shipping[address][line1]": "Lindenstraße 4"} if name.startswith("shipping") else {}
    known = {key: made["id"] for key, made in everything(client).items()}

    answer = running.http("POST", path.format(**known), data={**rest, name: ""})

    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, "parameter_invalid_empty", name)
    assert error["message"] == (
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; however"
        f" '{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty value."
    )


UPDATES = [
    ("customer", "/v1/customers", "CustomerUpdateParams"),
    ("card", "/v1/payment_methods", "PaymentMethodUpdateParams"),
    ("intent", "/v1/payment_intents", "PaymentIntentUpdateParams"),
    ("setup", "/v1/setup_intents", "SetupIntentUpdateParams"),
    ("charge", "/v1/charges", "ChargeUpdateParams"),
    ("refund", "/v1/refunds", "RefundUpdateParams"),
    ("dispute", "/v1/disputes", "DisputeUpdateParams"),
    ("product", "/v1/products", "ProductUpdateParams"),
    ("price", "/v1/prices", "PriceUpdateParams"),
    ("rate", "/v1/shipping_rates", "ShippingRateUpdateParams"),
    ("endpoint", "/v1/webhook_endpoints", "WebhookEndpointUpdateParams"),
    ("session", "/v1/checkout/sessions", "checkout.SessionUpdateParams"),
]


@pytest.mark.parametrize(("key", "path", "reference"), UPDATES)
def test_all_that_may_be_unset_is_and_leaves_no_empty_text(
    client: Any, running: Running, key: str, path: str, reference: str
) -> None:
    made = everything(client)[key]
    names = list(unsettable(reference))
    assert "metadata" in names

    for name in names:
        form = with_required(reference, name) | ({"submit": "false"} if key == "dispute" else {})
        answer = running.http("POST", f"{path}/{made['id']}", data=form)
        error = answer.json().get("error", {})
        if key == "session" and name != "metadata":
            assert "sandbox" in error["message"]
            continue
        assert answer.status_code == 200, (name, error)
        assert sdk_types.faults(answer.json()) == [], name
        assert list(empty_texts(answer.json())) == [], name


def unsettable(reference: str, prefix: str = "") -> Iterator[str]:
    """The form's names of all that an update may unset, inside objects too; other methods than cards aside."""
    for name, kind in fields_of(reference).kinds.items():
        path = f"{prefix}[{name}]" if prefix else name
        if "" in kind.literals:
            yield path
        if kind.fields and is_spoken(path):
            yield from unsettable(kind.fields, path)


def is_spoken(path: str) -> bool:
    """Whether the sandbox gives this object a meaning; what else the SDK knows is accepted and ignored."""
    if path.startswith("payment_method_options["):
        return path == "payment_method_options[card]"
    return not path.startswith(("payment_method_data", "hooks", "amount_details", "payment_details"))


def with_required(reference: str, name: str) -> dict[str, str]:
    """The form that unsets this, and brings what its object must have beside it."""
    form, kind = {name: ""}, Kind(fields=reference)
    parts = name.replace("]", "").split("[")
    for depth, part in enumerate(parts):
        fields = fields_of(str(kind.fields))
        here = parts[0] + "".join(f"[{inner}]" for inner in parts[1:depth]) if depth else ""
        for other in fields.required:
            if other != part:
                value = "[line1]" if other == "address" else ""
                form[f"{here}[{other}]{value}" if here else other] = "Given"
        kind = fields.kinds[part]
    return form


def empty_texts(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from empty_texts(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from empty_texts(inner, f"{path}[]")
    elif value == "":
        yield path


def everything(client: Any) -> dict[str, Any]:
    """One of each object that can be updated."""
    customer, card = with_card(client)
    pay: Any = {"amount": 1999, "currency": "eur"}
    paid = client.v1.payment_intents.create(
        {**pay, "confirm": True, "return_url": RETURN_URL, "payment_method": "pm_card_createDispute"}
    )
    refunded = client.v1.payment_intents.create(
        {**pay, "confirm": True, "return_url": RETURN_URL, "payment_method": "pm_card_visa"}
    )
    product = client.v1.products.create({"name": "Mug", "images": ["https://shop.example/mug.jpg"]})
    price = client.v1.prices.create({"unit_amount": 1999, "currency": "eur", "product": product.id})
    line: Any = {"quantity": 1, "price": price.id}
    return {
        "customer": {"id": customer},
        "card": {"id": card},
        "intent": client.v1.payment_intents.create({**pay, "description": "Mug"}),
        "setup": client.v1.setup_intents.create({"description": "Card"}),
        "charge": client.v1.charges.retrieve(refunded.latest_charge),
        "refund": client.v1.refunds.create({"payment_intent": refunded.id}),
        "dispute": client.v1.disputes.list({"payment_intent": paid.id}).data[0],
        "product": product,
        "price": price,
        "rate": client.v1.shipping_rates.create(
            {"display_name": "Parcel", "type": "fixed_amount", "fixed_amount": {"amount": 490, "currency": "eur"}}
        ),
        "endpoint": client.v1.webhook_endpoints.create(
            {"url": "https://shop.example/hook", "enabled_events": ["topup.created"]}
        ),
        "session": client.v1.checkout.sessions.create(
            {"mode": "payment", "line_items": [line], "success_url": RETURN_URL}
        ),
    }
