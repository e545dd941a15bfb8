"""What mails about money say, of rows as they are when the mail is written: nothing that is no longer true."""

from typing import Any

import pytest

from storefront.core.database import current_session, transaction
from storefront.core.mail.outbox import WRITERS
from storefront.orders.models import Order, OrderStatus
from tests.mail.orders import decline, place
from tests.payments.conftest import Books

pytestmark = pytest.mark.usefixtures("books")


def order_with(**other: Any) -> int:
    """A paid order, 48,00 € of teapots and 4,90 € for the parcel, but for what is said otherwise."""
    order_id = place()
    with transaction() as session:
        order = session.get_one(Order, order_id)
        for name, value in other.items():
            setattr(order, name, value)
    return order_id


def sums(order_id: int) -> list[tuple[str, str]]:
    """What stands under the lines of the receipt, with ordinary spaces."""
    told = WRITERS["receipt"]({"order_id": order_id})
    assert told is not None
    return [(name, amount.replace("\u00a0", " ")) for name, amount in told["order"]["sums"]]


def test_the_parts_of_a_total_are_named_where_they_say_something() -> None:
    assert sums(order_with()) == [
        ("Subtotal", "48,00 €"),
        ("Parcel", "4,90 €"),
        ("Total", "52,90 €"),
        ("includes VAT 19 %", "8,44 €"),
    ]


def test_a_discount_is_taken_off() -> None:
    order_id = order_with(discount=500, total=4790)

    assert ("Discount", "−5,00 €") in sums(order_id)
    assert ("Total", "47,90 €") in sums(order_id)


def test_delivery_that_costs_nothing_is_free() -> None:
    order_id = order_with(shipping=0, shipping_name="", total=4800)

    assert sums(order_id) == [("Delivery", "free"), ("Total", "48,00 €"), ("includes VAT 19 %", "8,44 €")]


def test_what_is_not_sent_and_not_taxed_has_only_a_total() -> None:
    order_id = order_with(shipping=0, taxes=[], total=4800)
    with transaction() as session:
        session.get_one(Order, order_id).lines[0].requires_shipping = False

    assert sums(order_id) == [("Total", "48,00 €")]


@pytest.mark.parametrize("status", OrderStatus)
def test_whom_a_paid_order_is_told_to(status: OrderStatus) -> None:
    order_id = place(status)
    kinds = ("receipt", "order_for_owner")

    told = [kind for kind in kinds if WRITERS[kind]({"order_id": order_id}) is not None]

    expected = {
        OrderStatus.paid: ["receipt", "order_for_owner"],
        OrderStatus.partially_refunded: ["receipt", "order_for_owner"],
        OrderStatus.refunded: ["receipt"],
    }
    assert told == expected.get(status, [])


def test_a_failure_is_told_only_of_a_try() -> None:
    order_id = place(OrderStatus.failed)
    without_a_try = WRITERS["payment_failed"]({"order_id": order_id})
    current_session().rollback()
    decline(order_id)

    told = WRITERS["payment_failed"]({"order_id": order_id})

    assert without_a_try is None
    assert told is not None
    assert (told["heading"], told["reason"]) == ("Your bank declined Mastercard •• 4444", "not enough funds")


@pytest.mark.parametrize(
    ("tracking", "url"), [("", ""), ("DHL-7", ""), ("https://dhl.example/7", "https://dhl.example/7")]
)
def test_a_parcels_number_is_a_link_only_where_it_is_one(tracking: str, url: str) -> None:
    told = WRITERS["shipped"]({"order_id": order_with(tracking=tracking)})

    assert told is not None
    assert (told["tracking"], told["tracking_url"]) == (tracking, url)


def test_an_alarm_says_what_there_is(books: Books) -> None:
    assert WRITERS["owner_alarm"]({"what": "Look here"}) == {"what": "Look here", "why": "", "to_do": ""}


def test_an_order_without_an_address_has_none() -> None:
    told = WRITERS["receipt"]({"order_id": order_with(shipping_address=None, arrives_on=None)})

    assert told is not None
    assert (told["order"]["address"], told["order"]["first_name"], told["order"]["arrives"]) == ([], "", "")
