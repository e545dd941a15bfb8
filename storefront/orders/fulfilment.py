"""Sending what was paid."""

from dataclasses import dataclass

from sqlalchemy import select

from storefront.core import audit
from storefront.core.clock import now
from storefront.core.database import current_session, transaction
from storefront.core.errors import InvalidRequestError, NotFoundError
from storefront.core.mail.outbox import queue_mail
from storefront.orders.labels import label
from storefront.orders.models import FulfilmentStatus, Order, OrderStatus

SHIPPABLE_STATUSES = (OrderStatus.paid, OrderStatus.partially_refunded)


@dataclass(frozen=True)
class Shipment:
    """What was sent off."""

    order_number: int
    email: str
    tracking: str


def ship(order_number: int, tracking: str = "") -> Shipment:
    """Note that a paid order was sent and write to the customer; refuses what is not paid, or was sent before."""
    order_id = current_session().scalar(select(Order.id).where(Order.number == order_number))
    if order_id is None:
        raise NotFoundError(f"There is no order {label(order_number)}.")
    with transaction() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        _check_shippable(order)
        order.fulfilment_status = FulfilmentStatus.fulfilled
        order.shipped_at = now()
        order.tracking = tracking.strip()
        audit.record("sent", f"order {label(order.number)}", after={"tracking": order.tracking})
        queue_mail("shipped", order.email, f"shipped:{order.id}", {"order_id": order.id})
        return Shipment(order.number, order.email, order.tracking)


def deliver(order_number: int) -> None:
    """Note that a parcel has arrived; refuses one that was not sent. Saying it again changes nothing."""
    order_id = current_session().scalar(select(Order.id).where(Order.number == order_number))
    if order_id is None:
        raise NotFoundError(f"There is no order {label(order_number)}.")
    with transaction() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        if order.fulfilment_status is FulfilmentStatus.unfulfilled:
            raise InvalidRequestError(f"{label(order.number)} was not sent yet.")
        if order.fulfilment_status is FulfilmentStatus.delivered:
            return
        order.fulfilment_status = FulfilmentStatus.delivered
        order.delivered_at = now()
        audit.record("noted as delivered", f"order {label(order.number)}")


def _check_shippable(order: Order) -> None:
    if order.status not in SHIPPABLE_STATUSES:
        raise InvalidRequestError(
            f"{label(order.number)} is {order.status.replace('_', ' ')}, not paid: nothing was sent."
        )
    if order.shipped_at is None and order.fulfilment_status is not FulfilmentStatus.unfulfilled:
        raise InvalidRequestError(f"{label(order.number)} is only downloaded: there is nothing to send.")
    if order.fulfilment_status is not FulfilmentStatus.unfulfilled:
        raise InvalidRequestError(f"{label(order.number)} was sent before, on {order.shipped_at:%d %B}.")
