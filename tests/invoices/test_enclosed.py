"""Mails about money bring their paper along."""

from email.message import EmailMessage

import pytest

from storefront.core.database import transaction
from storefront.core.jobs.worker import run_due
from storefront.core.mail.outbox import queue_mail
from storefront.payments.ledger.models import RefundState
from tests.invoices.papers import credited, invoiced, words
from tests.mail.orders import place, refund
from tests.mail.post_office import PostOffice

pytestmark = pytest.mark.usefixtures("inside")


def sent(office: PostOffice, kind: str, **context: int) -> EmailMessage:
    with transaction():
        queue_mail(kind, "mara@kiesel.example", kind, context)
    run_due()
    return office.letters[-1]


def enclosed(letter: EmailMessage) -> list[tuple[str | None, str, str]]:
    """Name, type and the first words of each file."""
    return [
        (one.get_filename(), one.get_content_type(), words(one.get_content())[:300])
        for one in letter.iter_attachments()
    ]


def test_the_receipt_brings_the_invoice(office: PostOffice) -> None:
    letter = sent(office, "receipt", order_id=invoiced())

    [(name, kind, text)] = enclosed(letter)
    assert (name, kind) == ("INV-1001.pdf", "application/pdf")
    assert "Invoice INV-1001" in text
    body = letter.get_body(("plain",))
    assert body is not None
    assert "Order K-1001 is paid" in body.get_content()


def test_a_receipt_of_an_order_from_before_invoices_still_goes(office: PostOffice) -> None:
    assert enclosed(sent(office, "receipt", order_id=place())) == []


def test_a_refund_brings_its_credit_note(office: PostOffice) -> None:
    order_id = invoiced()
    credited(order_id, refund(order_id, 1000), 1000)
    refund_id = refund(order_id, 2000)
    credited(order_id, refund_id, 2000)

    [(name, _, text)] = enclosed(sent(office, "refunded", refund_id=refund_id))

    assert name == "CN-1002.pdf"
    assert "Credit note CN-1002" in text


def test_a_refund_that_failed_brings_what_takes_it_back(office: PostOffice) -> None:
    order_id = invoiced()
    refund_id = refund(order_id, 1000, RefundState.failed)
    credited(order_id, refund_id, 1000, failed=True)

    [(name, _, text)] = enclosed(sent(office, "refund_failed", refund_id=refund_id))

    assert name == "CN-1002.pdf"
    assert "Reversal CN-1002" in text


def test_money_of_an_order_nobody_keeps_has_no_paper(office: PostOffice) -> None:
    assert enclosed(sent(office, "late_money_returned", refund_id=refund(place(), 1000))) == []
