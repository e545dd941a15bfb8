"""Mailing the way to an order's downloads once more; and which order is meant."""

import secrets

from sqlalchemy import select

from storefront.core.database import current_session, transaction
from storefront.core.errors import NotFoundError
from storefront.core.mail.outbox import queue_mail
from storefront.digital.models import Grant
from storefront.orders.models import Order


def mail_again(order_id: int) -> None:
    """Send a fresh link to the order's own address."""
    with transaction() as session:
        order = session.get(Order, order_id)
        if order is None or not order.has_downloads or not order.email:
            raise NotFoundError
        queue_mail("downloads", order.email, f"downloads:{order.id}:{secrets.token_hex(8)}", {"order_id": order.id})


def order_of_grant(grant_id: int) -> str:
    """The public id of the order that it was given to."""
    found = current_session().scalar(
        select(Order.public_id).join(Grant, Grant.order_id == Order.id).where(Grant.id == grant_id)
    )
    if found is None:
        raise NotFoundError
    return found


def number_of_order(order_id: int) -> int:
    """Its number; NotFoundError where there is none."""
    number = current_session().scalar(select(Order.number).where(Order.id == order_id))
    if number is None:
        raise NotFoundError
    return number
