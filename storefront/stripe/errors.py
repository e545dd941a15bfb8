"""How asking Stripe can fail."""

import datetime as dt
from typing import Final

from storefront.core.errors import BusyError
from storefront.core.jobs.queue import RetryLaterError

# Our word, in an attempt's row, for a refusal that was about the saved card: removed at Stripe, or not this customer's.
CARD_REFUSED: Final = "payment_method_refused"
STAGING_COPY_RETRY: Final = dt.timedelta(minutes=10)


_DETACHED: Final = "was detached from a Customer"


class OutcomeUnknownError(Exception):
    """No usable answer: it may or may not have happened."""


class StripeRefusedError(Exception):
    """Stripe refused: nothing was done. `code` and `param` are Stripe's, `words` are for logs and owners.

    `param` is the parameter that was wrong, such as `payment_method` or `invoice_settings[default_payment_method]`; often empty.
    """

    def __init__(self, code: str, words: str, status: int, param: str = "") -> None:
        super().__init__(code)
        self.code, self.words, self.status, self.param = code, words, status, param

    @property
    def is_about_card(self) -> bool:
        """Whether the card was refused, not the rest of the request. For a detached one Stripe has words and no code."""
        return self.param.startswith("payment_method") or _DETACHED in self.words


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
