"""What the shop writes about orders is true when it is sent, and says all that is wanted."""

import pytest
from sqlalchemy import select

from storefront.core.database import current_session, transaction
from storefront.core.jobs.worker import run_due
from storefront.core.mail.models import MailState, OutboundMail
from storefront.core.mail.outbox import WRITERS, queue_mail
from storefront.core.mail.rendering import Written, write
from storefront.orders.fulfilment import ship
from storefront.orders.models import Order, OrderStatus
from storefront.payments.ledger.models import RefundState
from tests.mail.orders import decline, place, refund

pytestmark = pytest.mark.usefixtures("inside")


def written(kind: str, **context: object) -> Written | None:
    told = WRITERS[kind](context)
    return None if told is None else write(kind, told, shop_name="Kiesel", base_url="http://shop.test")


def texts(kind: str, **context: object) -> str:
    """Both versions must say it; the plain one is answered, with ordinary spaces."""
    mail = written(kind, **context)
    assert mail is not None
    assert mail.html.count("<h1") == 1
    assert "None" not in mail.text + mail.html
    return f"{mail.subject}\n{mail.text}".replace("\u00a0", " ")


def test_the_receipt_says_what_how_much_with_what_and_where_to() -> None:
    text = texts("receipt", order_id=place())

    for words in (
        "Receipt for order K-1001: 52,90 €",
        "Hello Mara,",
        "52,90 € with Visa •• 4242",
        "2 × Teapot No. 3, harbour blue",
        "Parcel",
        "4,90 €",
        "includes VAT 19 %",
        "Lindenstraße 4",
        "10969 Berlin",
        "Tuesday, 24 November",
        "http://shop.test/orders/open/",
    ):
        assert words in text


def test_each_line_of_the_receipt_stands_for_itself() -> None:
    mail = written("receipt", order_id=place())

    assert mail is not None
    lines = mail.text.replace("\u00a0", " ").splitlines()
    slip = [line for line in lines if line.endswith("€")]
    assert [line.split()[0] for line in slip] == ["2", "Subtotal", "Parcel", "Total", "includes"]
    assert len({len(line) for line in slip}) == 1


def test_the_owner_reads_what_goes_where() -> None:
    text = texts("order_for_owner", order_id=place())

    assert "Order K-1001: 52,90 € from mara@kiesel.example" in text
    assert "Lindenstraße 4" in text
    assert "flask orders ship K-1001" in text


def test_a_failure_names_card_reason_and_time() -> None:
    order_id = place(OrderStatus.failed)
    decline(order_id)

    text = texts("payment_failed", order_id=order_id)

    assert "Your bank declined Mastercard •• 4444. Nothing was charged. Reason given: not enough funds." in text
    assert "hold your items until" in text


def test_a_failure_without_a_reason_gives_none() -> None:
    order_id = place(OrderStatus.failed)
    decline(order_id, "")

    assert "reason" not in texts("payment_failed", order_id=order_id)


@pytest.mark.parametrize("status", [status for status in OrderStatus if status is not OrderStatus.failed])
def test_a_failure_that_is_none_any_more_is_not_written_about(status: OrderStatus) -> None:
    order_id = place(status)
    decline(order_id)
    with transaction():
        queue_mail("payment_failed", "mara@kiesel.example", "failed:1", {"order_id": order_id})

    run_due()

    assert current_session().scalars(select(OutboundMail.state)).one() is MailState.dropped


def test_a_canceled_order_says_whether_anything_was_charged() -> None:
    assert "Nothing was charged." in texts("order_canceled", order_id=place(OrderStatus.canceled))


@pytest.mark.parametrize("kind", ["refunded", "late_money_returned"])
def test_a_refund_says_how_much_goes_where(kind: str) -> None:
    order_id = place()

    text = texts(kind, refund_id=refund(order_id, 1000))

    assert "10,00 €" in text
    assert "Visa •• 4242" in text


@pytest.mark.parametrize("kind", ["refunded", "late_money_returned"])
def test_a_refund_that_failed_meanwhile_is_not_announced(kind: str) -> None:
    assert written(kind, refund_id=refund(place(), 1000, RefundState.failed)) is None


def test_a_failed_refund_is_told_only_while_it_is_failed() -> None:
    order_id = place()

    assert "your bank did not take it" in texts("refund_failed", refund_id=refund(order_id, 1000, RefundState.failed))
    assert written("refund_failed", refund_id=refund(order_id, 2000)) is None


def test_shipping_writes_once_with_the_parcels_number() -> None:
    order_id = place()
    number = current_session().scalars(select(Order.number).where(Order.id == order_id)).one()

    ship(number, " DHL-7 ")
    run_due()

    mail = current_session().scalars(select(OutboundMail)).one()
    assert (mail.kind, mail.state, mail.to) == ("shipped", MailState.sent, "mara@kiesel.example")
    assert "DHL-7" in mail.body_text
    assert "DHL-7" in mail.body_html


def test_names_from_outside_are_no_html() -> None:
    order_id = place()
    with transaction() as session:
        session.get_one(Order, order_id).lines[0].name = "<script>alert(1)</script>"

    mail = written("receipt", order_id=order_id)

    assert mail is not None
    assert "<script>" not in mail.html
    assert "&lt;script&gt;" in mail.html
