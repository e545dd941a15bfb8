"""An order and its payment as pages show them: frozen, read in one statement however much was bought.

What happened to an order's money after it was paid, read from its history: for the customer's page."""

import datetime as dt
import enum
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, literal, select
from sqlalchemy.orm import contains_eager, joinedload

from storefront.core.clock import now
from storefront.core.database import current_session
from storefront.core.errors import NotFoundError
from storefront.core.money import Money
from storefront.orders.models import Order, OrderLine, OrderSource, OrderStatus, OrderTax
from storefront.orders.totals import TaxLine
from storefront.payments.failures import Failure, failure_of
from storefront.payments.ledger.models import (
    FAILED_REFUNDS,
    AttemptKind,
    AttemptState,
    Dispute,
    Payment,
    PaymentAttempt,
    PaymentEvent,
    Refund,
    RefundState,
)
from storefront.payments.ledger.states import promised


class Shown(enum.StrEnum):
    """What a page says of an order."""

    checking = "checking"
    challenge = "challenge"
    declined = "declined"
    paid = "paid"
    refunded = "refunded"
    canceled = "canceled"


@dataclass(frozen=True)
class CardShown:
    """A card's name: brand in Stripe's word, and the last four digits. `id`: of the saved card, where it is one."""

    id: int | None
    brand: str
    last4: str


@dataclass(frozen=True)
class LineShown:
    """A line of an order."""

    name: str
    quantity: int
    unit: Money
    total: Money
    handle: str
    picture_path: str
    variant_id: int | None


