"""How often somebody may try to pay. Attempts are rows already, so counting them is all it takes."""

import datetime as dt
from typing import Final

from sqlalchemy import ColumnElement, and_, func, select

from storefront.clock import now
from storefront.database import current_session
from storefront.errors import TooManyTriesError
from storefront.orders.models import Order
from storefront.orders.placing import Buyer
from storefront.payments.models import AttemptState, Payment, PaymentAttempt

WITHIN: Final = dt.timedelta(hours=1)
MOST_DECLINES: Final = 10
MOST_ATTEMPTS: Final = 60
# Of all guests at one address. A family, an office, a school are one.
MOST_DECLINES_THERE: Final = 30
MOST_ATTEMPTS_THERE: Final = 150


def refuse_too_many_tries(buyer: Buyer) -> None:
    """Raise TooManyTriesError where this customer's cards were declined too often, or they paid too often, in the last hour.

    A user is counted as such whatever address they type; a typed address counts for guests alone, so that nobody
    can use up a customer's tries. Guests are also counted by where they are: an e-mail is quickly thought up.
    """
    if buyer.user_id is not None:
        _refuse(Order.user_id == buyer.user_id, MOST_DECLINES, MOST_ATTEMPTS)
        return
    of_guests = Order.user_id.is_(None)
    _refuse(and_(of_guests, Order.email_key == buyer.email_key), MOST_DECLINES, MOST_ATTEMPTS)
    if buyer.placed_from is not None:
        there = Order.placed_from == buyer.placed_from
        _refuse(and_(of_guests, there), MOST_DECLINES_THERE, MOST_ATTEMPTS_THERE)


def _refuse(whose: ColumnElement[bool], most_declines: int, most_attempts: int) -> None:
    declined = func.count(PaymentAttempt.id).filter(
        PaymentAttempt.state.in_([AttemptState.declined, AttemptState.refused])
    )
    tries = select(func.count(PaymentAttempt.id), declined).join(Payment).join(Order)
    lately = tries.where(whose, PaymentAttempt.created_at > now() - WITHIN)
    all_of_them, declines = current_session().execute(lately).one()
    if declines >= most_declines or all_of_them >= most_attempts:
        raise TooManyTriesError("Too many tries to pay in a short time. Please try again later.", retry_after=15 * 60)
