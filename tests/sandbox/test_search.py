"""Stripe's search query language over what the sandbox keeps."""

from typing import Any

import pytest

from tests.sandbox import sdk_types
from tests.sandbox.running import RETURN_URL, VERSION, Running, running_sandbox

PEOPLE: Any = [
    {
        "name": "Alice Weiß",
        "email": "alice@rocketrides.io",
        "phone": "+49301",
        "metadata": {"userId": "7", "shop": "a"},
    },
    {"name": "Bob O'Hara", "email": "bob@rocketrides.io", "metadata": {"userId": "8"}},
    {"name": 'Carol "C" Cooper', "email": "carol@example.org", "metadata": {"shop": "a"}},
]


@pytest.fixture
def people(client: Any) -> Any:
    for person in PEOPLE:
        client.v1.customers.create(person)
    return client


def names(client: Any, query: str) -> set[str]:
    found = client.v1.customers.search({"query": query})
    return {person.name.split()[0] for person in found.data}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("email:'alice@rocketrides.io'", {"Alice"}),
        ('email:"ALICE@rocketrides.io"', {"Alice"}),
        ("email~'rocketrides'", {"Alice", "Bob"}),
        ("name:'alice weiß'", {"Alice"}),
        ("name:'alice'", set()),
        ("name~'eiß'", {"Alice"}),
        (r"name:'Bob O\'Hara'", {"Bob"}),
        (r'name:"Carol \"C\" Cooper"', {"Carol"}),
        ("metadata['userId']:'7'", {"Alice"}),
        ('metadata["shop"]:"a"', {"Alice", "Carol"}),
        ("metadata['userId']:null", {"Carol"}),
        ("-metadata['userId']:null", {"Alice", "Bob"}),
        ("phone:null", {"Bob", "Carol"}),
        ("-email~'rocketrides'", {"Carol"}),
        ("metadata['shop']:'a' AND email~'rocketrides'", {"Alice"}),
        ("metadata['shop']:'a' email~'rocketrides'", {"Alice"}),
        ("metadata['userId']:'7' OR metadata['userId']:'8'", {"Alice", "Bob"}),
        ("metadata['userId']:'7' or metadata['userId']:'8'", {"Alice", "Bob"}),
        ("metadata['shop']:'a' and -metadata['userId']:'7'", {"Carol"}),
        ("created>0 AND created<99999999999", {"Alice", "Bob", "Carol"}),
        ("created>=99999999999", set()),
    ],
)  # fmt: skip
def test_customers_are_found(people: Any, query: str, found: set[str]) -> None:
    assert names(people, query) == found


def pays(client: Any, amount: int, **more: Any) -> Any:
    return client.v1.payment_intents.create(
        {"amount": amount, "currency": "eur", "confirm": True, "return_url": RETURN_URL,
         "payment_method": "pm_card_visa", **more}
    )  # fmt: skip


def test_intents_and_charges_are_found_by_their_fields(client: Any) -> None:
    customer = client.v1.customers.create({}).id
    cheap = pays(client, 500, metadata={"attempt_id": "a-1"})
    dear = pays(client, 5000, customer=customer)
    open_ = client.v1.payment_intents.create({"amount": 700, "currency": "usd"})

    def intents(query: str) -> list[str]:
        return [intent.id for intent in client.v1.payment_intents.search({"query": query}).data]

    def charges(query: str) -> list[str]:
        return [charge.payment_intent for charge in client.v1.charges.search({"query": query}).data]

    assert intents("metadata['attempt_id']:'a-1'") == [cheap.id]
    assert intents("amount>500 AND currency:'eur'") == [dear.id]
    assert intents("amount<=700") == [open_.id, cheap.id]
    assert intents("amount:5000") == intents("amount='5000'") == intents(f"customer:'{customer}'") == [dear.id]
    assert intents("-status:'succeeded'") == [open_.id]
    assert charges("refunded:false AND amount>1000") == [dear.id]
    assert charges("disputed:'true'") == []
    assert charges("payment_method_details.card.last4:4242 amount<1000") == [cheap.id]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "You passed an empty string"),
        ("alice", 'We were unable to parse your search query. Try using the format `metadata["key"]:"value"`'),
        ("email:alice@rocketrides.io", "We were unable to parse"),
        ("email:'alice", "We were unable to parse"),
        ("email:'a' AND", "We were unable to parse"),
        ("(email:'a')", "We were unable to parse"),
        ("metadata:'a'", "We were unable to parse"),
        ("email['a']:'a'", "We were unable to parse"),
        ("email:'a'name:'b'", "We were unable to parse"),
        ("colour:'red'", "Field `colour` is an unsupported search field for resource `customers`."),
        ("email:'a' AND name:'b' OR name:'c'", "You can't combine AND and OR in the same query."),
        ("email:'a' name:'b' OR name:'c'", "You can't combine AND and OR in the same query."),
        ("email~'io'", "The operator `~` needs a value of at least 3 characters."),
        ("email>'a'", "Operator `>` is not supported for the field `email`."),
        ("metadata['a']~'abc'", "Operator `~` is not supported for the field `metadata`."),
        ("created>'soon'", "Invalid number: soon"),
        (" ".join(["name:'a'"] * 11), "A query can have up to 10 clauses"),
    ],
)  # fmt: skip
def test_queries_that_are_none(running: Running, query: str, words: str) -> None:
    answer = running.http("GET", "/v1/customers/search", params={"query": query})

    error = answer.json()["error"]
    assert (answer.status_code, error["param"]) == (400, "query")
    assert error["message"].startswith(words)


