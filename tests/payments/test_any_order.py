"""The same news in any order, some of it twice: the same rows."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect, select, update

from storefront.core.clock import now
from storefront.core.database import current_session, transaction
from storefront.core.mail.models import OutboundMail
from storefront.payments import hosted
from storefront.payments.ledger.effects import new_refund
from storefront.payments.ledger.models import (
    AttemptState,
    PaymentAttempt,
    PaymentEvent,
    RefundKind,
    RefundState,
    Source,
)
from storefront.payments.ledger.record import record
from storefront.stripe import News, statuses
from storefront.stripe.objects import AttemptAbandoned, AttemptUpdate, CardFacts, RefundAttemptUpdate, RefundUpdate
from tests.payments.conftest import CUSTOMER, ON_PAGE, PRICE, Books, Placed, session_told

CARD = CardFacts("pm_alice", "visa", "4242", 12, 2099, "credit", "fp")
# Times differ from run to run; which event was last is history, which follows the order it came in.
NOT_COMPARED = {
    "id",
    "order_id",
    "payment_id",
    "looked_at",
    "last_webhook_event",
    "last_webhook_at",
    "request",
    "idempotency_key",
}
BY_CHANCE = {
    "email_key",
    "public_id",
    "checkout_token",
    "number",
    "stripe_payment_intent_id",
    "stripe_refund_id",
    "stripe_session_id",
}
Tale = Callable[[Books], tuple[Placed, list[News]]]


@pytest.fixture(autouse=True)
def room_for_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """An example that is given up half-way leaves its order waiting."""
    monkeypatch.setattr(hosted, "MAX_OPEN", 10_000)


def two_cards(books: Books) -> tuple[Placed, list[News]]:
    """The first card was declined; what became of the second is not known; then money went back from the dashboard."""
    placed = books.place()
    books.tell(placed, statuses.REQUIRES_PAYMENT_METHOD, answer_to=1)
    sending = books.try_next(placed)
    told = books.told
    return placed, [
        AttemptUpdate(Source.api, sending.attempt_id, placed.order_id, AttemptState.unknown),
        told(placed, statuses.REQUIRES_PAYMENT_METHOD, answer_to=1, source=Source.webhook, event="evt_1"),
        told(placed, statuses.REQUIRES_PAYMENT_METHOD, source=Source.reconciliation),
        told(placed, statuses.PROCESSING, source=Source.webhook),
        told(placed, statuses.SUCCEEDED, source=Source.webhook, event="evt_2", card=CARD),
        told(placed, statuses.SUCCEEDED, answer_to=2, card=CARD),
        *refund(placed, f"re_{placed.public_id[:8]}", 500, "pending", "succeeded", "failed"),
        *refund(placed, f"re_{placed.public_id[8:16]}", 700, "succeeded"),
    ]  # fmt: skip


def superseded(books: Books) -> tuple[Placed, list[News]]:
    """The bank's question about the first card was left; its failure comes while the second card pays."""
    placed = books.place()
    books.tell(placed, statuses.REQUIRES_ACTION, answer_to=1)
    books.try_next(placed)
    return placed, [
        books.told(placed, statuses.REQUIRES_PAYMENT_METHOD, answer_to=1, source=Source.webhook, event="evt_1"),
        books.told(placed, statuses.REQUIRES_ACTION, answer_to=1),
        books.told(placed, statuses.PROCESSING, answer_to=2),
        books.told(placed, statuses.SUCCEEDED, answer_to=2, card=CARD),
        books.told(placed, statuses.SUCCEEDED, source=Source.webhook, card=CARD),
    ]


def our_refund(books: Books) -> tuple[Placed, list[News]]:
    """Paid; a refund of ours was asked for, another was made in the dashboard."""
    placed = books.paid()
    with transaction() as session:
        ours = new_refund(books.payment(placed), 900, kind=RefundKind.asked, requested_by="olive")
        session.add(ours)
        session.flush()
        refund_id, public_id = ours.id, ours.public_id
    return placed, [
        RefundAttemptUpdate(Source.api, refund_id, placed.order_id, RefundState.unknown),
        *refund(
            placed, f"re_{public_id[:8]}", 900, "pending", "requires_action", "succeeded", "failed", ours=public_id
        ),
        *refund(placed, f"re_{public_id[8:16]}", PRICE, "succeeded"),
        books.told(placed, statuses.SUCCEEDED, answer_to=1, card=CARD),
        books.told(placed, statuses.SUCCEEDED, source=Source.webhook, card=CARD),
    ]


def canceled(books: Books) -> tuple[Placed, list[News]]:
    """The intent was canceled, and its card's failure is told late."""
    placed = books.place()
    return placed, [
        books.told(placed, statuses.REQUIRES_PAYMENT_METHOD, answer_to=1, source=Source.webhook, event="evt_1"),
        books.told(placed, statuses.REQUIRES_PAYMENT_METHOD),
        books.told(placed, statuses.CANCELED, source=Source.webhook, event="evt_2"),
        books.told(placed, statuses.CANCELED),
        AttemptAbandoned(Source.api, placed.order_id),
    ]


