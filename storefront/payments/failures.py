"""Why an attempt came to nothing, as customers are told: who said no, and whether this card may help another time.

Only what a bank declined is put on the bank. What Stripe refused as a request never reached it.
"""

import enum
from dataclasses import dataclass
from typing import Final

from storefront.payments.ledger.models import AttemptKind, AttemptState, PaymentAttempt
from storefront.stripe.errors import CARD_REFUSED


class FailureKind(enum.StrEnum):
    """The five ways in which nothing is charged."""

    declined = "declined"
    not_confirmed = "not_confirmed"
    card_unusable = "card_unusable"
    refused = "refused"
    page_refused = "page_refused"


# Codes of https://docs.stripe.com/error-codes: 3-D Secure failed, or the customer refused or left it.
NOT_CONFIRMED: Final = frozenset(
    {"payment_intent_authentication_failure", "setup_intent_authentication_failure", "authentication_failure"}
)
# The card itself is at its end: trying it again leads nowhere.
UNUSABLE: Final = frozenset({CARD_REFUSED, "expired_card", "expired_payment_method", "payment_method_restricted"})
EXPIRED: Final = frozenset({"expired_card", "expired_payment_method"})

# What a bank's reason is in the customer's words. What is not here is not told.
REASONS: Final = {
    "insufficient_funds": "insufficient funds",
    "incorrect_cvc": "the security code was wrong",
    "invalid_cvc": "the security code was wrong",
    "incorrect_number": "the card number was wrong",
    "card_velocity_exceeded": "too many payments in a short time",
    "withdrawal_count_limit_exceeded": "the card’s limit is used up",
    "currency_not_supported": "the card does not pay in this currency",
    "card_not_supported": "the card does not allow this kind of payment",
    "processing_error": "a technical fault; it may work in a moment",
    "authentication_required": "the bank needs you to confirm the payment",
}


@dataclass(frozen=True)
class Failure:
    """What page and mail say: the heading's part after the card's name, the sentence, and whether to offer this card again.

    `heading` has a {card} in it: "Visa ending in 4242", or "your card". `reason` is the bank's, where it may be told.
    """

    kind: FailureKind
    heading: str
    sentence: str
    reason: str = ""
    may_try_again: bool = True


def failure_of(attempt: PaymentAttempt | None) -> Failure:
    """What to say of the last attempt; None stands for an order that never had one."""
    code = attempt.decline_code if attempt else ""
    if attempt is not None and attempt.state is AttemptState.refused and attempt.kind is AttemptKind.session:
        return Failure(FailureKind.page_refused, "Stripe’s page did not open", "Please try again, or pay here.")
    if code in UNUSABLE:
        is_over = code in EXPIRED
        heading = "{card} has expired" if is_over else "{card} can no longer be used here"
        return Failure(FailureKind.card_unusable, heading, "Please use another card.", may_try_again=False)
    if attempt is None or attempt.state is AttemptState.refused:
        return Failure(
            FailureKind.refused,
            "The payment could not be started",
            "Your bank was not asked. Please try again, or use another card.",
        )
    if code in NOT_CONFIRMED:
        return Failure(
            FailureKind.not_confirmed,
            "The payment was not confirmed",
            "Your bank could not confirm that it was you. You can try again, or use another card.",
        )
    return Failure(FailureKind.declined, "Your bank declined {card}", "", REASONS.get(code, ""))
