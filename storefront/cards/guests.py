"""Guests' customers at Stripe: made for one who ticked that the card may be kept, before it is charged, and for nobody else.

Such a row has no user. It gets one when its guest becomes a customer (see adopting.py); until then nobody can charge the card.
"""

import datetime as dt
import secrets
from typing import Any, Final

from flask import current_app
from sqlalchemy import and_, not_, or_, select, update

from storefront.abuse.limits import check_limits
from storefront.cards.customers import create_customer_at_stripe
from storefront.cards.models import StripeCustomer
from storefront.core.clock import now
from storefront.core.database import current_session, end_read, transaction, upsert
from storefront.core.email_addresses import as_servers_write
from storefront.core.errors import BusyError
from storefront.core.installation import this_shop
from storefront.core.jobs.queue import job
from storefront.orders.models import Order
from storefront.orders.placing import Buyer
from storefront.payments.ledger.models import LIVE_STATES, Payment, PaymentAttempt, PaymentStatus
from storefront.privacy.erase import release_customer
from storefront.stripe.errors import OutcomeUnknownError, StripeRefusedError
from storefront.stripe.guard import write_slot

# Longer than the client's whole budget: until then whoever pressed may still be waiting for it.
STILL_ASKING: Final = dt.timedelta(seconds=90)
# Nothing was bought with it after all.
UNUSED_RETENTION: Final = dt.timedelta(days=1)
# A card that nobody came back for.
UNCLAIMED_RETENTION: Final = dt.timedelta(days=90)
COUNTED_FOR: Final = dt.timedelta(days=1)
_CAME_TO_NOTHING: Final = (PaymentStatus.failed, PaymentStatus.canceled)


def customer_for_guest(checkout_token: str, buyer: Buyer, name: str) -> str | None:
    """The Stripe id of the customer that this guest's card is kept with; one for a button, however often it is pressed.

    None when Stripe does not answer, or the order went on without: then the card pays, and is not kept.
    """
    placed = select(Payment).join(Order).where(Order.checkout_token == checkout_token, Order.user_id.is_(None))
    begun = current_session().scalar(placed)
    if begun is not None and (begun.stripe_customer_id or not begun.order.is_open):
        known = begun.stripe_customer_id
        end_read()
        return known
    end_read()
    with transaction():
        check_limits(buyer)
        customer_id = _want(checkout_token, buyer, name)
    try:
        with write_slot():
            return create_customer_at_stripe(customer_id)
    except (OutcomeUnknownError, StripeRefusedError, BusyError):
        return None


def _want(checkout_token: str, buyer: Buyer, name: str) -> int:
    row = upsert(StripeCustomer).values(
        user_id=None, livemode=current_app.config["SETTINGS"].livemode, guest_token=checkout_token, request=_request(buyer, name),
        idempotency_key=secrets.token_hex(20), created_at=now(), sync_error="", looks_asked=0, looks_seen=0,
    )  # fmt: skip
    made = row.on_conflict_do_nothing(index_elements=["guest_token"]).returning(StripeCustomer.id)
    session = current_session()
    known = select(StripeCustomer.id).where(StripeCustomer.guest_token == checkout_token)
    return session.scalar(made) or session.scalars(known).one()


def _request(buyer: Buyer, name: str) -> dict[str, Any]:
    # There is no user to name. What tells this guest from others of the same e-mail is random.
    marks = {"userId": "guest", "guest": secrets.token_hex(8), "source": "guest_checkout", "shop": this_shop()}
    return {"params": {"name": name, "email": as_servers_write(buyer.email), "description": "Guest", "metadata": marks}}


def reconcile_guest_customer(customer_id: int) -> None:
    """One that Stripe has not made yet: a user's is made now; a guest's, who has paid without it or left, is let go."""
    row = current_session().get(StripeCustomer, customer_id)
    is_guests = row is not None and row.user_id is None
    end_read()
    if not is_guests:
        create_customer_at_stripe(customer_id)
        return
    with transaction() as session:
        guest = session.get_one(StripeCustomer, customer_id, with_for_update=True, populate_existing=True)
        asked_lately = (guest.asked_at or guest.created_at) > now() - STILL_ASKING
        if guest.stripe_id is None and guest.user_id is None and guest.deleted_at is None and not asked_lately:
            release_customer(guest)


@job("let_go_guests", every_seconds=24 * 60 * 60)
def delete_unused_guests() -> None:
    """Delete guests' customers that nothing was bought with, and cards that nobody came back for; at Stripe too."""
    for customer_id in _unused():
        with transaction() as session:
            guest = session.get_one(StripeCustomer, customer_id, with_for_update=True, populate_existing=True)
            if guest.user_id is None and guest.deleted_at is None:
                release_customer(guest)


def _unused() -> list[int]:
    theirs = select(Payment.id).where(Payment.stripe_customer_id == StripeCustomer.stripe_id)
    being_paid = theirs.join(PaymentAttempt).where(PaymentAttempt.state.in_(LIVE_STATES)).exists()
    bought = theirs.where(Payment.status.not_in(_CAME_TO_NOTHING)).exists()
    open_to_try = theirs.join(Order).where(Order.canceled_at.is_(None), Order.paid_at.is_(None)).exists()
    over = or_(
        and_(not_(bought), not_(open_to_try), StripeCustomer.created_at < now() - UNUSED_RETENTION),
        StripeCustomer.created_at < now() - UNCLAIMED_RETENTION,
    )
    guests = select(StripeCustomer.id).where(
        StripeCustomer.guest_token.is_not(None), StripeCustomer.user_id.is_(None), StripeCustomer.deleted_at.is_(None)
    )
    ids = list(current_session().scalars(guests.where(over, not_(being_paid)).order_by(StripeCustomer.id)))
    end_read()
    return ids


@job("forget_where_from", every_seconds=24 * 60 * 60)
def forget_where_from() -> None:
    """Where orders were placed from counts for an hour; even its hash is kept no longer than a day."""
    with transaction() as session:
        old = update(Order).where(Order.placed_from.is_not(None), Order.placed_at < now() - COUNTED_FOR)
        session.execute(old.values(placed_from=None).execution_options(synchronize_session=False))