def too_late(books: Books) -> tuple[Placed, list[News]]:
    """Given up while unknown; then it turns out that the money arrived."""
    placed = books.place()
    with transaction():
        books.order(placed).cancel_wanted_at = now()
    return placed, [
        AttemptUpdate(Source.api, placed.sendings[0].attempt_id, placed.order_id, AttemptState.unknown),
        AttemptAbandoned(Source.api, placed.order_id),
        books.told(placed, statuses.PROCESSING, source=Source.webhook),
        books.told(placed, statuses.SUCCEEDED, source=Source.webhook, card=CARD),
        books.told(placed, statuses.SUCCEEDED, source=Source.reconciliation, card=CARD),
    ]


def on_hosted_page(books: Books) -> tuple[Placed, list[News]]:
    """Paid on Stripe's page at the second card, whoever tells what first."""
    placed = books.place(how=ON_PAGE)
    return placed, [
        session_told(books, placed, statuses.OPEN),
        books.told(placed, statuses.REQUIRES_PAYMENT_METHOD, source=Source.webhook, event="evt_1"),
        session_told(books, placed, statuses.COMPLETE, source=Source.webhook, event="evt_2"),
        session_told(books, placed, statuses.COMPLETE),
        books.told(placed, statuses.SUCCEEDED, source=Source.webhook, event="evt_3"),
    ]


def hosted_page_expired(books: Books) -> tuple[Placed, list[News]]:
    """A card was declined on the page, and then nobody came back."""
    placed = books.place(how=ON_PAGE)
    return placed, [
        session_told(books, placed, statuses.OPEN),
        books.told(placed, statuses.REQUIRES_PAYMENT_METHOD, source=Source.webhook, event="evt_1"),
        books.told(placed, statuses.CANCELED, source=Source.webhook, event="evt_2"),
        session_told(books, placed, statuses.EXPIRED, source=Source.webhook, event="evt_3", intent=placed.intent),
        AttemptAbandoned(Source.api, placed.order_id),
    ]


def refund(placed: Placed, stripe_refund: str, amount: int, *statuses: str, ours: str | None = None) -> list[News]:
    """What is told of one refund, one after the other."""
    return [
        RefundUpdate(
            source=Source.webhook,
            stripe_refund=stripe_refund,
            refund=ours,
            intent=placed.intent,
            amount=amount,
            currency="eur",
            status=status,
            failure_reason="lost_or_stolen_card" if status == "failed" else "",
        )
        for status in statuses
    ]


@pytest.mark.parametrize(
    "tale", [two_cards, superseded, our_refund, canceled, too_late, on_hosted_page, hosted_page_expired]
)
# Examples are small as they are: shrinking them would take minutes.
@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_order_and_any_repetition(books: Books, tale: Tale, data: st.DataObject) -> None:
    expected = after(books, tale, lambda told: told)

    def mixed(told: list[News]) -> list[News]:
        twice = data.draw(st.lists(st.sampled_from(range(len(told))), max_size=4))
        return [told[number] for number in data.draw(st.permutations([*range(len(told)), *twice]))]

    assert after(books, tale, mixed) == expected


def after(books: Books, tale: Tale, mixed: Callable[[list[News]], list[News]]) -> dict[str, Any]:
    """Everything that stands once all of it was told."""
    before = books.stock()
    let_time_pass()
    placed, told = tale(books)
    for one in mixed(told):
        record(one)
    payment, order = books.payment(placed), books.order(placed)
    assert order.number > 0
    return {
        "order": columns(order),
        "payment": columns(payment),
        "attempts": [columns(one) for one in payment.attempts],
        "refunds": sorted((columns(one) for one in payment.refunds), key=repr),
        "stock taken": before - books.stock(),
        "mails": mails_of(books, placed),
    }


def let_time_pass() -> None:
    """Alice's earlier tries were days ago: nobody is throttled for having many tales told of them."""
    with transaction() as session:
        session.execute(update(PaymentAttempt).values(created_at=now() - dt.timedelta(days=1)))


def columns(row: object) -> dict[str, Any]:
    """What a row says, without what is by chance, and times only as whether they are set."""
    told = {}
    for attribute in inspect(type(row)).column_attrs:
        value = getattr(row, attribute.key)
        if attribute.key.endswith(("_at", "_until", "_on")):
            value = value is not None
        if attribute.key not in NOT_COMPARED | BY_CHANCE:
            told[attribute.key] = value
    return told


def mails_of(books: Books, placed: Placed) -> list[tuple[str, str]]:
    """Kind and address of each mail about this order and its refunds, those to the owner too."""
    refunds = {one.id for one in books.payment(placed).refunds}
    number = f"order {books.order(placed).number} "
    rows = current_session().execute(select(OutboundMail.kind, OutboundMail.to, OutboundMail.context))
    return sorted(
        (kind, to)
        for kind, to, told in rows
        if told.get("order_id") == placed.order_id or told.get("refund_id") in refunds or number in told.get("what", "")
    )


def test_news_that_changes_nothing_adds_no_history(books: Books) -> None:
    placed, told = two_cards(books)
    for one in told:
        record(one)
    lines = history_length()

    for one in told:
        record(one)

    assert history_length() == lines
    assert len(current_session().scalars(select(PaymentAttempt)).all()) == 2
    assert books.payment(placed).stripe_customer_id == CUSTOMER


def history_length() -> int:
    return len(current_session().scalars(select(PaymentEvent.id)).all())
