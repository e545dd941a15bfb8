"""How asking Stripe can fail."""

import datetime as dt
from typing import Final

from storefront.core.errors import BusyError
from storefront.core.jobs.queue import RetryLaterError

STAGING_COPY_RETRY: Final = dt.timedelta(minutes=10)


class OutcomeUnknownError(Exception):
    """No usable answer: it may or may not have happened."""


class StripeRefusedError(Exception):
    """Stripe refused: nothing was done. `code` is Stripe's, `words` are for logs and owners."""

    def __init__(self, code: str, words: str, status: int) -> None:
        super().__init__(code)
        self.code, self.words, self.status = code, words, status


class StagingCopyError(BusyError, RetryLaterError):
    """This is a copy of a shop: nothing is changed at Stripe. Jobs wait until it is adopted."""

    words = "This is a copy of the shop: nothing can be bought or changed here."

    def __init__(self) -> None:
        RetryLaterError.__init__(self, self.words, STAGING_COPY_RETRY)


class OtherAccountError(BusyError, RetryLaterError):
    """The key opens an account that is not the shop's: nothing is changed there. Jobs wait until the right one is back."""

    words = "Paying is not possible just now. Nothing was charged; please try again later."

    def __init__(self) -> None:
        RetryLaterError.__init__(self, self.words, STAGING_COPY_RETRY)
