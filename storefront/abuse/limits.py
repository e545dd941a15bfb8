"""How often somebody may try to pay, or try a new card: whoever tries stolen cards tries many.

Counted for a customer, for the address a request comes from, and (in `breaker`) for the whole shop.
"""

import datetime as dt
import math
from typing import Final

from sqlalchemy import ColumnElement, and_, func, select

from storefront.abuse import new_card_counts
from storefront.abuse.circuit_breaker import check_new_cards_allowed
from storefront.cards.models import CardSetup
from storefront.core.client_address import address_hash, is_address_known
from storefront.core.clock import now
from storefront.core.database import current_session, end_read
from storefront.core.errors import RateLimitedError
from storefront.core.rate_limits import when
from storefront.orders.models import Order
from storefront.orders.placing import Buyer
from storefront.payments.ledger.models import AttemptState, Payment, PaymentAttempt

WINDOW: Final = dt.timedelta(hours=1)
MAX_DECLINES: Final = 10
MAX_ATTEMPTS: Final = 60
# Of all guests at one address. A family, an office, a school are one.
MAX_DECLINES_PER_ADDRESS: Final = 30
MAX_ATTEMPTS_PER_ADDRESS: Final = 150
# After so many declines of new cards from one address within the hour, so long a wait from one to the next.
SLOWER: Final = (
    (30, dt.timedelta(hours=1)),
    (20, dt.timedelta(minutes=5)),
    (10, dt.timedelta(minutes=1)),
)
_TOO_OFTEN: Final = "Too many tries to pay in a short time. Please try again {when}."
_TOO_MANY_CARDS: Final = (
    "Many cards were tried in a short time. Please try again {when}, or pay with a card you have saved."
)


def check_limits(buyer: Buyer) -> None:
    """Raise RateLimitedError where this customer's cards were declined too often, or they tried too often, in the last hour.

    What was paid does not count: a club's treasurer buys forty times, and a stolen card that pays is no test any more.

    A user is counted as such whatever address they type; a typed address counts for guests alone, so that nobody
    can use up a customer's tries. Guests are also counted by where they are: an e-mail is quickly thought up.
    """
    if buyer.user_id is not None:
        _refuse(Order.user_id == buyer.user_id, MAX_DECLINES, MAX_ATTEMPTS)
        return
    of_guests = Order.user_id.is_(None)
    _refuse(and_(of_guests, Order.email_key == buyer.email_key), MAX_DECLINES, MAX_ATTEMPTS)
    if buyer.placed_from is not None:
        there = Order.placed_from == buyer.placed_from
        _refuse(and_(of_guests, there), MAX_DECLINES_PER_ADDRESS, MAX_ATTEMPTS_PER_ADDRESS)


def _refuse(whose: ColumnElement[bool], most_declines: int, most_attempts: int) -> None:
    is_declined = PaymentAttempt.state.in_([AttemptState.declined, AttemptState.refused])
    tries = select(
        func.count(PaymentAttempt.id),
        func.min(PaymentAttempt.created_at),
        func.count(PaymentAttempt.id).filter(is_declined),
        func.min(PaymentAttempt.created_at).filter(is_declined),
    )
    lately = (
        tries.join(Payment)
        .join(Order)
        .where(whose, PaymentAttempt.created_at > now() - WINDOW, PaymentAttempt.state != AttemptState.succeeded)
    )
    all_of_them, first, declines, first_declined = current_session().execute(lately).one()
    if declines >= most_declines or all_of_them >= most_attempts:
        oldest = first_declined if declines >= most_declines else first
        raise _too_many(_TOO_OFTEN, oldest + WINDOW)


def count_new_card(user_id: int | None, email_key: str = "") -> None:
    """Count one try of a card that is new to us; raises RateLimitedError or NewCardsPausedError. Outside `transaction()`.

    It is counted before it is made, so that many at once are many. A card typed in on Stripe's page to pay is not
    counted: that page has Stripe's own defence.
    """
    check_new_cards_allowed()
    # First, so that whoever is stopped here does not use up what their neighbours have.
    new_card_counts.count_for(user_id, email_key, words=_TOO_MANY_CARDS)
    if is_address_known():
        _slow_down()
        new_card_counts.count_at(address_hash(), words=_TOO_MANY_CARDS)


def _slow_down() -> None:
    """After some declines from here one has to wait before the next, longer and longer."""
    here, since = address_hash(), now() - WINDOW
    payments = select(func.count().label("many"), func.max(PaymentAttempt.created_at).label("last")).where(
        PaymentAttempt.new_card_from == here,
        PaymentAttempt.created_at > since,
        PaymentAttempt.state == AttemptState.declined,
    )
    setups = select(func.count().label("many"), func.max(CardSetup.created_at).label("last")).where(
        CardSetup.new_card_from == here, CardSetup.created_at > since, CardSetup.decline_code != ""
    )
    session = current_session()
    declined, failed = session.execute(payments).one(), session.execute(setups).one()
    end_read()
    many, last = declined.many + failed.many, max(declined.last or since, failed.last or since)
    wait = next((wait for least, wait in SLOWER if many >= least), dt.timedelta(0))
    if last + wait > now():
        raise _too_many(_TOO_MANY_CARDS, last + wait)


def _too_many(words: str, until: dt.datetime) -> RateLimitedError:
    seconds = max(1, math.ceil((until - now()).total_seconds()))
    return RateLimitedError(words.format(when=when(seconds)), retry_after=seconds)
