"""Mailing the way to an order's downloads once more; and which order is meant."""

import secrets

from sqlalchemy import select

from storefront.database import current_session, transaction
from storefront.digital.models import Grant
from storefront.errors import NotYoursError
from storefront.mail.outbox import post
from storefront.orders.models import Order


def mail_again(order_id: int) -> None:
    """Send a fresh link to the order's own address."""
    with transaction() as session:
        order = session.get(Order, order_id)
        if order is None or not order.has_downloads or not order.email:
            raise NotYoursError
        post("downloads", order.email, f"downloads:{order.id}:{secrets.token_hex(8)}", {"order_id": order.id})


def order_of_grant(grant_id: int) -> str:
    """The public id of the order that it was given to."""
    found = current_session().scalar(
        select(Order.public_id).join(Grant, Grant.order_id == Order.id).where(Grant.id == grant_id)
    )
    if found is None:
        raise NotYoursError
    return found


def number_of_order(order_id: int) -> int:
    """Its number; NotYoursError where there is none."""
    number = current_session().scalar(select(Order.number).where(Order.id == order_id))
    if number is None:
        raise NotYoursError
    return number