@dataclass(frozen=True)
class OrderView:
    """All that pages show of an order."""

    id: int
    public_id: str
    number: int
    user_id: int | None
    cart_id: int | None
    email: str
    state: Shown
    source: OrderSource
    placed_at: dt.datetime
    paid_at: dt.datetime | None
    canceled_at: dt.datetime | None
    shipped_at: dt.datetime | None
    delivered_at: dt.datetime | None
    tracking: str
    held_until: dt.datetime
    arrives_on: dt.date | None
    lines: tuple[LineShown, ...]
    subtotal: Money
    discount: Money
    shipping: Money
    shipping_name: str
    tax: Money
    total: Money
    refunded: Money
    has_refunds: bool
    address: dict[str, str] | None
    card: CardShown | None
    next_attempt: int
    failure: Failure | None
    gives_up: bool
    is_unknown: bool
    is_processing: bool
    asked_at: dt.datetime | None
    disputes: tuple[tuple[str, dt.datetime | None], ...]
    has_downloads: bool = False
    waits_on_page: bool = False
    discount_code: str = ""
    keeps_card: bool = False
    taxes: tuple[TaxLine, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it can still become paid."""
        return self.state in {Shown.checking, Shown.challenge, Shown.declined}

    @property
    def to(self) -> str | None:
        """Lindenstraße 4, Berlin."""
        return f"{self.address['line1']}, {self.address['city']}" if self.address else None


def order_view(public_id: str) -> OrderView:
    """The order of this public id; raises NotFoundError where there is none."""
    return _show(Order.public_id == public_id)


def show_order_of_token(checkout_token: str) -> OrderView:
    """The order that this button placed."""
    return _show(Order.checkout_token == checkout_token)


def _show(which: ColumnElement[bool]) -> OrderView:
    whole = select(Payment).join(Payment.order).where(which)
    parts = (Payment.attempts, Payment.refunds, Payment.disputes)
    of_order = contains_eager(Payment.order).options(joinedload(Order.lines), joinedload(Order.taxes))
    query = whole.options(of_order, *(joinedload(part) for part in parts))
    payment = current_session().scalars(query).unique().one_or_none()
    if payment is None:
        raise NotFoundError
    return _freeze(payment.order, payment)


def _freeze(order: Order, payment: Payment) -> OrderView:
    last = payment.last_attempt
    unknown = last is not None and last.state in {AttemptState.sending, AttemptState.unknown}
    on_page = last is not None and last.kind is AttemptKind.session
    waits_on_page = on_page and last is not None and last.state is AttemptState.requires_action
    return OrderView(
        id=order.id,
        public_id=order.public_id,
        number=order.number,
        user_id=order.user_id,
        cart_id=order.cart_id,
        email=order.email,
        state=_state(order, last),
        source=order.source,
        placed_at=order.placed_at,
        paid_at=order.paid_at,
        canceled_at=order.canceled_at,
        shipped_at=order.shipped_at,
        delivered_at=order.delivered_at,
        tracking=order.tracking,
        held_until=order.hold_until,
        arrives_on=order.arrives_on,
        lines=tuple(_line(line, order.currency) for line in order.lines),
        **_sums(order, payment),
        discount_code=order.discount_code,
        taxes=tuple(_tax(one, order.currency) for one in order.taxes),
        has_refunds=bool(payment.refunds),
        shipping_name=order.shipping_name,
        address=order.shipping_address,
        card=_card(payment, last),
        next_attempt=last.number + 1 if last else 1,
        failure=failure_of(last) if _state(order, last) is Shown.declined else None,
        gives_up=order.is_open and (unknown or waits_on_page or _freed_code(order)) and order.cancel_wanted_at is None,
        is_unknown=unknown,
        is_processing=last is not None and last.state is AttemptState.processing,
        waits_on_page=order.is_open and waits_on_page,
        asked_at=last.asked_at if last else None,
        has_downloads=order.has_downloads,
        keeps_card=payment.stripe_customer_id is not None,
        disputes=tuple(_dispute(one) for one in payment.disputes),
    )


def _freed_code(order: Order) -> bool:
    """Whether somebody else may have its discount by now: then the way on is another order, at today's total."""
    return order.status is OrderStatus.failed and order.discount_code != ""


def _sums(order: Order, payment: Payment) -> dict[str, Money]:
    parts = {
        "subtotal": order.subtotal,
        "discount": order.discount,
        "shipping": order.shipping,
        "tax": order.tax,
        "total": order.total,
    }
    going_back = max(payment.amount_refunded, promised(payment))
    return {name: Money(minor, order.currency) for name, minor in {**parts, "refunded": going_back}.items()}


def _state(order: Order, last: PaymentAttempt | None) -> Shown:
    if order.status in {OrderStatus.paid, OrderStatus.partially_refunded}:
        return Shown.paid
    if order.status in {OrderStatus.refunded, OrderStatus.canceled}:
        return Shown(order.status.value)
    if last is None or last.state in {AttemptState.declined, AttemptState.refused}:
        return Shown.declined
    asks_bank = last.state is AttemptState.requires_action and last.kind is AttemptKind.intent
    return Shown.challenge if asks_bank else Shown.checking


def _card(payment: Payment, last: PaymentAttempt | None) -> CardShown | None:
    if payment.card_last4:
        return CardShown(None, payment.card_brand, payment.card_last4)
    return CardShown(last.saved_card_id, last.card_brand, last.card_last4) if last and last.card_last4 else None


def _line(line: OrderLine, currency: str) -> LineShown:
    unit, total = Money(line.unit_price, currency), Money(line.total, currency)
    return LineShown(line.name, line.quantity, unit, total, line.product_handle, line.picture_path, line.variant_id)


def _tax(tax: OrderTax, currency: str) -> TaxLine:
    base, amount = Money(tax.base, currency), Money(tax.amount, currency)
    return TaxLine(tax.name, tax.percentage, base, amount, included=tax.included)


def _dispute(dispute: Dispute) -> tuple[str, dt.datetime | None]:
    waits = dispute.evidence_due_by and dispute.evidence_due_by > now()
    return dispute.status.replace("_", " "), dispute.evidence_due_by if waits else None


_ASKED = (RefundState.sending, RefundState.unknown)


@dataclass(frozen=True)
class MoneyBack:
    """Money that went back, or (`failed`) came back from there."""

    amount: Money
    at: dt.datetime
    failed: bool


def refund_history(order_id: int) -> tuple[MoneyBack, ...]:
    """Each refund that Stripe took, when it took it, and when it failed after all; oldest first, in one statement."""
    of_refund = and_(
        Refund.payment_id == PaymentEvent.payment_id, PaymentEvent.what == literal("refund ") + Refund.public_id
    )
    told = (
        select(Refund.id, Refund.amount, Payment.currency, PaymentEvent.after, PaymentEvent.at)
        .select_from(PaymentEvent)
        .join(Payment, Payment.id == PaymentEvent.payment_id)
        .join(Refund, of_refund)
        .where(Payment.order_id == order_id, Refund.stripe_refund_id.is_not(None), PaymentEvent.after.not_in(_ASKED))
        .order_by(PaymentEvent.id)
    )
    steps: dict[tuple[int, bool], MoneyBack] = {}
    for refund_id, amount, currency, after, at in current_session().execute(told):
        steps.setdefault((refund_id, False), MoneyBack(Money(amount, currency), at, failed=False))
        if after in FAILED_REFUNDS:
            steps.setdefault((refund_id, True), MoneyBack(Money(amount, currency), at, failed=True))
    return tuple(steps.values())
