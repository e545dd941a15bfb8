"""Whether anything may be changed at Stripe just now: not out of a copy of the shop, nor with another account's key."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from stripe import StripeClient

from storefront import stripe_keys
from storefront.database import refuse_inside_transaction, transaction
from storefront.errors import BusyError
from storefront.installation import stands_still
from storefront.payments.stripe_gateway.errors import (
    OtherAccountError,
    OutcomeUnknownError,
    RefusedByStripeError,
    StagingCopyError,
)
from storefront.payments.stripe_gateway.line import ask, gateway_here
from storefront.stripe_keys import Standing, note_account

T = TypeVar("T")


@contextmanager
def seat() -> Iterator[None]:
    """A place at Stripe, taken before anything is placed; BusyError when all are taken, so that browsing never waits."""
    gateway = gateway_here()
    refuse_to_change()
    if time.monotonic() < gateway.paused_until:
        raise BusyError(
            "Our payment provider does not answer just now. Nothing was charged; please try again in a moment."
        )
    if not gateway.seats.acquire(blocking=False):
        raise BusyError
    try:
        yield
    finally:
        gateway.seats.release()


def change(call: Callable[[StripeClient], T]) -> T:
    """As `ask`, for all that makes or moves something at Stripe: never out of a copy of the shop."""
    refuse_inside_transaction()
    refuse_to_change()
    return ask(call)


def refuse_to_change() -> None:
    """Raise StagingCopyError or OtherAccountError where nothing may be changed at Stripe."""
    if stands_still():
        raise StagingCopyError
    refuse_other_account()


def refuse_other_account() -> None:
    """Raise OtherAccountError where the key opens another account: what is not to be found there tells nothing."""
    standing = stripe_keys.standing()
    if standing is Standing.new:
        standing = _asked_about()
    if standing is Standing.foreign:
        raise OtherAccountError


def _asked_about() -> Standing:
    """Whose a key is that was never used here comes before what is changed with it."""
    try:
        learn_account()
    except OutcomeUnknownError as silent:
        raise OtherAccountError from silent
    return stripe_keys.standing()


def learn_account() -> None:
    """Ask whose key this is, and keep it; OutcomeUnknownError where Stripe does not answer."""
    try:
        account = str(ask(lambda client: client.v1.accounts.retrieve_current()).id)
    except RefusedByStripeError:
        account = ""
    with transaction():
        note_account(account)
