"""Links to a guest's order that let their browser see all of it: they go by mail, to the address it was placed with."""

import datetime as dt
import secrets
from typing import Final

from sqlalchemy import select

from storefront.database import current_session, transaction
from storefront.email_addresses import key_of
from storefront.mail.outbox import post
from storefront.orders.models import Order
from storefront.signed import read_signed, sign

GOOD_FOR: Final = dt.timedelta(days=30)
_PURPOSE: Final = "see_order"


def path_by_mail(order: Order) -> str:
    """Where a mail about it leads. What is an account's is seen by who signs in, and by nobody for a link."""
    if order.user_id is not None:
        return f"/orders/{order.public_id}"
    return f"/orders/open/{sign(_PURPOSE, order.public_id)}"


def order_of_link(key: str) -> str:
    """The public id of the order that a mailed link shows; raises StaleLinkError."""
    return str(read_signed(_PURPOSE, key, GOOD_FOR))


def ask_for_link(email: str, number: int) -> None:
    """Mail the link of the order with this number to the address it was placed with, if it is this one; else nothing."""
    with transaction():
        wanted = select(Order).where(Order.number == number, Order.email_key == key_of(email))
        order = current_session().scalar(wanted)
        if order is not None:
            once = f"order_link:{order.public_id}:{secrets.token_hex(8)}"
            post("order_link", order.email, once, {"order_id": order.id})
