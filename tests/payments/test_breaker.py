"""When new cards rest: enough declines, more than usual, and a large part of all."""

import datetime as dt
import secrets
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.abuse import circuit_breaker
from storefront.abuse.circuit_breaker import NewCardsPausedError, check_new_cards_allowed
from storefront.core.clock import now
from storefront.core.database import end_read, transaction
from storefront.core.mail.models import OutboundMail
from storefront.orders.models import OrderStatus
from storefront.payments.ledger.models import AttemptState, Payment, PaymentAttempt
from tests.apps import bare_app
from tests.mail.orders import place

MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    with bare_app(database_url) as app, app.app_context():
        place(OrderStatus.paid, 1)
        yield app


def tried(state: AttemptState, times: int, ago: dt.timedelta = MINUTE, *, new: bool = True) -> None:
    """So many tries that ended so, back then."""
    with transaction() as session:
        payment = session.scalars(select(Payment)).first()
        if payment is None:
            payment = Payment(order_id=1, amount=1, currency="eur", livemode=False)
            session.add(payment)
            session.flush()
        first = session.query(PaymentAttempt).count() + 1
        session.add_all(
            PaymentAttempt(
                public_id=secrets.token_hex(8), payment_id=payment.id, number=first + number, operation="create", request={},
                idempotency_key=secrets.token_hex(8), state=state, asked_at=now(), created_at=now() - ago,
                new_card_from="somewhere" if new else None,
            )
            for number in range(times)
        )  # fmt: skip


def rests() -> bool:
    try:
        check_new_cards_allowed()
    except NewCardsPausedError:
        return True
    return False


@pytest.mark.usefixtures("app")
class TestWhen:
    @pytest.mark.parametrize(("declines", "does"), [(14, False), (15, True)])
    def test_fifteen_declines_are_the_least(self, declines: int, *, does: bool) -> None:
        tried(AttemptState.declined, declines)

        assert rests() is does

    @pytest.mark.parametrize(("paid", "does"), [(36, False), (34, True)])
    def test_they_are_a_large_part_of_all(self, paid: int, *, does: bool) -> None:
        tried(AttemptState.declined, 15)
        tried(AttemptState.succeeded, paid)

        assert rests() is does

    @pytest.mark.parametrize(("a_week", "does"), [(1008 * 4, False), (1008 * 3, True)])
    def test_they_are_more_than_is_usual_here(self, a_week: int, *, does: bool) -> None:
        tried(AttemptState.declined, a_week, 3 * DAY)
        tried(AttemptState.declined, 15)

        assert rests() is does

    def test_saved_cards_old_declines_and_refusals_do_not_count(self) -> None:
        tried(AttemptState.declined, 20, new=False)
        tried(AttemptState.declined, 20, 11 * MINUTE)
        tried(AttemptState.refused, 20)

        assert not rests()


def test_it_can_be_set_and_switched_off(database_url: str) -> None:
    for least, does in (("0", False), ("21", False), ("20", True)):
        with bare_app(database_url, NEW_CARD_BREAKER=least) as app, app.app_context():
            if least == "0":
                place(OrderStatus.paid, 1)
                tried(AttemptState.declined, 20)
            assert rests() is does


def test_of_many_that_see_it_one_writes(app: Flask) -> None:
    tried(AttemptState.declined, 15)
    since = now() - circuit_breaker.WINDOW

    for _ in range(3):
        circuit_breaker._opened(circuit_breaker._why(since))
        end_read()

    with transaction() as session:
        assert session.query(OutboundMail).filter_by(kind="owner_alarm").count() == 1


def test_what_is_said_counts_the_minutes_down() -> None:
    error = NewCardsPausedError(now() + 90 * dt.timedelta(seconds=1))

    assert error.words.startswith("New cards cannot be used for the next 2 minutes.")
    assert error.retry_after in {89, 90}
