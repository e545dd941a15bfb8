"""Orders as rows, for mails to speak of."""

import datetime as dt

from storefront.core.clock import now
from storefront.core.database import transaction
from storefront.orders.models import Order, OrderLine, OrderSource, OrderStatus, OrderTax
from storefront.payments.ledger.models import AttemptState, Payment, PaymentAttempt, Refund, RefundState

BERLIN = {
    "name": "Mara Lindt", "line1": "Lindenstraße 4", "line2": "", "postal_code": "10969", "city": "Berlin",
    "region": "", "country": "DE", "phone": "",
}  # fmt: skip


def place(status: OrderStatus = OrderStatus.paid, number: int = 1) -> int:
    """An order over two things, paid with a Visa; its id."""
    vat = OrderTax(name="VAT 19 %", percentage=19_000, base=4446, amount=844, included=True)
    order = Order(
        public_id=f"order-{number}", email="mara@kiesel.example", email_key="mara@kiesel.example", status=status,
        source=OrderSource.cart, checkout_token=f"token-{number}", currency="eur", subtotal=4800, shipping=490,
        total=5290, taxes=[vat], shipping_address=BERLIN, shipping_name="Parcel", arrives_on=dt.date(2026, 11, 24),
        hold_until=now() + dt.timedelta(minutes=30), livemode=False, lines=[
            OrderLine(name="Teapot No. 3, harbour blue", sku="T-3", unit_price=2400, quantity=2, total=4800, stock_taken=True),
        ],
    )  # fmt: skip
    with transaction() as session:
        session.add(order)
        session.flush()
        payment = Payment(
            order_id=order.id, amount=5290, currency="eur", card_brand="visa", card_last4="4242", livemode=False,
            amount_captured=5290 if status is OrderStatus.paid else 0,
        )  # fmt: skip
        session.add(payment)
        return order.id


def decline(order_id: int, words: str = "not enough funds") -> None:
    """The bank said no."""
    with transaction() as session:
        payment = session.query(Payment).filter_by(order_id=order_id).one()
        session.add(
            PaymentAttempt(
                public_id=f"attempt-{order_id}", payment_id=payment.id, number=1, operation="create", idempotency_key="k",
                request={}, state=AttemptState.declined, card_brand="mastercard", card_last4="4444", decline_words=words,
                asked_at=now(),
            )
        )  # fmt: skip


def refund(order_id: int, amount: int, state: RefundState = RefundState.pending) -> int:
    """Money on its way back; the refund's id."""
    with transaction() as session:
        payment = session.query(Payment).filter_by(order_id=order_id).one()
        row = Refund(
            public_id=f"refund-{amount}", payment_id=payment.id, amount=amount, state=state, idempotency_key=f"r{amount}", request={}
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id
