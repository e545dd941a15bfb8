"""The account and what belongs to it: balance, domains, configurations, events sent again, things taken back."""

from pathlib import Path
from typing import Any

import pytest

from tests.sandbox import sdk_types
from tests.sandbox.conftest import Listener
from tests.sandbox.running import RETURN_URL, Running, running_sandbox
from tests.sandbox.test_corners import refused

PAY: Any = {"amount": 2000, "currency": "eur", "confirm": True, "return_url": RETURN_URL}


def answered(running: Running, method: str, path: str, **params: str) -> Any:
    """What was answered, held against the SDK's type."""
    options: Any = {"data": params} if method == "POST" else {"params": params}
    answer = running.http(method, path, **options).json()
    assert sdk_types.faults(answer) == []
    return answer


def test_the_account_has_all_that_an_account_has(running: Running) -> None:
    account = answered(running, "GET", "/v1/account")

    wanted = {"business_profile", "capabilities", "controller", "created", "external_accounts", "future_requirements",
              "metadata", "requirements", "settings", "tos_acceptance"}  # fmt: skip
    assert wanted <= set(account)
    assert account["settings"]["payments"]["statement_descriptor"] == "SANDBOX"
    assert account["requirements"]["currently_due"] == []


def test_the_account_stays_the_same(tmp_path: Path) -> None:
    seen = []
    for _ in range(2):
        with running_sandbox(tmp_path / "state") as running:
            account = running.http("GET", "/v1/account").json()
            seen.append((account["id"], account["created"]))

    assert seen[0] == seen[1]


def test_the_balance_is_what_its_transactions_add_up_to(client: Any, running: Running) -> None:
    assert answered(running, "GET", "/v1/balance")["available"] == [
        {"amount": 0, "currency": "usd", "source_types": {"card": 0}}
    ]
    paid = client.v1.payment_intents.create({**PAY, "payment_method": "pm_card_bypassPending"})
    client.v1.refunds.create({"payment_intent": paid.id, "amount": 500})
    client.v1.payment_intents.create({**PAY, "currency": "usd", "payment_method": "pm_card_bypassPending"})

    available = {one["currency"]: one["amount"] for one in answered(running, "GET", "/v1/balance")["available"]}

    booked = client.v1.balance_transactions.list({"currency": "eur"}).data
    assert available == {"eur": sum(one.net for one in booked), "usd": 2000 - 88}
    assert available["eur"] == 2000 - 88 - 500
    told = client.v1.events.list({"type": "balance.available"}).data
    assert len(told) == 2
    assert told[0].data.object.available[0].currency == "eur"


def test_a_domain_is_registered_once_and_validated(client: Any, running: Running) -> None:
    domain = answered(running, "POST", "/v1/payment_method_domains", domain_name="Shop.Example.com")
    again = answered(running, "POST", "/v1/payment_method_domains", domain_name="shop.example.com")
    other = answered(running, "POST", "/v1/payment_method_domains", domain_name="shop.test", enabled="false")

    assert (domain["domain_name"], domain["enabled"], domain["apple_pay"]) == (
        "shop.example.com", True, {"status": "active"},
    )  # fmt: skip
    assert again["id"] == domain["id"]
    assert (other["enabled"], other["google_pay"]["status"]) == (False, "inactive")
    assert "shop.test" in other["google_pay"]["status_details"]["error_message"]
    assert answered(running, "POST", f"/v1/payment_method_domains/{other['id']}", enabled="true")["enabled"] is True
    assert answered(running, "POST", f"/v1/payment_method_domains/{other['id']}/validate")["id"] == other["id"]
    listed = client.v1.payment_method_domains.list({"domain_name": "shop.test"}).data
    assert [one.id for one in listed] == [other["id"]]
    retrieve = client.v1.payment_method_domains.retrieve
    assert retrieve(domain["id"]).domain_name == "shop.example.com"
    assert refused(retrieve, "pmd_gone") == (404, "resource_missing", "id")


@pytest.mark.parametrize(
    "name", ["https://shop.example.com", "shop", "shop.example.com/x", "-a.example", "a b.example"]
)
def test_what_is_no_domain(client: Any, name: str) -> None:
    assert refused(client.v1.payment_method_domains.create, {"domain_name": name}) == (400, None, "domain_name")


