"""The page of a Checkout Session, as a browser without scripts uses it: forms and redirects."""

import re
from typing import Any

import pytest
import requests

from tests.sandbox.hosted import (
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
from tests.sandbox.running import Running


def test_a_guest_pays_on_the_page(client: Any) -> None:
    session = opened(client, payment_intent_data={"metadata": {"order_id": "ord_1"}, "description": "Order 1"})

    went_to = paid(session)

    done = read(client, session, expand=["payment_intent.latest_charge"])
    assert went_to == SUCCESS.replace("{CHECKOUT_SESSION_ID}", session.id)
    assert (done.status, done.payment_status, done.url, done.customer) == ("complete", "paid", None, None)
    assert done.customer_details.email == "guest@example.com"
    intent = done.payment_intent
    assert (intent.status, intent.amount_received, intent.metadata["order_id"]) == ("succeeded", 1999, "ord_1")
    assert intent.latest_charge.billing_details.email == "guest@example.com"
    assert told_events(client, "payment_intent.s", "checkout") == [
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


def test_a_second_click_charges_nothing_and_leads_to_the_shop(client: Any) -> None:
    session = opened(client)

    first, second = paid(session), paid(session)

    assert first == second
    assert len(client.v1.charges.list().data) == 1


def test_a_declined_card_is_told_in_place_and_another_pays_the_same_intent(client: Any) -> None:
    session = opened(client)

    declined = post(session, {**GUEST, "number": "4000000000009995"})
    asked = read(client, session)
    paid(session)

    assert (declined.status_code, "Your card has insufficient funds." in declined.text) == (402, True)
    assert "4000000000009995" not in declined.text
    assert (asked.status, asked.payment_status) == ("open", "unpaid")
    assert [charge.paid for charge in client.v1.charges.list({"payment_intent": asked.payment_intent}).data] == [
        True,
        False,
    ]
    assert read(client, session).payment_intent == asked.payment_intent


@pytest.mark.parametrize(
    ("entered", "field", "status"),
    [
        ({"number": ""}, "number", 422),
        ({"number": "4242424242424241"}, "number", 402),
        ({"expiry": "soon"}, "expiry", 422),
        ({"expiry": "12/20"}, "expiry", 402),
        ({"expiry": "13/34"}, "expiry", 402),
        ({"cvc": ""}, "cvc", 422),
        ({"cvc": "12"}, "cvc", 402),
        ({"email": "guest"}, "email", 422),
    ],
)
def test_what_is_wrong_is_told_at_its_field(client: Any, entered: dict[str, str], field: str, status: int) -> None:
    session = opened(client)

    answer = post(session, {**GUEST, **entered})

    assert (answer.status_code, f'id="{field}-fault"' in answer.text) == (status, True)
    assert client.v1.charges.list().data == []


@pytest.mark.parametrize("expiry", ["12/34", "1234", "12 / 2034", "12-34"])
def test_an_expiry_may_be_written_in_many_ways(client: Any, expiry: str) -> None:
    session = opened(client)

    paid(session, {**GUEST, "expiry": expiry})

    assert client.v1.charges.list().data[0].payment_method_details.card.exp_year == 2034


@pytest.mark.parametrize(("answer", "status"), [("approve", "complete"), ("refuse", "open")])
def test_the_bank_asks_in_the_full_page(client: Any, answer: str, status: str) -> None:
    session = opened(client)

    bank = paid(session, {**GUEST, "number": "4000000000003220"})
    back = requests.post(bank, data={"answer": answer}, timeout=10, allow_redirects=False).headers["Location"]
    ended = read(client, session)
    last = requests.get(back, timeout=10, allow_redirects=False).headers["Location"]

    assert ended.status == status
    if status == "complete":
        assert last == SUCCESS.replace("{CHECKOUT_SESSION_ID}", session.id)
    else:
        shown = requests.get(session.url, timeout=10).text
        assert last == f"../{session.id}"
        assert "We are unable to authenticate your payment method." in shown
        assert paid(session) == SUCCESS.replace("{CHECKOUT_SESSION_ID}", session.id)


def test_a_saved_card_pays_without_being_typed(client: Any) -> None:
    customer = customer_with(client, "pm_card_visa", "pm_card_mastercard")
    session = opened(client, customer=customer.id)

    page = requests.get(session.url, timeout=10).text
    shown = re.findall(r'name="card"\s+value="(pm_\w+)"', page)
    paid(session, {"card": shown[0]})

    done = read(client, session, expand=["payment_intent.payment_method"])
    assert (len(shown), "alice@example.com" in page, 'id="email"' in page) == (2, True, False)
    assert (done.customer, done.payment_intent.payment_method.card.brand) == (customer.id, "mastercard")


def test_only_cards_that_may_be_shown_are_shown(client: Any) -> None:
    customer = customer_with(client, "pm_card_visa", redisplay="limited")

    strict = opened(client, customer=customer.id)
    wide = opened(
        client,
        customer=customer.id,
        saved_payment_method_options={"allow_redisplay_filters": ["always", "limited", "unspecified"]},
    )

    assert ["•• 4242" in requests.get(one.url, timeout=10).text for one in (strict, wide)] == [False, True]


def test_nobody_pays_with_the_card_of_somebody_else(client: Any) -> None:
    alice, bob = customer_with(client, "pm_card_visa"), customer_with(client)
    (card,) = client.v1.customers.payment_methods.list(alice.id).data
    session = opened(client, customer=bob.id)

    answer = post(session, {"card": card.id})

    assert answer.status_code == 422
    assert client.v1.charges.list().data == []


@pytest.mark.parametrize(("ticked", "kept"), [({"save": "yes"}, ["always"]), ({}, [])])
def test_a_customer_chooses_to_keep_the_card(client: Any, ticked: dict[str, str], kept: list[str]) -> None:
    customer = customer_with(client)
    session = opened(client, customer=customer.id, saved_payment_method_options={"payment_method_save": "enabled"})

    paid(session, {**CARD, **ticked})

    cards = client.v1.customers.payment_methods.list(customer.id).data
    assert [card.allow_redisplay for card in cards] == kept


def test_a_guest_who_keeps_the_card_becomes_a_customer_and_another_does_not(client: Any) -> None:
    options = {"saved_payment_method_options": {"payment_method_save": "enabled"}}
    keeps, leaves = opened(client, **options), opened(client, **options)

    paid(keeps, {**GUEST, "save": "yes"})
    paid(leaves)

    (customer,) = client.v1.customers.list().data
    assert (read(client, keeps).customer, read(client, leaves).customer) == (customer.id, None)
    assert customer.email == "guest@example.com"
    assert len(client.v1.customers.payment_methods.list(customer.id).data) == 1


@pytest.mark.parametrize(
    "params",
    [{"customer_creation": "always"}, {"payment_intent_data": {"setup_future_usage": "off_session"}}],
)
def test_a_customer_is_made_once_where_the_shop_asks(client: Any, params: Any) -> None:
    session = opened(client, customer_email="bob@example.com", **params)

    post(session, {**CARD, "number": "4000000000000002"})
    paid(session, CARD)

    (customer,) = client.v1.customers.list().data
    assert (customer.email, read(client, session).customer) == ("bob@example.com", customer.id)


def test_a_saved_card_is_removed_where_that_is_allowed(client: Any) -> None:
    customer = customer_with(client, "pm_card_visa")
    (card,) = client.v1.customers.payment_methods.list(customer.id).data
    allowed = opened(client, customer=customer.id, saved_payment_method_options={"payment_method_remove": "enabled"})
    not_allowed = opened(client, customer=customer.id)

    refused = post(not_allowed, {"card": card.id}, "/removal").status_code
    before = len(client.v1.customers.payment_methods.list(customer.id).data)
    done = post(allowed, {"card": card.id}, "/removal").status_code

    assert (refused, before, done) == (404, 1, 303)
    assert client.v1.customers.payment_methods.list(customer.id).data == []


def test_a_card_is_saved_without_paying(client: Any) -> None:
    customer = customer_with(client)
    session = set_up(client, customer=customer.id, setup_intent_data={"metadata": {"user": "7"}})

    paid(session, CARD)

    done = read(client, session, expand=["setup_intent"])
    (card,) = client.v1.customers.payment_methods.list(customer.id).data
    assert (done.status, done.payment_status, done.payment_intent) == ("complete", "no_payment_required", None)
    assert (done.setup_intent.status, done.setup_intent.payment_method) == ("succeeded", card.id)
    assert done.setup_intent.metadata["user"] == "7"
    assert (done.amount_total, card.allow_redisplay) == (None, "limited")


def test_a_card_to_be_saved_is_declined_or_asked_about_by_its_bank(client: Any) -> None:
    customer = customer_with(client)
    session = set_up(client, customer=customer.id)

    declined = post(session, {**CARD, "number": "4000000000000002"})
    bank = paid(session, {**CARD, "number": "4000002500003155"})
    requests.post(bank, data={"answer": "approve"}, timeout=10, allow_redirects=False)

    assert (declined.status_code, "Your card was declined." in declined.text) == (402, True)
    assert read(client, session).status == "complete"
    assert len(client.v1.customers.payment_methods.list(customer.id).data) == 1


def test_the_customer_chooses_a_way_of_shipping_and_tells_where(client: Any) -> None:
    rates = [
        {"shipping_rate_data": {"display_name": name, "fixed_amount": {"amount": amount, "currency": "eur"}}}
        for name, amount in (("Post", 490), ("Courier", 990))
    ]
    session = opened(client, shipping_options=rates, shipping_address_collection={"allowed_countries": ["DE", "AT"]})
    where = {"name": "Alice", "line1": "Weg 1", "city": "Bonn", "postal_code": "53111", "country": "DE"}

    refused = post(session, {**GUEST, **where, "country": "FR"})
    paid(session, {**GUEST, **where, "shipping_rate": session.shipping_options[1].shipping_rate})

    done = read(client, session, expand=["payment_intent"])
    assert (refused.status_code, 'id="country-fault"' in refused.text) == (422, True)
    assert (done.amount_total, done.payment_intent.amount) == (2989, 2989)
    assert done.shipping_cost.shipping_rate == session.shipping_options[1].shipping_rate
    assert done.collected_information.shipping_details.address.city == "Bonn"
    assert done.payment_intent.shipping.address.country == "DE"


def test_what_costs_nothing_needs_no_card(client: Any) -> None:
    session = opened(client, line_items=[line(0)])

    page = requests.get(session.url, timeout=10).text
    paid(session, {"email": "guest@example.com"})

    done = read(client, session)
    assert 'id="number"' not in page
    assert (done.status, done.payment_status, done.payment_intent) == ("complete", "no_payment_required", None)


@pytest.mark.parametrize(("outcome", "payment"), [("succeeded", "paid"), ("failed", "unpaid")])
def test_a_payment_that_takes_its_time(client: Any, running: Running, outcome: str, payment: str) -> None:
    session = opened(client)
    running.control("POST", f"/checkout_sessions/{session.id}", pays="later")

    paid(session)
    between = read(client, session, expand=["payment_intent"])
    running.control("POST", f"/checkout_sessions/{session.id}", outcome=outcome)

    assert (between.status, between.payment_status, between.payment_intent.status) == (
        "complete",
        "unpaid",
        "processing",
    )
    assert read(client, session).payment_status == payment
    assert told_events(client, "checkout") == [
        "checkout.session.completed",
        f"checkout.session.async_payment_{outcome}",
    ]


def test_an_expired_session_can_be_taken_up_again(client: Any, running: Running) -> None:
    session = opened(client, line_items=[line(1999, 2)], after_expiration={"recovery": {"enabled": True}})
    recovery = client.v1.checkout.sessions.expire(session.id).after_expiration.recovery

    offered = requests.get(recovery.url, timeout=10).text
    requests.post(recovery.url, timeout=10)

    (again,) = client.v1.checkout.sessions.list({"status": "open"}).data
    assert "Begin again" in offered
    assert (again.recovered_from, again.amount_total) == (session.id, 3998)
    assert paid(again) == SUCCESS.replace("{CHECKOUT_SESSION_ID}", again.id)


def test_the_page_runs_nothing_and_is_framed_by_nobody(client: Any) -> None:
    session = opened(client, line_items=[line(name="<script>alert(1)</script>")])

    page = requests.get(session.url, timeout=10)

    policy = page.headers["Content-Security-Policy"]
    assert ("script-src" in policy, "frame-ancestors 'none'" in policy) == (False, True)
    assert re.findall(r"<script|<style|\sstyle=|\son\w+=", page.text) == []


def test_an_unknown_session_gets_a_calm_page(running: Running) -> None:
    answer = running.http("GET", "/pay/cs_test_none", key=None)

    assert (answer.status_code, "There is nothing to pay here" in answer.text) == (404, True)
