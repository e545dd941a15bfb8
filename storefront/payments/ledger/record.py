"""The one funnel: the only writer of payment, attempt, refund, dispute and order states.

News may come from an answer, a webhook or reconciliation, in any order and any number of times: the rows end the same.
"""

import functools

from storefront.cards import apply
from storefront.core.database import transaction
from storefront.payments.ledger.apply import (
    apply_abandoned,
    apply_attempt,
    apply_checkout_session,
    apply_dispute,
    apply_payment_intent,
    apply_refund,
    apply_refund_attempt,
)
from storefront.payments.ledger.books import ForeignObjectError, MismatchError
from storefront.payments.ledger.effects import record_unmatched
from storefront.stripe import News
from storefront.stripe.objects import (
    AttemptAbandoned,
    AttemptUpdate,
    CardDetached,
    CardUpdate,
    CheckoutSessionUpdate,
    CustomerUpdate,
    DisputeUpdate,
    PaymentIntentUpdate,
    RefundAttemptUpdate,
    RefundUpdate,
    SetupIntentUpdate,
)

__all__ = ["ForeignObjectError", "MismatchError", "apply_update", "record"]


def record(told: News) -> None:
    """Settle one piece of news in a transaction of its own."""
    with transaction():
        apply_update(told)


@functools.singledispatch
def apply_update(told: object) -> None:
    """Settle one piece of news inside the running transaction; raises MismatchError or ForeignObjectError, having changed nothing."""
    raise TypeError(f"no news: {told!r}")


apply_update.register(PaymentIntentUpdate, apply_payment_intent)
apply_update.register(CheckoutSessionUpdate, apply_checkout_session)
apply_update.register(AttemptUpdate, apply_attempt)
apply_update.register(AttemptAbandoned, apply_abandoned)
apply_update.register(RefundUpdate, apply_refund)
apply_update.register(RefundAttemptUpdate, apply_refund_attempt)
apply_update.register(DisputeUpdate, apply_dispute)
apply_update.register(CardUpdate, apply.apply_card)
apply_update.register(CardDetached, apply.apply_card_detached)
apply_update.register(CustomerUpdate, apply.apply_customer)
apply_update.register(SetupIntentUpdate, apply.apply_setup_intent)


def record_or_note(told: PaymentIntentUpdate | CheckoutSessionUpdate | RefundUpdate) -> None:
    """Record it; what does not fit is kept for the owner instead, and what is another shop's is left alone."""
    try:
        record(told)
    except MismatchError as why:
        with transaction():
            record_unmatched(_object_of(told), str(why), told.amount, told.currency)
    except ForeignObjectError:
        return


def _object_of(told: PaymentIntentUpdate | CheckoutSessionUpdate | RefundUpdate) -> str:
    if isinstance(told, PaymentIntentUpdate):
        return told.intent
    return told.session if isinstance(told, CheckoutSessionUpdate) else told.stripe_refund
