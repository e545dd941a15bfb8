"""The line to Stripe: an answer, a refusal, or not known; and nobody waits long for it."""

import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from storefront.core.clock import now
from storefront.core.database import TransactionError, transaction
from storefront.core.errors import BusyError
from storefront.payments.ledger.models import AttemptState, PaymentAttempt
from storefront.sandbox.webhooks import signature
from storefront.stripe.api import (
    INTENT_PARTS,
    allow_redisplay,
    cancel_intent,
    cancel_setup_intent,
    check_signature,
    customers_since,
    delete_customer,
    detach_card,
    fetch_card,
    fetch_customer,
    fetch_dispute,
    fetch_event,
    fetch_intent,
    fetch_refund,
    fetch_setup_intent,
    intents_since,
    send_payment,
    update_customer,
)
from storefront.stripe.client import FAILURES_BEFORE_PAUSE, MAX_CONCURRENT_WRITES, StripeConnection
from storefront.stripe.errors import OutcomeUnknownError, StripeRefusedError
from storefront.stripe.guard import write_slot
from tests.people import Shopper
from tests.stack import Sandbox, Shop

BOTH_TRIES = 2
CUSTOMERS = "/v1/customers"


def request_for(person: Shopper, **other: Any) -> dict[str, Any]:
    """What would be sent for a teapot, with her Visa."""
    params = {
        "amount": 2400,
        "currency": "eur",
        "customer": person.customer,
        "confirm": True,
        "return_url": "https://shop.test/back",
        "payment_method": person.card_at_stripe(),
        "expand": INTENT_PARTS,
    }
    return {"params": {name: value for name, value in (params | other).items() if value is not None}}


def gateway_of(shop: Shop) -> StripeConnection:
    gateway: StripeConnection = shop.app.extensions["stripe_gateway"]
    return gateway


def test_a_decline_is_the_intent_it_left(shop: Shop, alice: Shopper) -> None:
    alice.has_card("pm_card_chargeCustomerFail")
    request = request_for(alice, payment_method=alice.card_at_stripe("pm_card_chargeCustomerFail"))

    with shop.inside():
        facts = send_payment("create", request, secrets.token_hex(8))

    assert (facts["status"], facts["last_payment_error"]["code"]) == ("requires_payment_method", "card_declined")
    assert alice.charged() == []


