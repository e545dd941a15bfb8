"""Numbers without gaps, however many pay in the same moment, and whatever is given up."""

import threading
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import event, select

from storefront.core.database import TransactionError, before_commit, current_session, transaction
from storefront.extensions import db
from storefront.invoices.models import Invoice
from storefront.invoices.numbering import write_invoice
from storefront.orders.models import Counter, Order
from tests.invoices.papers import credited, invoiced, written
from tests.mail.orders import place, refund
from tests.people import at_once


class GivenUpError(Exception):
    """Something went wrong on the way."""


def numbers() -> list[int]:
    return list(current_session().scalars(select(Invoice.number).order_by(Invoice.number)))


@pytest.mark.usefixtures("inside")
class TestOneAfterTheOther:
    def test_invoices_count_on(self) -> None:
        for number in (1, 2, 3):
            invoiced(number)

        assert [label for label, _, _ in written()] == ["INV-1001", "INV-1002", "INV-1003"]

    def test_what_is_given_up_leaves_no_gap(self) -> None:
        invoiced(1)
        order_id = place(number=2)
        with pytest.raises(GivenUpError):
            write_and_give_up(order_id)

        invoiced(3)

        assert numbers() == [1001, 1002]

    def test_credit_notes_count_for_themselves(self) -> None:
        first, second = invoiced(1), invoiced(2)

        credited(first, refund(first, 1000), 1000)
        credited(second, refund(second, 2000), 2000)

        assert written()[2:] == [("CN-1001", "credit_note", 1000), ("CN-1002", "credit_note", 2000)]

    def test_the_same_refund_is_credited_once(self) -> None:
        order_id = invoiced()
        refund_id = refund(order_id, 1000)

        for _ in range(3):
            credited(order_id, refund_id, 1000)

        assert [kind for _, kind, _ in written()] == ["invoice", "credit_note"]

    def test_a_refund_that_fails_later_is_taken_back_by_a_paper_of_its_own(self) -> None:
        order_id = invoiced()
        refund_id = refund(order_id, 1000)
        credited(order_id, refund_id, 1000)

        for _ in range(2):
            credited(order_id, refund_id, 1000, failed=True)

        assert written()[1:] == [("CN-1001", "credit_note", 1000), ("CN-1002", "reversal", 1000)]

    def test_a_refund_that_fails_at_once_ends_in_the_same_papers(self) -> None:
        order_id = invoiced()

        credited(order_id, refund(order_id, 1000), 1000, failed=True)

        assert [kind for _, kind, _ in written()] == ["invoice", "credit_note", "reversal"]

    def test_what_was_never_invoiced_is_not_credited(self) -> None:
        order_id = place()

        credited(order_id, refund(order_id, 1000), 1000)

        assert written() == []
        assert current_session().scalars(select(Counter)).all() == []

    def test_the_buyer_is_a_copy(self) -> None:
        order_id = invoiced()
        with transaction() as session:
            session.get_one(Order, order_id).shipping_address = None

        buyer = current_session().scalars(select(Invoice)).one().buyer
        assert buyer["line1"] == "Lindenstraße 4"
        assert "phone" not in buyer  # no tax office asks for it

    def test_the_counter_is_taken_last(self) -> None:
        order_id = place()
        said: list[str] = []
        listen: Callable[..., None] = lambda _connection, _cursor, words, *_more: said.append(words)  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listen)
        with transaction() as session:
            order = session.get_one(Order, order_id)
            write_invoice(order)
            order.tracking = "changed after it"
        event.remove(db.engine, "before_cursor_execute", listen)

        writes = [
            words.split()[2 if words.startswith("INSERT") else 1] for words in said if words[:6] in {"INSERT", "UPDATE"}
        ]
        assert writes == ["orders", "counters", "invoices"]

    def test_what_comes_last_needs_a_transaction(self) -> None:
        with pytest.raises(TransactionError):
            before_commit(give_up)

    def test_what_was_to_come_last_is_forgotten_when_all_is_given_up(self) -> None:
        with pytest.raises(GivenUpError):
            give_up_before_what_comes_last()

        with transaction():
            pass


def test_eight_at_once_leave_no_gap_and_no_double(app: Flask) -> None:
    with app.app_context():
        orders = [place(number=number) for number in range(1, 25)]
    waiting, taking = list(orders), threading.Lock()

    def work() -> None:
        while True:
            with taking:
                if not waiting:
                    return
                order_id = waiting.pop()
            with app.app_context():
                invoice_or_give_up(order_id)

    at_once([work] * 8)

    with app.app_context():
        kept = [order_id for order_id in orders if order_id % 3]
        assert numbers() == list(range(1001, 1001 + len(kept)))
        assert set(current_session().scalars(select(Invoice.order_id))) == set(kept)


def invoice_or_give_up(order_id: int) -> None:
    """Every third fails after its number was taken."""
    try:
        with transaction() as session:
            write_invoice(session.get_one(Order, order_id, with_for_update=True))
            if order_id % 3 == 0:
                before_commit(give_up)
    except GivenUpError:
        pass


def write_and_give_up(order_id: int) -> None:
    with transaction() as session:
        write_invoice(session.get_one(Order, order_id, with_for_update=True))
        before_commit(give_up)


def give_up_before_what_comes_last() -> None:
    with transaction():
        before_commit(give_up)
        raise GivenUpError


def give_up() -> None:
    raise GivenUpError
