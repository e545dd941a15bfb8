"""Our customers at Stripe: a row first, made there by a job, so that nobody waits for Stripe to register."""

import secrets
from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy import select

from storefront.cards import apply
from storefront.cards.models import SavedCard, StripeCustomer
from storefront.core.alerts import alert_owner
from storefront.core.clock import now
from storefront.core.database import current_session, end_read, transaction
from storefront.core.email_addresses import as_servers_write
from storefront.core.errors import BusyError, NotFoundError
from storefront.core.installation import this_shop
from storefront.core.jobs.queue import RetryLaterError, enqueue, job
from storefront.customers.models import User
from storefront.stripe.api import create_customer, customers_since, update_customer
from storefront.stripe.errors import OutcomeUnknownError, StripeRefusedError
from storefront.stripe.guard import write_slot

# Stripe forgets keys after a day; well before that the same request is still the same customer.
KEY_LIFETIME = timedelta(hours=20)
ASKED_AGAIN_AFTER = timedelta(minutes=10)
FOR_OTHER_KEYS = timedelta(hours=1)


def wait_for_mode(*, livemode: bool) -> None:
    """For jobs: an id of the other mode means nothing to today's keys; the work waits until they are back."""
    if livemode != current_app.config["SETTINGS"].livemode:
        raise RetryLaterError("it belongs to the other mode's keys", FOR_OTHER_KEYS)


def request_customer(user: User) -> StripeCustomer:
    """Inside a transaction: this user shall have a Stripe customer in today's mode; a job makes it.

    A customer deleted at Stripe is made anew: call this only where the user adds a card.
    """
    if user.deleted_at:  # they left while this was on its way
        raise NotFoundError
    session = current_session()
    session.flush()
    livemode = current_app.config["SETTINGS"].livemode
    request = {"params": _customer_params(user) | {"metadata": _marks(user)}}
    customer = session.scalar(
        select(StripeCustomer).where(StripeCustomer.user_id == user.id, StripeCustomer.livemode == livemode)
    )
    if customer is None:
        customer = StripeCustomer(user_id=user.id, livemode=livemode)
        session.add(customer)
    elif customer.deleted_at is None:
        return customer
    customer.stripe_id = customer.deleted_at = customer.synced_at = customer.asked_at = None
    customer.idempotency_key = secrets.token_hex(20)
    customer.created_at = now()
    customer.request = request
    session.flush()
    enqueue("make_customer", {"customer_id": customer.id}, unique_key=f"customer:{customer.id}")
    return customer


def _customer_params(user: User) -> dict[str, str]:
    return {"name": user.name, "email": as_servers_write(user.email), "description": f"Customer for user ID: {user.id}"}


def _marks(user: User) -> dict[str, str]:
    return {"userId": str(user.id), "source": "user_registration", "shop": this_shop()}


@job("make_customer")
def make_in_background(customer_id: int) -> None:
    """Catch up: somebody joined, and Stripe has not heard of it."""
    customer = current_session().get(StripeCustomer, customer_id)
    if customer is not None:
        wait_for_mode(livemode=customer.livemode)
        end_read()
        create_customer_at_stripe(customer_id)


def create_customer_at_stripe(customer_id: int) -> str | None:
    """Make the customer at Stripe with its own key, once; the id, or None when it is not wanted any more.

    Raises OutcomeUnknownError where Stripe did not answer: asking again with the same key is safe.
    """
    with transaction() as session:
        customer = session.get(StripeCustomer, customer_id, with_for_update=True)
        if customer is None or customer.stripe_id or not customer.is_wanted:
            return customer.stripe_id if customer else None
        request, key, asked_before = customer.request, customer.idempotency_key, customer.asked_at
        customer.asked_at = customer.asked_at or now()
    made = (
        already_made(request, asked_before.timestamp())
        if asked_before and now() - asked_before > KEY_LIFETIME
        else None
    )
    stripe_id = made or str(create_customer(request, key)["id"])
    with transaction() as session:
        customer = session.get_one(StripeCustomer, customer_id, with_for_update=True)
        customer.stripe_id = customer.stripe_id or stripe_id
        customer.synced_at = now()
    return stripe_id


