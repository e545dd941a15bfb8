"""What became of asking itself, and of an order that nobody wants any more."""

from dataclasses import dataclass

from storefront.payments.models import Source


@dataclass(frozen=True)
class AttemptNews:
    """What became of asking itself: no answer (`unknown`), a refusal (`refused`), or certainly never there (`never_sent`)."""

    source: Source
    attempt_id: int
    order_id: int
    state: str
    code: str = ""
    words: str = ""


@dataclass(frozen=True)
class GivenUpNews:
    """Nobody wants this order any more, and Stripe can no longer charge for it."""

    source: Source
    order_id: int
