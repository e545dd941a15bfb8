"""The one way to write: nothing is lost, nothing is written beside it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError

from storefront.core.database import TransactionError, current_session, end_read, refuse_inside_transaction, transaction
from storefront.orders.models import Counter
from tests.apps import bare_app

THREADS = 8
INCREMENTS = 400


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    with bare_app(database_url) as app:
        with app.app_context(), transaction() as session:
            session.add(Counter(name="orders", value=0))
        yield app


@pytest.fixture
def inside(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def value_of(name: str = "orders") -> int | None:
    return current_session().scalar(select(Counter.value).where(Counter.name == name))


def test_eight_threads_lose_no_update(app: Flask) -> None:
    def count(times: int) -> None:
        with app.app_context():
            for _ in range(times):
                with transaction() as session:
                    counter = session.get_one(Counter, "orders", with_for_update=True)
                    counter.value += 1

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(count, [INCREMENTS // THREADS] * THREADS))

    with app.app_context():
        assert value_of() == INCREMENTS


@pytest.mark.usefixtures("inside")
def test_what_was_read_before_is_read_again_inside(app: Flask) -> None:
    seen_before = current_session().get_one(Counter, "orders")
    assert seen_before.value == 0
    with app.app_context(), transaction() as other:
        other.get_one(Counter, "orders").value = 7

    with transaction() as session:
        assert session.get_one(Counter, "orders").value == 7


@pytest.mark.usefixtures("inside")
def test_an_error_takes_everything_back() -> None:
    def fail_midway() -> None:
        with transaction() as session:
            session.add(Counter(name="invoices", value=1))
            session.flush()
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        fail_midway()

    assert value_of("invoices") is None


@pytest.mark.usefixtures("inside")
def test_after_an_error_one_can_write_again() -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        _ = 1 / 0

    with transaction() as session:
        session.get_one(Counter, "orders").value = 3

    assert value_of() == 3


@pytest.mark.usefixtures("inside")
def test_a_flush_outside_is_refused() -> None:
    session = current_session()
    session.add(Counter(name="invoices", value=1))

    with pytest.raises(TransactionError, match="outside"):
        session.flush()


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize(
    "statement",
    [update(Counter).values(value=9), insert(Counter).values(name="invoices", value=9)],
    ids=["update", "insert"],
)
def test_a_statement_outside_is_refused(statement: object) -> None:
    with pytest.raises(TransactionError, match="outside"):
        current_session().execute(statement)  # type: ignore[call-overload]

    assert value_of() == 0


@pytest.mark.usefixtures("inside")
def test_a_transaction_inside_another_is_refused_and_takes_all_back() -> None:
    def nest() -> None:
        with transaction() as session:
            session.get_one(Counter, "orders").value = 9
            with transaction():
                pass

    with pytest.raises(TransactionError, match="inside"):
        nest()

    assert value_of() == 0


@pytest.mark.usefixtures("inside")
def test_the_network_is_refused_while_anything_is_open() -> None:
    value_of()
    with pytest.raises(TransactionError, match="network"):
        refuse_inside_transaction()

    end_read()

    refuse_inside_transaction()


@pytest.mark.usefixtures("inside")
def test_one_cannot_leave_while_writing() -> None:
    with pytest.raises(TransactionError, match="network"), transaction():
        end_read()


def test_an_error_does_not_repeat_what_was_to_be_written(app: Flask) -> None:
    nowhere = select(text("word")).select_from(text("nowhere")).where(text("word = :word"))

    with app.app_context(), pytest.raises(DBAPIError) as broken:
        current_session().execute(nowhere, {"word": "a secret word"})

    assert "a secret word" not in str(broken.value)
