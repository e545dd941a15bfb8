"""How often somebody may try to pay. Attempts are rows already, so counting them is all it takes."""

import datetime as dt
from typing import Final

from sqlalchemy import and_, func, select

from storefront.clock import now
from storefront.database import current_session
from storefront.errors import TooManyTriesError
from storefront.orders.models import Order
from storefront.payments.models import AttemptState, Payment, PaymentAttempt

WITHIN: Final = dt.timedelta(hours=1)
MOST_DECLINES: Final = 10
MOST_ATTEMPTS: Final = 60


def refuse_too_many_tries(user_id: int | None, email_key: str) -> None:
    """Raise TooManyTriesError where this customer's cards were declined too often, or they paid too often, in the last hour.

    A user is counted as such whatever address they type; a typed address counts for guests alone, so that nobody
    can use up a customer's tries.
    """
    declined = func.count(PaymentAttempt.id).filter(
        PaymentAttempt.state.in_([AttemptState.declined, AttemptState.refused])
    )
    whose = (
        Order.user_id == user_id if user_id is not None else and_(Order.user_id.is_(None), Order.email_key == email_key)
    )
    tries = select(func.count(PaymentAttempt.id), declined).join(Payment).join(Order)
    lately = tries.where(whose, PaymentAttempt.created_at > now() - WITHIN)
    all_of_them, declines = current_session().execute(lately).one()
    if declines >= MOST_DECLINES or all_of_them >= MOST_ATTEMPTS:
        raise TooManyTriesError("Too many tries to pay in a short time. Please try again later.", retry_after=15 * 60)
