"""Links to a guest's order that let their browser see all of it: they go by mail, to the address it was placed with."""

import datetime as dt
import secrets
from typing import Final

from sqlalchemy import select

from storefront.core.database import current_session, transaction
from storefront.core.email_addresses import key_of
from storefront.core.mail.outbox import queue_mail
from storefront.core.signing import read_signed, sign
from storefront.orders.models import Order

LINK_MAX_AGE: Final = dt.timedelta(days=30)
_PURPOSE: Final = "see_order"


def signed_order_path(order: Order) -> str:
    """Where a mail about it leads. What is an account's is seen by who signs in, and by nobody for a link."""
    if order.user_id is not None:
        return f"/orders/{order.public_id}"
    return f"/orders/open/{sign(_PURPOSE, order.public_id)}"


def order_by_link(key: str) -> str:
    """The public id of the order that a mailed link shows; raises StaleLinkError."""
    return str(read_signed(_PURPOSE, key, LINK_MAX_AGE))


def request_link(email: str, number: int) -> None:
    """Mail the link of the order with this number to the address it was placed with, if it is this one; else nothing."""
    with transaction():
        wanted = select(Order).where(Order.number == number, Order.email_key == key_of(email))
        order = current_session().scalar(wanted)
        if order is not None:
            once = f"order_link:{order.public_id}:{secrets.token_hex(8)}"
            queue_mail("order_link", order.email, once, {"order_id": order.id})
