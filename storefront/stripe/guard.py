"""Whether anything may be changed at Stripe just now: not out of a copy of the shop, nor with another account's key."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from stripe import StripeClient

from storefront.core.database import refuse_inside_transaction, transaction
from storefront.core.errors import BusyError
from storefront.core.installation import is_staging_copy
from storefront.stripe import keys
from storefront.stripe.client import call_stripe, current_connection
from storefront.stripe.errors import OtherAccountError, OutcomeUnknownError, StagingCopyError, StripeRefusedError
from storefront.stripe.keys import KeyOwner, remember_account

T = TypeVar("T")


@contextmanager
def write_slot() -> Iterator[None]:
    """A place at Stripe, taken before anything is placed; BusyError when all are taken, so that browsing never waits."""
    gateway = current_connection()
    check_may_write()
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


def write_to_stripe(call: Callable[[StripeClient], T]) -> T:
    """As `ask`, for all that makes or moves something at Stripe: never out of a copy of the shop."""
    refuse_inside_transaction()
    check_may_write()
    return call_stripe(call)


def check_may_write() -> None:
    """Raise StagingCopyError or OtherAccountError where nothing may be changed at Stripe."""
    if is_staging_copy():
        raise StagingCopyError
    check_account()


def check_account() -> None:
    """Raise OtherAccountError where the key opens another account: what is not to be found there tells nothing."""
    standing = keys.owner_of_key()
    if standing is KeyOwner.new:
        standing = _asked_about()
    if standing is KeyOwner.foreign:
        raise OtherAccountError


def _asked_about() -> KeyOwner:
    """Whose a key is that was never used here comes before what is changed with it."""
    try:
        fetch_account_once()
    except OutcomeUnknownError as silent:
        raise OtherAccountError from silent
    return keys.owner_of_key()


def fetch_account_once() -> None:
    """Ask whose key this is, and keep it; OutcomeUnknownError where Stripe does not answer."""
    try:
        account = str(call_stripe(lambda client: client.v1.accounts.retrieve_current()).id)
    except StripeRefusedError:
        account = ""
    with transaction():
        remember_account(account)