def already_made(request: dict[str, dict[str, str]], since: float) -> str | None:
    """Who was made at Stripe by this request, since a Unix time; its key is forgotten there."""
    ours = request["params"]["metadata"]
    found = customers_since(int(since) - 60, request["params"]["email"])
    return next((str(one["id"]) for one in found if one.get("metadata") == ours), None)


def customer_of(user_id: int) -> StripeCustomer | None:
    """This user's customer in today's mode, if Stripe has it."""
    livemode = current_app.config["SETTINGS"].livemode
    query = select(StripeCustomer).where(StripeCustomer.user_id == user_id, StripeCustomer.livemode == livemode)
    return current_session().scalar(query.where(StripeCustomer.deleted_at.is_(None)))


def customer_to_charge(user_id: int) -> str | None:
    """The Stripe id of this user's customer, made now if it is missing; None when Stripe does not answer."""
    customer = customer_of(user_id)
    stripe_id, customer_id = (customer.stripe_id, customer.id) if customer else (None, None)
    end_read()
    if stripe_id:
        return stripe_id
    if customer_id is None:
        with transaction() as session:
            customer_id = request_customer(session.get_one(User, user_id)).id
    try:
        with write_slot():
            return create_customer_at_stripe(customer_id)
    except (OutcomeUnknownError, StripeRefusedError, BusyError):
        return None


def request_customer_sync(user_id: int) -> None:
    """Inside a transaction: Stripe shall hear of this user's new name or e-mail, in each mode; a job tells it."""
    session = current_session()
    known = (StripeCustomer.user_id == user_id, StripeCustomer.deleted_at.is_(None))
    for customer in session.scalars(select(StripeCustomer).where(*known).with_for_update()):
        customer.synced_at = None
        enqueue("push_customer", {"customer_id": customer.id}, unique_key=f"push:{customer.id}")


@job("push_customer", gives_up=False)
def update_customer_at_stripe(customer_id: int) -> None:
    """Tell Stripe the name, e-mail and default card that belong to the shop."""
    session = current_session()
    customer = session.get(StripeCustomer, customer_id)
    user = session.get(User, customer.user_id) if customer and customer.user_id else None
    if customer is None or user is None or customer.deleted_at:
        return
    wait_for_mode(livemode=customer.livemode)
    if customer.stripe_id is None:
        raise RetryLaterError("it is not made yet", ASKED_AGAIN_AFTER)
    card = session.get(SavedCard, customer.default_card_id) if customer.default_card_id else None
    stripe_id, default_id = customer.stripe_id, customer.default_card_id
    params = _customer_params(user) | {
        # One that was made for a guest says so until its user is known.
        "metadata": {"userId": str(user.id)},
        "invoice_settings": {"default_payment_method": card.stripe_payment_method_id if card else ""},
    }
    end_read()
    error = _push(stripe_id, params)
    with transaction() as session:
        customer = session.get_one(StripeCustomer, customer_id, with_for_update=True)
        customer.sync_error = error
        if error:
            alert_owner(
                f"customer-sync:{customer_id}:{error}",
                f"Stripe did not take all of a customer's details ({stripe_id})",
                f"It refused: {error}. The rest was sent without it.",
                "Look at the customer in Stripe's dashboard. Nothing else waits for this.",
            )
        # What Stripe was asked before it heard of this is out of date.
        apply.invalidate_syncs(customer)
        if customer.default_card_id == default_id:
            customer.synced_at = now()


def _push(stripe_id: str, params: dict[str, Any]) -> str:
    """Send it; what is refused is left out, so that one bad field holds up none of the others. Returns what was refused, or "".

    Stripe names the parameter (`invoice_settings[default_payment_method]`). Where it names none that was sent, the
    refusal is about the customer or the key, and leaving out fields would not help.
    """
    left, refusals = dict(params), []
    while left:
        try:
            update_customer(stripe_id, left)
        except StripeRefusedError as refused:
            field = refused.param.partition("[")[0]
            refusals.append(f"{refused.param}: {refused.code}" if refused.param else refused.code)
            if left.pop(field, None) is None:
                break
        else:
            break
    return "; ".join(refusals)
