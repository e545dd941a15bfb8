"""Refusals: what the shop says no to, in words for the customer, with the status the web gives it."""

from typing import ClassVar


class ShopError(Exception):
    """The shop refuses, and says why in `words`; nothing was changed."""

    status: ClassVar[int] = 400
    words = "That did not work."

    def __init__(self, words: str | None = None) -> None:
        self.words = words or type(self).words
        super().__init__(self.words)


class NotFoundError(ShopError):
    """It does not exist, or it is somebody else's: the answer is the same."""

    status = 404
    words = "We could not find that."


class InvalidRequestError(ShopError):
    """What was asked for cannot be done as it was asked."""

    status = 422
    words = "Please look at that once more."


class ConflictError(ShopError):
    """What the button showed is no longer so."""

    status = 409
    words = "Something changed in the meantime. Nothing was charged."


class BusyError(ShopError):
    """Too much at once; trying again later is safe."""

    status = 503
    words = "We are busy right now. Nothing was charged; please try again in a moment."


class RateLimitedError(ShopError):
    """Throttled; `retry_after` in seconds."""

    status = 429
    words = "That was a little often. Please wait a moment."

    def __init__(self, words: str | None = None, *, retry_after: int = 60) -> None:
        super().__init__(words)
        self.retry_after = retry_after
