"""Paying on a page of Stripe's: the exact request for a Session, and how many may wait to be paid."""

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final

from flask import current_app
from sqlalchemy import and_, false, func, or_, select

from storefront.core.clock import now
from storefront.core.database import current_session
from storefront.core.email_addresses import as_servers_write
from storefront.core.errors import InvalidRequestError
from storefront.core.installation import this_shop
from storefront.core.money import smallest_step
from storefront.orders.labels import label
from storefront.orders.models import OPEN_STATUSES, Order, OrderLine
from storefront.orders.placing import Buyer
from storefront.payments.ledger.models import LIVE_STATES, AttemptKind, Payment, PaymentAttempt
from storefront.stripe.api import CARDS_ONLY, NO_LINK

OPERATION: Final = "session"
# Stripe opens a page for half an hour at least, by its own clock: ten minutes more, so that a clock that is minutes slow is no refusal.
# What was ordered is held exactly as long as the page is open.
HOLD: Final = dt.timedelta(minutes=40)
MAX_OPEN: Final = 3
# A cart has one open order at most; this is for those who make themselves many carts and many e-mails.
MAX_OPEN_PER_ADDRESS: Final = 12
# What Stripe takes.
_MAX_LINES: Final = 100
_MAX_NAME_LENGTH: Final = 250


def check_open_sessions(buyer: Buyer) -> None:
    """Raise InvalidRequestError where so many orders wait on Stripe's page: each of them holds stock.

    A user's are counted, or those of a guest's e-mail, which nobody can use up for a user; and all of one address.
    """
    if buyer.user_id is not None:
        whose = Order.user_id == buyer.user_id
        where = "they are on your orders’ page"
    else:
        whose = and_(Order.user_id.is_(None), Order.email_key == buyer.email_key)
        where = "what is not paid is released 40 minutes after it was ordered"
    there = Order.placed_from == buyer.placed_from if buyer.placed_from else false()
    waiting = (
        select(func.count(Order.id).filter(whose), func.count(Order.id).filter(there))
        .select_from(PaymentAttempt).join(Payment).join(Order)
        .where(or_(whose, there), Order.status.in_(OPEN_STATUSES))
        .where(PaymentAttempt.kind == AttemptKind.session, PaymentAttempt.state.in_(LIVE_STATES))
    )  # fmt: skip
    own, all_there = current_session().execute(waiting).one()
    if own >= MAX_OPEN:
        raise InvalidRequestError(
            f"You have {MAX_OPEN} orders that wait to be paid on Stripe’s page. "
            f"Please pay one of them or give one up first; {where}."
        )
    if all_there >= MAX_OPEN_PER_ADDRESS:
        raise InvalidRequestError(
            "Many orders from where you are wait to be paid on Stripe’s page. Please pay with a card here, "
            "or try again in half an hour."
        )


def prepare_session(attempt: PaymentAttempt, payment: Payment, *, keep: bool) -> None:
    """Make it an attempt on Stripe's page, inside the running transaction; the order is held as long as the page is open."""
    order = payment.order
    order.hold_until = (now() + HOLD).replace(microsecond=0)
    attempt.kind, attempt.operation = AttemptKind.session, OPERATION
    # Without a customer at Stripe there is nobody to keep it for.
    if keep and payment.stripe_customer_id:
        attempt.consent_at = now()
    attempt.request = {"params": _params(order, payment, attempt)}


def _params(order: Order, payment: Payment, attempt: PaymentAttempt) -> dict[str, Any]:
    base_url = current_app.config["SETTINGS"].base_url
    marks = {"order_id": order.public_id, "shop": this_shop(), "attempt_id": attempt.public_id}
    # The intent does not inherit the Session's marks.
    intent: dict[str, Any] = {"metadata": marks}
    if attempt.consent_at:
        intent["setup_future_usage"] = "off_session"
    return {
        "mode": "payment",
        "ui_mode": "hosted_page",
        "allowed_payment_method_types": CARDS_ONLY,
        "wallet_options": NO_LINK,
        "client_reference_id": order.public_id,
        "metadata": marks,
        "payment_intent_data": intent,
        "line_items": _line_items(order),
        "success_url": f"{base_url}/checkout/return/{order.public_id}",
        "cancel_url": f"{base_url}/orders/{order.public_id}",
        "expires_at": int(order.hold_until.timestamp()),
    } | _who(order, payment, is_kept=attempt.consent_at is not None)


def _who(order: Order, payment: Payment, *, is_kept: bool) -> dict[str, Any]:
    if payment.stripe_customer_id is None:
        return {"customer_email": as_servers_write(order.email)}
    saved: dict[str, Any] = {"allow_redisplay_filters": ["always", "limited", "unspecified"]}
    if not is_kept:
        saved["payment_method_save"] = "enabled"
    return {"customer": payment.stripe_customer_id, "saved_payment_method_options": saved}


def _line_items(order: Order) -> list[dict[str, Any]]:
    """What the page lists. It adds up to the order's total, whatever that is made of."""
    lines = [item for line in order.lines for item in _items_of(line, order)]
    if order.shipping:
        lines.append(_line_item(order.shipping_name or "Delivery", order.shipping, order.currency))
    rest = order.total - order.shipping - sum(line.total - line.discount for line in order.lines)
    if rest > 0:
        lines.append(_line_item("Tax", rest, order.currency))
    if rest < 0 or len(lines) > _MAX_LINES:
        # No line of Stripe's may be below zero: what is not a line's is told on our own pages.
        return [_line_item(f"Order {label(order.number)}", order.total, order.currency)]
    return lines


def _items_of(line: OrderLine, order: Order) -> Iterator[dict[str, Any]]:
    """A line at what is left of its price; where that does not divide, some of it costs one step more."""
    if not line.discount:
        yield _line_item(line.name, line.unit_price, order.currency, line.quantity)
        return
    left, step = line.total - line.discount, smallest_step(order.currency)
    step = 1 if left % step else step
    each, dearer = divmod(left // step, line.quantity)
    name = f"{line.name} · {order.discount_code}"
    for unit, quantity in ((each, line.quantity - dearer), (each + 1, dearer)):
        if quantity:
            yield _line_item(name, unit * step, order.currency, quantity)


def _line_item(name: str, amount: int, currency: str, quantity: int = 1) -> dict[str, Any]:
    price = {"currency": currency, "unit_amount": amount, "product_data": {"name": name[:_MAX_NAME_LENGTH]}}
    return {"quantity": quantity, "price_data": price}
