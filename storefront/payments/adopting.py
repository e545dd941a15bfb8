"""Guests who became customers: what they bought under an e-mail goes to the account that has proven it.

Never before: whoever registers with somebody else's e-mail gets nothing of theirs.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select

from storefront.customers.addresses import Place, addresses_of, keep_address
from storefront.customers.models import User
from storefront.customers.people import user_by_id
from storefront.database import current_session, leave, transaction
from storefront.jobs.queue import job
from storefront.orders.models import OPEN_STATUSES, Order


@job("bring_guest_orders")
def bring_guest_orders(user_id: int) -> None:
    """An e-mail was proven: what was bought with it goes along."""
    bring_along(user_id)


def bring_along(user_id: int) -> int:
    """Give a user the guest orders of their proven e-mail, and say how many those were; done twice, it is the same.

    What is still open stays with the browser that is paying it, until the next time.
    """
    user = user_by_id(user_id)
    email_key = user.email_key if user and user.email_verified_at else None
    waits = email_key is not None and current_session().scalar(select(Order.id).where(*_of_guest(email_key)).limit(1))
    leave()
    if not waits or email_key is None:
        return 0
    with transaction() as session:
        # The same order of locks as wherever money is recorded: orders first, the user last.
        theirs = select(Order).where(*_of_guest(email_key)).order_by(Order.id).with_for_update()
        orders = session.scalars(theirs.execution_options(populate_existing=True)).all()
        if not _still_proven(user_id, email_key):
            return 0
        for order in orders:
            order.user_id = user_id
        _fill_address_book(user_id, orders)
        return len(orders)


def _of_guest(email_key: str) -> tuple[ColumnElement[bool], ...]:
    return Order.user_id.is_(None), Order.email_key == email_key, Order.status.not_in(OPEN_STATUSES)


def _still_proven(user_id: int, email_key: str) -> bool:
    """Under the user's lock: nobody leaves or takes another e-mail before this is done."""
    proven = select(User.id).where(
        User.id == user_id,
        User.email_key == email_key,
        User.email_verified_at.is_not(None),
        User.deleted_at.is_(None),
    )
    return current_session().scalar(proven.with_for_update(key_share=True)) is not None


def _fill_address_book(user_id: int, orders: Sequence[Order]) -> None:
    """An empty book gets where the newest order went: the next purchase is to be one click."""
    sent = [order.shipping_address for order in orders if order.shipping_address and order.paid_at]
    if not sent or addresses_of(user_id):
        return
    known = {field: sent[-1][field] for field in Place.__dataclass_fields__ if field in sent[-1]}
    keep_address(user_id, Place(**known))
