"""How often somebody may try to pay. Attempts are rows already, so counting them is all it takes."""

import datetime as dt
from typing import Final

from sqlalchemy import func, select

from storefront.clock import now
from storefront.database import current_session
from storefront.errors import TooManyTriesError
from storefront.orders.models import Order
from storefront.payments.models import AttemptState, Payment, PaymentAttempt

WITHIN: Final = dt.timedelta(hours=1)
MOST_DECLINES: Final = 10
MOST_ATTEMPTS: Final = 60


def refuse_too_many_tries(email_key: str) -> None:
    """Raise TooManyTriesError where this customer's cards were declined too often, or they paid too often, in the last hour."""
    declined = func.count(PaymentAttempt.id).filter(
        PaymentAttempt.state.in_([AttemptState.declined, AttemptState.refused])
    )
    tries = select(func.count(PaymentAttempt.id), declined).join(Payment).join(Order)
    lately = tries.where(Order.email_key == email_key, PaymentAttempt.created_at > now() - WITHIN)
    all_of_them, declines = current_session().execute(lately).one()
    if declines >= MOST_DECLINES or all_of_them >= MOST_ATTEMPTS:
        raise TooManyTriesError("Too many tries to pay in a short time. Please try again later.", retry_after=15 * 60)