def test_configurations_begin_with_a_default_one_that_intents_name(client: Any, running: Running) -> None:
    intent = client.v1.payment_intents.create({"amount": 2000, "currency": "eur"})
    [default] = client.v1.payment_method_configurations.list({}).data

    assert intent.payment_method_configuration_details.id == default.id
    assert (default.is_default, default.active, default.card.display_preference.value) == (True, True, "on")
    assert answered(running, "GET", f"/v1/payment_method_configurations/{default.id}")["id"] == default.id


def test_configurations_are_made_and_changed(client: Any, running: Running) -> None:
    preference = {"apple_pay[display_preference][preference]": "off", "klarna[display_preference][preference]": "on"}
    made = answered(running, "POST", "/v1/payment_method_configurations", name="Sale", **preference)
    changed = answered(
        running, "POST", f"/v1/payment_method_configurations/{made['id']}", active="false",
        **{"apple_pay[display_preference][preference]": "on"},
    )  # fmt: skip

    assert (made["name"], made["is_default"], made["apple_pay"]["display_preference"]["value"]) == (
        "Sale",
        False,
        "off",
    )
    assert (made["klarna"]["available"], made["klarna"]["display_preference"]["value"]) == (False, "off")
    assert (changed["active"], changed["apple_pay"]["display_preference"]["value"]) == (False, "on")
    intents = client.v1.payment_intents
    pay = {"amount": 2000, "currency": "eur", "payment_method_configuration": made["id"]}
    assert intents.create(pay).payment_method_configuration_details.id == made["id"]
    pay["payment_method_configuration"] = "pmc_gone"
    assert refused(intents.create, pay) == (400, "resource_missing", "payment_method_configuration")


def test_an_event_is_sent_again_to_whom_one_wants(client: Any, running: Running, listener: Listener) -> None:
    secret = listener.listen(client, "customer.created")
    customer = client.v1.customers.create({})
    [endpoint] = client.v1.webhook_endpoints.list({}).data
    [event] = client.v1.events.list({"type": "customer.created"}).data
    running.control("GET", "/webhooks?wait=5")

    for params in ({"webhook_endpoint": endpoint.id}, {}, {"for_stripecli": "true"}):
        answer = running.http("POST", f"/v1/events/{event.id}/retry", data=params)
        assert (answer.status_code, answer.json()["id"]) == (200, event.id)
    running.control("GET", "/webhooks?wait=5")

    assert [told.data.object.id for told in listener.events(secret)] == [customer.id] * 3
    assert client.v1.events.retrieve(event.id).pending_webhooks == 0
    gone = running.http("POST", f"/v1/events/{event.id}/retry", data={"webhook_endpoint": "we_gone"})
    assert gone.json()["error"]["param"] == "webhook_endpoint"


def test_a_coupon_is_renamed_and_its_promise_stays(client: Any) -> None:
    coupon = client.v1.coupons.create({"percent_off": "20", "name": "Spring"})

    renamed = client.v1.coupons.update(coupon.id, {"name": "Summer", "metadata": {"a": "1"}})

    assert (renamed.name, renamed.percent_off, renamed.metadata.to_dict()) == ("Summer", 20.0, {"a": "1"})
    [told] = client.v1.events.list({"type": "coupon.updated"}).data
    assert told.data.previous_attributes.name == "Spring"
    assert refused(client.v1.coupons.update, coupon.id, {"percent_off": "30"})[1] == "parameter_unknown"


def test_a_product_is_deleted_unless_it_has_a_price(client: Any) -> None:
    mug, bowl = (client.v1.products.create({"name": name}) for name in ("Mug", "Bowl"))
    client.v1.prices.create({"unit_amount": 1999, "currency": "eur", "product": mug.id})

    assert refused(client.v1.products.delete, mug.id)[0] == 400
    assert client.v1.products.delete(bowl.id).deleted
    assert refused(client.v1.products.retrieve, bowl.id) == (404, "resource_missing", "id")
    assert [one.id for one in client.v1.products.list({}).data] == [mug.id]
    assert len(client.v1.events.list({"type": "product.deleted"}).data) == 1
