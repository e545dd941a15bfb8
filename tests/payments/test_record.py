"""The funnel: what each piece of news does to what stands, and what it leaves alone."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from storefront.core.database import TransactionError, current_session, transaction
from storefront.orders.models import OrderStatus
from storefront.payments.ledger.models import AttemptState, IntentState, PaymentStatus, RefundState, Source
from storefront.payments.ledger.record import ForeignObjectError, MismatchError, apply_update, record, record_or_note
from storefront.stripe import statuses
from storefront.stripe.api import fetch_intent
from storefront.stripe.objects import AttemptAbandoned, AttemptUpdate, DisputeUpdate, RefundUpdate
from storefront.webhooks.models import Unmatched
from tests.payments.conftest import PRICE, Books

SENDING, UNKNOWN, DECLINED, REFUSED = (
    AttemptState.sending,
    AttemptState.unknown,
    AttemptState.declined,
    AttemptState.refused,
)
CHALLENGED, PROCESSING, SUPERSEDED = AttemptState.requires_action, AttemptState.processing, AttemptState.superseded


@pytest.mark.parametrize(
    ("status", "answers", "attempt", "order"),
    [
        (statuses.SUCCEEDED, True, AttemptState.succeeded, OrderStatus.paid),
        (statuses.SUCCEEDED, False, AttemptState.succeeded, OrderStatus.paid),
        (statuses.CANCELED, True, SUPERSEDED, OrderStatus.canceled),
        (statuses.CANCELED, False, SUPERSEDED, OrderStatus.canceled),
        (statuses.REQUIRES_ACTION, True, CHALLENGED, OrderStatus.pending),
        (statuses.REQUIRES_ACTION, False, SENDING, OrderStatus.pending),
        (statuses.PROCESSING, True, PROCESSING, OrderStatus.pending),
        (statuses.PROCESSING, False, SENDING, OrderStatus.pending),
        (statuses.REQUIRES_PAYMENT_METHOD, True, DECLINED, OrderStatus.failed),
        (statuses.REQUIRES_PAYMENT_METHOD, False, SENDING, OrderStatus.pending),
        ("requires_capture", True, SENDING, OrderStatus.pending),
        ("never_heard_of", True, SENDING, OrderStatus.pending),
    ],
)
def test_an_intent_while_an_attempt_is_sending(
    books: Books,
    status: str,
    answers: bool,  # noqa: FBT001
    attempt: AttemptState,
    order: OrderStatus,
) -> None:
    placed = books.place()

    books.tell(placed, status, answer_to=1 if answers else 0)

    assert books.payment(placed).attempts[0].state is attempt
    assert books.order(placed).status is order


@pytest.mark.parametrize(("asked_after", "state"), [(1, DECLINED), (None, CHALLENGED)])
def test_a_challenge_is_closed_only_by_a_look_asked_after_it(
    books: Books, asked_after: int | None, state: AttemptState
) -> None:
    placed = books.place()
    books.tell(placed, statuses.REQUIRES_ACTION, answer_to=1)

    books.tell(placed, statuses.REQUIRES_PAYMENT_METHOD, looked_at_challenge=asked_after)

    assert books.payment(placed).attempts[0].state is state


@pytest.mark.parametrize("first", [statuses.SUCCEEDED, statuses.CANCELED])
@pytest.mark.parametrize(
    "later", [statuses.PROCESSING, statuses.REQUIRES_ACTION, statuses.CANCELED, "requires_capture"]
)
def test_the_end_of_an_intent_is_for_good(books: Books, first: str, later: str) -> None:
    placed = books.place()
    books.tell(placed, first)
    stood = (books.payment(placed).status, books.order(placed).status, books.payment(placed).attempts[0].state)

    books.tell(placed, later, answer_to=1)

    after = (books.payment(placed).status, books.order(placed).status, books.payment(placed).attempts[0].state)
    assert after == stood


@pytest.mark.parametrize(
    "lie",
    [{"amount": 1}, {"currency": "usd"}, {"customer": None}, {"livemode": True}],
)
def test_what_does_not_fit_changes_nothing(books: Books, lie: dict[str, Any]) -> None:
    placed = books.place()

    with pytest.raises(MismatchError):
        books.tell(placed, statuses.SUCCEEDED, **lie)

    assert books.payment(placed).intent_state is IntentState.open
    assert books.payment(placed).stripe_payment_intent_id is None


def test_whose_intent_it_is(books: Books) -> None:
    placed = books.place()

    with pytest.raises(ForeignObjectError):
        books.tell(placed, statuses.SUCCEEDED, shop="another")
    with pytest.raises(ForeignObjectError):
        books.tell(placed, statuses.SUCCEEDED, shop=None, order=None)
    with pytest.raises(MismatchError):
        books.tell(placed, statuses.SUCCEEDED, order="0" * 32)
    with pytest.raises(MismatchError):
        books.tell(placed, statuses.SUCCEEDED, order=None)
    books.tell(placed, statuses.REQUIRES_ACTION, answer_to=1)
    with pytest.raises(MismatchError, match="has intent"):
        books.tell(placed, statuses.SUCCEEDED, intent="pi_another")


@pytest.mark.parametrize("method", ["pm_alice", None, "pm_unknown"])
def test_who_won(books: Books, method: str | None) -> None:
    placed = books.place()
    books.tell(placed, statuses.REQUIRES_PAYMENT_METHOD, answer_to=1)
    books.try_next(placed)

    books.tell(placed, statuses.SUCCEEDED, method=method)

    assert [one.state for one in books.payment(placed).attempts] == [DECLINED, AttemptState.succeeded]


def test_money_for_a_canceled_order_goes_back_once(books: Books) -> None:
    placed = books.place()
    stock = books.stock()
    record(AttemptUpdate(Source.api, placed.sendings[0].attempt_id, placed.order_id, AttemptState.never_sent))
    record(AttemptAbandoned(Source.api, placed.order_id))

    books.tell(placed, statuses.SUCCEEDED)
    books.tell(placed, statuses.SUCCEEDED, source=Source.webhook)

    [late] = books.payment(placed).refunds
    assert (late.kind.value, late.amount, late.state) == ("late", PRICE, RefundState.sending)
    assert books.order(placed).status is OrderStatus.canceled
    assert books.payment(placed).status is PaymentStatus.succeeded
    assert books.stock() == stock + 1


def test_refused_is_not_asked_again(books: Books) -> None:
    placed = books.place()
    refused = AttemptUpdate(
        Source.api, placed.sendings[0].attempt_id, placed.order_id, REFUSED, code="parameter_unknown"
    )

    record(refused)
    record(replace(refused, state=UNKNOWN, code=""))

    [attempt] = books.payment(placed).attempts
    assert (attempt.state, attempt.decline_code) == (REFUSED, "parameter_unknown")
    assert books.order(placed).status is OrderStatus.failed


def test_a_refund_in_another_currency(books: Books) -> None:
    placed = books.paid()
    foreign = RefundUpdate(Source.webhook, "re_1", None, placed.intent, 100, "usd", "succeeded", "")

    with pytest.raises(MismatchError):
        record(foreign)

    assert books.payment(placed).refunds == []


def test_a_refund_in_a_state_we_never_heard_of_is_pending(books: Books) -> None:
    placed = books.paid()

    record(RefundUpdate(Source.webhook, "re_1", None, placed.intent, 100, "eur", "levitating", ""))

    assert [one.state for one in books.payment(placed).refunds] == [RefundState.pending]


def test_an_older_look_at_a_dispute_is_dropped(books: Books) -> None:
    placed = books.paid()
    told = DisputeUpdate(
        Source.webhook, "dp_1", placed.intent, "ch_1", "lost", "fraudulent", PRICE, "eur", None, number=2
    )
    record(told)

    record(replace(told, status="needs_response", number=1))
    record(replace(told, number=3))

    assert [(one.status, one.looks_seen) for one in books.payment(placed).disputes] == [("lost", 3)]


def test_what_is_no_news(books: Books) -> None:
    with pytest.raises(TypeError), transaction():
        apply_update("something")


def test_the_network_is_refused_inside_a_transaction(books: Books) -> None:
    with pytest.raises(TransactionError), transaction():
        fetch_intent("pi_1")


def test_a_refund_in_another_currency_is_kept_for_the_owner(books: Books) -> None:
    placed = books.place()
    record(books.told(placed, statuses.SUCCEEDED))
    told = RefundUpdate(
        source=Source.webhook, stripe_refund="re_odd", refund=None, intent=placed.intent, amount=100, currency="usd",
        status="succeeded", failure_reason="",
    )  # fmt: skip

    record_or_note(told)

    [kept] = current_session().scalars(select(Unmatched)).all()
    assert (kept.object_id, kept.amount, kept.currency) == ("re_odd", 100, "usd")
    assert books.payment(placed).amount_refunded == 0
