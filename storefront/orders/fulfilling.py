"""Sending what was paid."""

from dataclasses import dataclass

from sqlalchemy import select

from storefront import audit
from storefront.clock import now
from storefront.database import current_session, transaction
from storefront.errors import NotYoursError, RefusedError
from storefront.mail.outbox import post
from storefront.orders.labels import label
from storefront.orders.models import FulfilmentStatus, Order, OrderStatus

SENDABLE = (OrderStatus.paid, OrderStatus.partially_refunded)


@dataclass(frozen=True)
class Parcel:
    """What was sent off."""

    order_number: int
    email: str
    tracking: str


def ship(order_number: int, tracking: str = "") -> Parcel:
    """Note that a paid order was sent and write to the customer; refuses what is not paid, or was sent before."""
    order_id = current_session().scalar(select(Order.id).where(Order.number == order_number))
    if order_id is None:
        raise NotYoursError(f"There is no order {label(order_number)}.")
    with transaction() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        _refuse_unsendable(order)
        order.fulfilment_status = FulfilmentStatus.fulfilled
        order.shipped_at = now()
        order.tracking = tracking.strip()
        audit.note("sent", f"order {label(order.number)}", after={"tracking": order.tracking})
        post("shipped", order.email, f"shipped:{order.id}", {"order_id": order.id})
        return Parcel(order.number, order.email, order.tracking)


def deliver(order_number: int) -> None:
    """Note that a parcel has arrived; refuses one that was not sent. Saying it again changes nothing."""
    order_id = current_session().scalar(select(Order.id).where(Order.number == order_number))
    if order_id is None:
        raise NotYoursError(f"There is no order {label(order_number)}.")
    with transaction() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        if order.fulfilment_status is FulfilmentStatus.unfulfilled:
            raise RefusedError(f"{label(order.number)} was not sent yet.")
        if order.fulfilment_status is FulfilmentStatus.delivered:
            return
        order.fulfilment_status = FulfilmentStatus.delivered
        order.delivered_at = now()
        audit.note("noted as delivered", f"order {label(order.number)}")


def _refuse_unsendable(order: Order) -> None:
    if order.status not in SENDABLE:
        raise RefusedError(f"{label(order.number)} is {order.status.replace('_', ' ')}, not paid: nothing was sent.")
    if order.shipped_at is None and order.fulfilment_status is not FulfilmentStatus.unfulfilled:
        raise RefusedError(f"{label(order.number)} is only downloaded: there is nothing to send.")
    if order.fulfilment_status is not FulfilmentStatus.unfulfilled:
        raise RefusedError(f"{label(order.number)} was sent before, on {order.shipped_at:%d %B}.")