def test_a_search_must_say_what_for(running: Running) -> None:
    error = running.http("GET", "/v1/customers/search").json()["error"]

    assert (error["code"], error["param"]) == ("parameter_missing", "query")


def test_old_versions_have_no_search(running: Running) -> None:
    def asked(version: str) -> int:
        headers = {"Stripe-Version": version}
        query = {"query": "name:'a'"}
        return running.http("GET", "/v1/customers/search", params=query, headers=headers).status_code

    assert [asked("2020-03-02"), asked("2020-08-27"), asked(VERSION)] == [400, 200, 200]


def test_pages_of_what_was_found(client: Any, running: Running) -> None:
    made = [
        client.v1.customers.create({"name": "Alice", "metadata": {"number": str(number)}}).id for number in range(5)
    ]
    client.v1.customers.create({"name": "Bob"})

    first = client.v1.customers.search({"query": "name:'Alice'", "limit": 2, "expand": ["total_count"]})
    second = client.v1.customers.search({"query": "name:'Alice'", "limit": 2, "page": first.next_page})
    every = [one.id for one in client.v1.customers.search({"query": "name:'Alice'", "limit": 2}).auto_paging_iter()]

    assert (first.object, first.url, first.has_more, first.total_count) == (
        "search_result", "/v1/customers/search", True, 5,
    )  # fmt: skip
    assert [one.id for one in (*first.data, *second.data)] == made[::-1][:4]
    assert every == made[::-1]
    strange = running.http("GET", "/v1/customers/search", params={"query": "name:'Alice'", "page": "charges.2"})
    assert strange.json()["error"]["param"] == "page"


def test_what_was_found_is_expanded_and_the_deleted_is_not_found(client: Any) -> None:
    alice = client.v1.customers.create({"name": "Alice"}).id
    gone = client.v1.customers.create({"name": "Alice"}).id
    client.v1.customers.delete(gone)
    pays(client, 500, customer=alice)

    [found] = client.v1.payment_intents.search({"query": "amount:500", "expand": ["data.customer"]}).data

    assert found.customer.name == "Alice"
    assert [one.id for one in client.v1.customers.search({"query": "created>0"}).data] == [alice]


def test_products_and_prices_are_found(client: Any) -> None:
    mug = client.v1.products.create({"name": "Mug", "url": "https://shop.example/mug"})
    price = client.v1.prices.create({"unit_amount": 1999, "currency": "eur", "product": mug.id, "lookup_key": "mug"})

    assert [one.id for one in client.v1.products.search({"query": "name~'mug' AND active:'true'"}).data] == [mug.id]
    assert [one.id for one in client.v1.prices.search({"query": "lookup_key:'mug'"}).data] == [price.id]
    assert sdk_types.faults(price.to_dict(for_json=True)) == []


def test_the_index_may_be_behind(tmp_path: Any) -> None:
    clock = tmp_path / "clock"
    clock.write_text("0")
    with running_sandbox(tmp_path / "state", clock_file=clock) as running:
        client: Any = running.client()
        running.control("POST", "/search", delay=60)
        client.v1.customers.create({"name": "Alice"})
        early = client.v1.customers.search({"query": "name:'Alice'"}).data
        listed = client.v1.customers.list({}).data
        clock.write_text("+61")
        late = client.v1.customers.search({"query": "name:'Alice'"}).data

        assert (len(early), len(listed), len(late)) == (0, 1, 1)
        for delay in (4000, -1, "soon", None, [60]):
            assert running.http("POST", "/control/search", json={"delay": delay}).status_code == 400
