"""What a list shows is recorded through the funnel, or only rehearsed: to say truthfully what would become of it."""

import enum
from dataclasses import dataclass

from sqlalchemy import func, select

from storefront.core.database import current_session, dry_run, end_read, transaction
from storefront.payments.ledger import effects
from storefront.payments.ledger.models import PaymentEvent, Refund, RefundKind
from storefront.payments.ledger.record import ForeignObjectError, MismatchError, apply_update
from storefront.stripe.objects import CheckoutSessionUpdate, PaymentIntentUpdate, RefundUpdate
from storefront.webhooks.models import Unmatched


class Outcome(enum.StrEnum):
    """What becomes of something that Stripe knows and we did not."""

    recorded = "recorded"
    refunded = "refunded"
    unmatched = "unmatched"


@dataclass(frozen=True)
class ComparedObject:
    """Something in Stripe's lists that was not, or not so, in our books."""

    about: str
    fate: Outcome
    why: str = ""
    object_id: str = ""


def apply_found(
    about: str, told: PaymentIntentUpdate | CheckoutSessionUpdate | RefundUpdate, *, trial: bool
) -> ComparedObject | None:
    """Record it; None when our books said so already, or it is another shop's."""
    try:
        with dry_run() if trial else transaction():
            before = _marks()
            apply_update(told)
            fate = _fate_since(before)
    except ForeignObjectError:
        return None
    except MismatchError as why:
        return note_found(about, str(why), told.amount, told.currency, trial=trial)
    return ComparedObject(about, fate) if fate else None


def note_found(about: str, why: str, amount: int | None, currency: str, *, trial: bool) -> ComparedObject | None:
    """Put it on the owner's list; None when it has been there before. `about` ends with its id at Stripe."""
    object_id = about.rpartition(" ")[2]
    if trial:
        known = current_session().scalar(select(Unmatched.id).where(Unmatched.object_id == object_id))
        end_read()
        return ComparedObject(about, Outcome.unmatched, why, object_id) if known is None else None
    with transaction():
        is_new = effects.record_unmatched(object_id, why, amount, currency)
    return ComparedObject(about, Outcome.unmatched, why, object_id) if is_new else None


def _marks() -> tuple[int, int]:
    """The newest line of history, and the newest refund of money that could not be kept."""
    session = current_session()
    lines = session.scalar(select(func.max(PaymentEvent.id))) or 0
    returned = session.scalar(select(func.max(Refund.id)).where(Refund.kind == RefundKind.late)) or 0
    return lines, returned


def _fate_since(before: tuple[int, int]) -> Outcome | None:
    lines, returned = _marks()
    if returned > before[1]:
        return Outcome.refunded
    return Outcome.recorded if lines > before[0] else None
