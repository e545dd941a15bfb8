"""What an invoice says: right in every currency, true for good, and text whatever a customer typed."""

import datetime as dt
import io

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from storefront.core.database import current_session, transaction
from storefront.core.errors import NotFoundError
from storefront.invoices.models import Invoice
from storefront.invoices.rendering import picture
from storefront.invoices.seller import Seller, change_seller
from storefront.orders.models import Order, OrderLine
from storefront.payments.documents import drawn, papers_of
from tests.invoices.papers import credited, invoiced, words
from tests.mail.orders import BERLIN, refund

pytestmark = pytest.mark.usefixtures("inside")
SELLER = Seller(
    "Anna Reuter", ("Fährstraße 11", "20457 Hamburg"), "DE123456789", "shop@kiesel.example", "No VAT: § 19 UStG."
)


def said(order_id: int, label: str | None = None) -> str:
    return words(drawn(order_id, label).content)


def test_an_invoice_says_who_sold_what_to_whom_and_that_it_is_paid() -> None:
    change_seller(SELLER)

    text = said(invoiced())

    for part in (
        "Invoice INV-1001",
        "Order K-1001",
        "Anna Reuter · Fährstraße 11 · 20457 Hamburg",
        "VAT ID DE123456789 · shop@kiesel.example",
        "No VAT: § 19 UStG.",
        "Mara Lindt Lindenstraße 4 10969 Berlin Germany",
        "2 Teapot No. 3, harbour blue T-3 24,00 € 48,00 €",
        "Subtotal 48,00 € Parcel 4,90 € Total 52,90 €",
        "includes VAT 19 % on 44,46 € 8,44 €",
        "Paid with Visa •• 4242. Nothing is left to pay.",
        "1 / 1",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("currency", "subtotal", "shipping", "discount", "seen"),
    [
        ("eur", 123456, 490, 0, "Subtotal 1.234,56 € Parcel 4,90 € Total 1.239,46 €"),
        ("usd", 123456, 490, 100, "Subtotal $1,234.56 Discount −$1.00 Parcel $4.90 Total $1,238.46"),
        ("jpy", 123456, 490, 0, "Subtotal ¥123,456 Parcel ¥490 Total ¥123,946"),
        ("kwd", 1234560, 490, 0, "Subtotal KWD 1,234.560 Parcel KWD 0.490 Total KWD 1,235.050"),
        ("eur", 4800, 0, 0, "Subtotal 48,00 € Parcel free Total 48,00 €"),
    ],
)
def test_amounts_are_right_in(currency: str, subtotal: int, shipping: int, discount: int, seen: str) -> None:
    total = subtotal + shipping - discount

    order_id = invoiced(
        currency=currency, subtotal=subtotal, shipping=shipping, discount=discount, total=total, taxes=[]
    )

    text = said(order_id)
    assert seen in text
    assert "VAT" not in text


@pytest.mark.parametrize(("currency", "width"), [("eur", 595), ("usd", 612)])
def test_paper_is_as_wide_as_it_is_there(currency: str, width: int) -> None:
    pdf = drawn(invoiced(currency=currency)).content

    assert round(PdfReader(io.BytesIO(pdf)).pages[0].mediabox.width) == width


def test_what_was_typed_is_text() -> None:
    typed = '#panic("x") *bold* $x^2$ \\ ] ) } // <b>'
    order_id = invoiced(shipping_address=BERLIN | {"name": typed, "line2": '#read("invoice.typ")'})
    with transaction() as session:
        session.get_one(Order, order_id).lines[0].name = '"); #include "/etc/passwd"'

    text = said(order_id)

    assert typed in text
    assert '#read("invoice.typ")' in text
    assert '"); #include "/etc/passwd"' in text


def test_the_same_rows_make_the_same_bytes_whenever_it_is_drawn() -> None:
    order_id = invoiced()
    with transaction() as session:
        session.scalars(select(Invoice)).one().issued_at = dt.datetime(2020, 2, 3, 12, tzinfo=dt.UTC)

    pdf = drawn(order_id).content

    assert drawn(order_id).content == pdf
    assert "Date 3 February 2020" in words(pdf)
    # What today is stands nowhere in it.
    facts = PdfReader(io.BytesIO(pdf)).metadata
    assert facts is not None
    assert facts.title == "Invoice INV-1001"
    assert facts.creation_date is not None
    assert facts.creation_date.date() == dt.date(2020, 2, 3)


