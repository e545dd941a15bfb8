"""Checkout Sessions: opened with the SDK, found again, ended by payment, by the shop or by time."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe

from tests.sandbox import sdk_types, shapes
from tests.sandbox.hosted import (
    CANCEL,
    CARD,
    GUEST,
    SUCCESS,
    customer_with,
    line,
    opened,
    paid,
    post,
    read,
    set_up,
    told_events,
)
from tests.sandbox.running import Running, running_sandbox, told


@pytest.fixture
def moved(tmp_path: Path) -> Iterator[tuple[Running, Path]]:
    clock = tmp_path / "clock"
    with running_sandbox(tmp_path / "moved.sqlite", clock_file=clock) as running:
        yield running, clock


def test_a_session_says_what_is_to_be_paid(client: Any, running: Running) -> None:
    session = opened(
        client,
        line_items=[line(1999, 2), line(250, name="Lid")],
        client_reference_id="ord_1",
        metadata={"order_id": "ord_1"},
        shipping_options=[
            {"shipping_rate_data": {"display_name": "Post", "fixed_amount": {"amount": 490, "currency": "eur"}}}
        ],
    )

    assert (session.amount_subtotal, session.amount_total, session.currency) == (4248, 4738, "eur")
    assert session.total_details.to_dict() == {"amount_discount": 0, "amount_shipping": 490, "amount_tax": 0}
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    assert (session.client_reference_id, session.metadata["order_id"]) == ("ord_1", "ord_1")
    assert session.url == f"{running.url}/pay/{session.id}"
    assert session.expires_at - session.created == 24 * 3600


@pytest.mark.parametrize(
    ("coupon", "discount"), [({"percent_off": 33.3}, 1665), ({"amount_off": 700, "currency": "eur"}, 700)]
)
def test_a_coupon_is_shared_among_the_lines_to_the_cent(client: Any, coupon: Any, discount: int) -> None:
    made = client.v1.coupons.create({**coupon, "duration": "once"})

    session = opened(
        client,
        line_items=[line(999, 3), line(1003), line(999)],
        discounts=[{"coupon": made.id}],
        expand=["line_items"],
    )

    lines = session.line_items.data
    assert session.total_details.amount_discount == discount
    assert sum(one.amount_discount for one in lines) == discount
    assert sum(one.amount_total for one in lines) == session.amount_total == 4999 - discount


def test_a_session_is_expired_by_the_shop_once_and_never_when_it_is_complete(client: Any) -> None:
    left, bought = opened(client), opened(client)
    paid(bought)

    gone = client.v1.checkout.sessions.expire(left.id)
    refusals = []
    for session in (left, bought):
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.checkout.sessions.expire(session.id)
        refusals.append(told(refusal).message)

    assert (gone.status, gone.url, gone.payment_status) == ("expired", None, "unpaid")
    assert ["status of expired" in refusals[0], "status of complete" in refusals[1]] == [True, True]
    assert told_events(client, "checkout") == ["checkout.session.completed", "checkout.session.expired"]


def test_nobody_pays_what_has_expired_and_what_was_begun_is_called_off(client: Any) -> None:
    session = opened(client)
    bank = paid(session, {**GUEST, "number": "4000000000003220"})
    begun = read(client, session).payment_intent

    client.v1.checkout.sessions.expire(session.id)
    late = post(session, GUEST)
    requests.post(bank, data={"answer": "approve"}, timeout=10, allow_redirects=False)

    assert "This page has expired" in late.text
    assert client.v1.payment_intents.retrieve(begun).status == "canceled"
    assert client.v1.charges.list().data == []


def test_a_session_expires_by_the_clock(moved: tuple[Running, Path]) -> None:
    running, clock = moved
    client: Any = running.client()
    short = opened(client, expires_at=int(time.time()) + 1860)
    long = opened(client)

    clock.write_text("+1900")
    late = post(short, GUEST)
    running.control("POST", "/tasks")

    assert "This page has expired" in late.text
    assert (read(client, short).status, read(client, long).status) == ("expired", "open")
    assert told_events(client, "checkout") == ["checkout.session.expired"]


def test_a_session_expires_by_itself_also_after_a_restart(tmp_path: Path) -> None:
    state, clock = tmp_path / "state.sqlite", tmp_path / "clock"
    with running_sandbox(state, clock_file=clock) as running:
        before: Any = running.client()
        session = opened(before)
    clock.write_text("+90000")
    with running_sandbox(state, clock_file=clock) as running:
        after: Any = running.client()
        deadline = time.monotonic() + 8
        while read(after, session).status == "open" and time.monotonic() < deadline:
            time.sleep(0.05)

        assert read(after, session).status == "expired"


@pytest.mark.parametrize("mode", ["payment", "setup"])
def test_the_intent_of_a_session_is_left_to_its_page(client: Any, mode: str) -> None:
    if mode == "payment":
        session = opened(client)
        post(session, {**GUEST, "number": "4000000000000002"})
        intents, intent = client.v1.payment_intents, read(client, session).payment_intent
    else:
        session = set_up(client)
        intents, intent = client.v1.setup_intents, session.setup_intent

    for refused in (
        partial(intents.confirm, intent, {"payment_method": "pm_card_visa", "return_url": CANCEL}),
        partial(intents.cancel, intent),
    ):
        with pytest.raises(stripe.InvalidRequestError, match="created by a Checkout Session"):
            refused()


@pytest.mark.parametrize(
    ("params", "param", "code"),
    [
        ({"mode": "subscription"}, "mode", None),
        ({"ui_mode": "hosted"}, "ui_mode", None),
        ({"ui_mode": "elements"}, "ui_mode", None),
        ({"payment_method_types": ["card"]}, "payment_method_types", "payment_method_types_no_longer_supported"),
        ({"success_url": "javascript:alert(1)"}, "success_url", "url_invalid"),
        ({"expires_at": int(time.time()) + 600}, "expires_at", None),
        ({"expires_at": int(time.time()) + 90000}, "expires_at", None),
        ({"customer": "cus_none"}, "customer", "resource_missing"),
        ({"customer_email": "nobody"}, "customer_email", "email_invalid"),
        ({"line_items": [{"quantity": 1, "price": "price_none"}]}, "line_items[0][price]", "resource_missing"),
        ({"line_items": [line(), line(currency="usd")]}, "line_items", None),
        ({"line_items": [line(10)]}, "amount", "amount_too_small"),
        ({"line_items": [line(quantity=0)]}, "line_items[0][quantity]", "parameter_invalid_integer"),
        ({"line_items": [{**line(), "colour": "red"}]}, "line_items[0][colour]", "parameter_unknown"),
        ({"discounts": [{"coupon": "none"}]}, "discounts[0][coupon]", "resource_missing"),
        ({"mode": "setup"}, "line_items", None),
    ],
)
def test_what_cannot_be_opened(client: Any, params: Any, param: str, code: str | None) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        opened(client, **params)

    assert (refusal.value.http_status, told(refusal).param, told(refusal).code) == (400, param, code)
    assert client.v1.checkout.sessions.list().data == []


@pytest.mark.parametrize("missing", ["mode", "success_url", "line_items"])
def test_what_must_be_told(client: Any, missing: str) -> None:
    params = {"mode": "payment", "line_items": [line()], "success_url": SUCCESS}
    del params[missing]

    with pytest.raises(stripe.InvalidRequestError, match=f"Missing required param: {missing}"):
        client.v1.checkout.sessions.create(params)


def test_an_old_version_may_speak_as_it_did(running: Running) -> None:
    old: Any = running.client(version="2025-09-30.clover")

    session = opened(old, ui_mode="hosted", payment_method_types=["card"])

    assert (session.ui_mode, session.payment_method_types) == ("hosted_page", ["card"])


def test_one_key_opens_one_session(client: Any) -> None:
    params = {"mode": "payment", "line_items": [line()], "success_url": SUCCESS}

    first, second = (client.v1.checkout.sessions.create(params, {"idempotency_key": "attempt-1"}) for _ in range(2))

    assert first.id == second.id
    assert len(client.v1.checkout.sessions.list().data) == 1


def test_sessions_are_found_by_what_they_are_about(client: Any) -> None:
    customer = customer_with(client)
    mine, guests = opened(client, customer=customer.id), opened(client, customer_email="bob@example.com")
    paid(guests, CARD)

    def found(**params: Any) -> list[str]:
        return [session.id for session in client.v1.checkout.sessions.list(params).data]

    assert found() == [guests.id, mine.id]
    assert found(customer=customer.id) == found(status="open") == [mine.id]
    assert found(customer_details={"email": "bob@example.com"}) == [guests.id]
    assert found(payment_intent=read(client, guests).payment_intent) == [guests.id]


def test_lines_are_told_in_their_order_and_page_by_page(client: Any) -> None:
    session = opened(client, line_items=[line(name=name) for name in ("Mug", "Lid", "Spoon")])

    first = client.v1.checkout.sessions.line_items.list(session.id, {"limit": 2})
    rest = client.v1.checkout.sessions.line_items.list(session.id, {"starting_after": first.data[-1].id})

    assert [one.description for one in first.data] == ["Mug", "Lid"]
    assert (first.has_more, [one.description for one in rest.data]) == (True, ["Spoon"])


def test_a_price_of_the_catalogue_is_sold(client: Any) -> None:
    product = client.v1.products.create({"name": "Teapot"})
    price = client.v1.prices.create({"product": product.id, "currency": "eur", "unit_amount": 2400})

    session = opened(client, line_items=[{"price": price.id, "quantity": 2}], expand=["line_items.data.price.product"])

    (sold,) = session.line_items.data
    assert (session.amount_total, sold.price.id, sold.price.product.name) == (4800, price.id, "Teapot")


def test_metadata_may_be_added_later_and_nothing_else(client: Any) -> None:
    session = opened(client, metadata={"a": "1"})

    changed = client.v1.checkout.sessions.update(session.id, {"metadata": {"b": "2"}})
    with pytest.raises(stripe.InvalidRequestError, match="metadata alone"):
        client.v1.checkout.sessions.update(session.id, {"line_items": [line()]})

    assert changed.metadata.to_dict() == {"a": "1", "b": "2"}


def test_a_payment_held_is_paid_once_it_is_captured(client: Any) -> None:
    session = opened(client, payment_intent_data={"capture_method": "manual"})
    paid(session)
    held = read(client, session)

    client.v1.payment_intents.capture(held.payment_intent)

    assert (held.status, held.payment_status) == ("complete", "unpaid")
    assert read(client, session).payment_status == "paid"


def test_every_shape_is_stripes(client: Any, running: Running) -> None:
    customer = customer_with(client, "pm_card_visa")
    coupon = client.v1.coupons.create({"percent_off": 10})
    rate = {"display_name": "Post", "fixed_amount": {"amount": 490, "currency": "eur"}}
    session = opened(
        client,
        customer=customer.id,
        shipping_options=[{"shipping_rate_data": rate}],
        shipping_address_collection={"allowed_countries": ["DE"]},
        saved_payment_method_options={"payment_method_save": "enabled"},
        discounts=[{"coupon": coupon.id}],
        after_expiration={"recovery": {"enabled": True}},
    )
    opened(client)
    set_up(client)
    paid(opened(client))
    client.v1.checkout.sessions.expire(session.id)

    told_of = running.http("GET", "/v1/checkout/sessions", params={"expand[]": "data.line_items"}).json()["data"]
    events = running.http("GET", "/v1/events", params={"limit": "100"}).json()["data"]
    others = [
        running.http("GET", f"/v1/{kind}").json()["data"]
        for kind in ("products", "prices", "coupons", "shipping_rates")
    ]

    assert [len(told_of), *[len(found) for found in others]] == [4, 3, 3, 1, 1]
    for document in [
        *told_of,
        *(one for found in others for one in found),
        *[event["data"]["object"] for event in events],
    ]:
        known = document["object"] != "shipping_rate"
        assert (shapes.faults(document) if known else []) + sdk_types.faults(document) == []