def test_a_card_refused_before_there_was_an_intent_is_a_refusal(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.fault("decline_402", code="incorrect_number")

    clicked = alice.buys()

    assert clicked.state == "declined"
    assert alice.orders() == [("Teapot", "failed")]
    assert shop.all(PaymentAttempt.state, PaymentAttempt.decline_code) == [(AttemptState.refused, "incorrect_number")]
    assert shop.intents() == []
    assert alice.charged() == []


def test_the_same_key_for_another_request_is_named(shop: Shop, alice: Shopper) -> None:
    key = secrets.token_hex(8)
    with shop.inside():
        send_payment("create", request_for(alice), key)

        with pytest.raises(StripeRefusedError) as refused:
            send_payment("create", request_for(alice, amount=9900), key)

    assert (refused.value.code, refused.value.status) == ("idempotency_error", 400)
    assert [one.minor for one in alice.charged()] == [2400]


@pytest.mark.parametrize(
    ("kind", "charged"),
    [
        ("cut_before", 0),
        ("cut_after", 1),
        ("error_before", 0),
        ("error_after", 1),
        ("rate_limit_429", 0),
    ],
)
def test_without_an_answer_nothing_is_claimed(
    shop: Shop, sandbox: Sandbox, alice: Shopper, kind: str, charged: int
) -> None:
    sandbox.fault(kind, times=BOTH_TRIES)

    with shop.inside(), pytest.raises(OutcomeUnknownError):
        send_payment("create", request_for(alice), secrets.token_hex(8))

    assert len(alice.charged()) == charged


def test_after_failures_in_a_row_paying_pauses_for_a_moment(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    gateway = gateway_of(shop)
    sandbox.fault("cut_before", f"{CUSTOMERS}/*", verb="GET", times=100)

    with shop.inside():
        for _ in range(FAILURES_BEFORE_PAUSE):
            with pytest.raises(OutcomeUnknownError):
                fetch_customer(alice.customer)
        clicked = alice.buys()
        with pytest.raises(BusyError, match="does not answer just now"), write_slot():
            pass
        placed = alice.orders()
        gateway.paused_until = time.monotonic()
        later = alice.buys()

    assert (clicked.status, placed) == (503, [])
    assert later.state == "paid"
    assert alice.orders() == [("Teapot", "paid")]


def test_an_answer_in_between_ends_the_row(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.fault("cut_before", f"{CUSTOMERS}/*", verb="GET", times=(FAILURES_BEFORE_PAUSE - 1) * 2)

    with shop.inside():
        for _ in range(FAILURES_BEFORE_PAUSE - 1):
            with pytest.raises(OutcomeUnknownError):
                fetch_customer(alice.customer)
        fetch_customer(alice.customer)

    assert gateway_of(shop).failures == 0
    assert alice.buys().state == "paid"


@pytest.mark.parametrize("road", ["product", "cart"])
def test_with_all_seats_taken_a_paid_button_is_not_told_that_nothing_was_charged(
    shop: Shop, alice: Shopper, road: str
) -> None:
    alice.puts_in_cart("Mug")
    button = alice.one_click_button() if road == "product" else alice.cart_button()
    alice.presses(button)

    seats = shop.app.extensions["stripe_gateway"].seats
    for _ in range(MAX_CONCURRENT_WRITES):
        seats.acquire()
    answer = alice.presses(button)

    assert (answer.status, answer.state) == (200, "paid")
    assert len(alice.charged()) == len(shop.order_ids()) == 1


def test_when_all_seats_are_taken_nothing_is_placed(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    form = alice.one_click_button()

    with shop.inside(), ExitStack() as taken:
        for _ in range(MAX_CONCURRENT_WRITES):
            taken.enter_context(write_slot())
        with pytest.raises(BusyError), write_slot():
            pass
        turned_away = alice.presses(form)
        placed = alice.orders()

    assert (turned_away.status, placed) == (503, [])
    assert alice.presses(form).state == "paid"


@pytest.mark.parametrize(
    "ask",
    [
        fetch_intent,
        cancel_intent,
        fetch_refund,
        fetch_dispute,
        delete_customer,
        fetch_customer,
        fetch_card,
        detach_card,
        allow_redisplay,
        cancel_setup_intent,
        fetch_setup_intent,
        fetch_event,
        lambda name: update_customer(name, {}),
    ],
)
def test_without_an_id_there_is_no_question(shop: Shop, sandbox: Sandbox, ask: Callable[[str], object]) -> None:
    with shop.inside(), pytest.raises(ValueError, match="an empty id"):
        ask("")

    assert sandbox.requests("GET", "/v1/") == []
    assert sandbox.requests("DELETE", "/v1/") == []


def test_what_lies_on_the_second_page_is_found(shop: Shop, sandbox: Sandbox) -> None:
    since = shop.seconds_now() - 5
    email = f"{secrets.token_hex(4)}@example.org"
    made = [sandbox.stripe.v1.customers.create({"email": email}).id for _ in range(102)]

    with shop.inside():
        found = customers_since(since, email)

    assert {one["id"] for one in found} == set(made)
    assert len(sandbox.requests("GET", CUSTOMERS)) == BOTH_TRIES


def test_intents_of_one_customer_or_of_all(shop: Shop, alice: Shopper, bob: Shopper) -> None:
    since = shop.seconds_now() - 60
    alice.buys()
    bob.buys("Mug")
    alices, bobs = shop.intents()

    with shop.inside():
        of_alice = [one["id"] for one in intents_since(alice.customer, since)]
        of_all = [one["id"] for one in intents_since(None, since)]

    assert of_alice == [alices]
    assert {alices, bobs} <= set(of_all)


def test_a_look_that_is_refused_tells_nothing(shop: Shop) -> None:
    with shop.inside(), pytest.raises(OutcomeUnknownError):
        fetch_intent("pi_unknown")


def test_never_inside_a_transaction(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.control("DELETE", "/requests")

    with shop.inside(), pytest.raises(TransactionError), transaction():
        fetch_customer(alice.customer)

    assert sandbox.requests("GET", CUSTOMERS) == []


@pytest.mark.parametrize(
    ("signed_with", "seconds_ago", "good"),
    [
        ("whsec_a", 0, True),
        ("whsec_b", 299, True),
        ("whsec_c", 0, False),
        ("whsec_a", 301, False),
        ("whsec_b", -301, False),
    ],
)
def test_a_signature_of_one_of_the_secrets_within_five_minutes(
    signed_with: str,
    seconds_ago: int,
    good: bool,  # noqa: FBT001
) -> None:
    header = signature(b"{}", [signed_with], int(now().timestamp()) - seconds_ago)

    assert check_signature("{}", header, ("whsec_a", "whsec_b")) is good
