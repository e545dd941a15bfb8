"""How an issuer says no."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Decline:
    """What a declined charge tells the shop; `reason` is Stripe's decline code."""

    code: str
    reason: str | None
    message: str
    network_code: str | None = None
    advice: str | None = None
    blocked: bool = False


def _card_declined(reason: str, network_code: str, advice: str | None, message: str = "") -> Decline:
    return Decline("card_declined", reason, message or "Your card was declined.", network_code, advice)


GENERIC = _card_declined("generic_decline", "01", "try_again_later")
INSUFFICIENT_FUNDS = _card_declined("insufficient_funds", "51", "try_again_later", "Your card has insufficient funds.")
DEBIT_FAILED = Decline("payment_intent_payment_attempt_failed", None, "The payment failed.")
LOST = _card_declined("lost_card", "41", "do_not_try_again")
STOLEN = _card_declined("stolen_card", "43", "do_not_try_again")
VELOCITY = _card_declined(
    "card_velocity_exceeded", "65", "try_again_later",
    "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
)  # fmt: skip
FRAUDULENT = Decline("card_declined", "fraudulent", "Your card was declined.", blocked=True)
EXPIRED = Decline("expired_card", "expired_card", "Your card has expired.", "54", "do_not_try_again")
INCORRECT_CVC = Decline(
    "incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.", "82", "confirm_card_data"
)
PROCESSING = Decline(
    "processing_error", "processing_error",
    "An error occurred while processing your card. Try again in a little bit.", "96", "try_again_later",
)  # fmt: skip
AUTHENTICATION_REQUIRED = Decline(
    "authentication_required", "authentication_required",
    "Your card was declined. This transaction requires authentication.", "1A",
)  # fmt: skip
LIVE_CARD = Decline(
    "card_declined", "test_mode_live_card",
    "Your card was declined. Your request was in test mode, but used a non test (live) card. For a list of valid test"
    " cards, visit: https://stripe.com/docs/testing.",
)  # fmt: skip