def test_other_details_of_the_shop_do_not_change_what_was_written() -> None:
    change_seller(SELLER)
    before = invoiced(1)
    change_seller(Seller("Kiesel GmbH"))

    assert "Anna Reuter" in said(before)
    assert "Kiesel GmbH" in said(invoiced(2))
    assert "Anna Reuter" not in said(invoiced(3))


def test_a_name_in_another_script_is_written() -> None:
    order_id = invoiced(shipping_address=BERLIN | {"name": "Ελένη Żółkiewska Иванова"})

    assert "Ελένη Żółkiewska Иванова" in said(order_id)


def test_many_lines_go_over_pages_and_are_all_there() -> None:
    order_id = invoiced()
    with transaction() as session:
        session.add_all(
            OrderLine(
                order_id=order_id,
                name=f"Thing {number:02}",
                sku="",
                unit_price=1,
                quantity=1,
                total=1,
                stock_taken=True,
            )
            for number in range(60)
        )

    text = said(order_id)

    assert [number for number in range(60) if f"Thing {number:02}" not in text] == []
    assert "3 / 3" in text
    # The head of the table stands on each page.
    assert text.count("Qty What Each Amount") == 3


def test_what_is_free_is_not_paid() -> None:
    order_id = invoiced(subtotal=0, shipping=0, total=0, taxes=[], shipping_address=None)

    text = said(order_id)

    assert "Nothing to pay." in text
    assert "mara@kiesel.example" in text


def test_what_does_not_travel_has_no_delivery() -> None:
    order_id = invoiced(shipping=0, total=4800)
    with transaction() as session:
        session.get_one(Order, order_id).lines[0].requires_shipping = False

    text = said(order_id)

    assert "Parcel" not in text
    assert "Subtotal" not in text
    assert "Total 48,00 €" in text


def test_a_credit_note_names_the_invoice_and_its_part_of_the_vat() -> None:
    order_id = invoiced()
    credited(order_id, refund(order_id, 1000), 1000)

    text = said(order_id, "CN-1001")

    for part in (
        "Credit note CN-1001",
        "It credits invoice INV-1001",
        "For INV-1001 of",
        "1 Part of invoice INV-1001 given back 10,00 € 10,00 €",
        "Given back 10,00 €",
        "includes VAT 19 % on 8,40 € 1,60 €",
        "It goes to Visa •• 4242",
    ):
        assert part in text
    assert "Nothing is left to pay" not in text


def test_all_of_it_given_back_is_said_so() -> None:
    order_id = invoiced()
    credited(order_id, refund(order_id, 5290), 5290)

    text = said(order_id, "CN-1001")

    assert "All of invoice INV-1001 given back" in text
    assert "includes VAT 19 % on 44,46 € 8,44 €" in text


def test_a_reversal_names_the_credit_note() -> None:
    order_id = invoiced()
    credited(order_id, refund(order_id, 1000), 1000, failed=True)

    text = said(order_id, "CN-1002")

    assert "Reversal CN-1002 It takes back credit note CN-1001" in text
    assert "For CN-1001 of" in text
    assert "Taken back 10,00 €" in text


def test_papers_are_listed_as_they_were_written() -> None:
    order_id = invoiced()
    credited(order_id, refund(order_id, 1000), 1000, failed=True)

    assert [(one.kind, one.label, str(one.amount)) for one in papers_of(order_id)] == [
        ("invoice", "INV-1001", "52,90\u00a0€"),
        ("credit_note", "CN-1001", "10,00\u00a0€"),
        ("reversal", "CN-1002", "10,00\u00a0€"),
    ]


def test_another_orders_paper_is_not_there() -> None:
    first, _second = invoiced(1), invoiced(2)

    with pytest.raises(NotFoundError):
        drawn(first, "INV-1002")


def test_it_can_be_looked_at() -> None:
    invoiced()

    assert picture(current_session().scalars(select(Invoice)).one(), paid_with="").startswith(b"\x89PNG")
