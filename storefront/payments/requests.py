"""Clicks: a press of a pay button, what it led to, and what may stand in its way."""

from dataclasses import dataclass

from storefront.core.errors import ConflictError
from storefront.orders.placing import OrderRequest
from storefront.payments.attempts import PaymentInstructions


class OpenOrderError(ConflictError):
    """There is an unpaid order with the same in it: the customer is asked before there is a second."""

    words = "You have begun to buy this already."

    def __init__(self, public_id: str) -> None:
        super().__init__()
        self.public_id = public_id


class NotYourButtonError(ConflictError):
    """The button belongs to somebody else's order."""

    words = "That button was used up. Nothing was charged; here is a new one."


@dataclass(frozen=True)
class PaymentRequest:
    """A press of a pay button. `goods` (variant id: quantity) is empty for a cart, which is read when the order is placed."""

    wanted: OrderRequest
    goods: dict[int, int]
    how: PaymentInstructions
    asked_before: bool = False


@dataclass(frozen=True)
class PaymentResult:
    """The order a click led to; `again`: it was there already, so nothing new was bought. `page`: where to pay it, if just opened."""

    public_id: str
    again: bool
    page: str | None = None
