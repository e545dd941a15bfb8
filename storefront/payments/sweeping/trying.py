"""What a list shows is recorded through the funnel, or only rehearsed: to say truthfully what would become of it."""

import enum
from dataclasses import dataclass

from sqlalchemy import func, select

from storefront.database import current_session, leave, rehearsal, transaction
from storefront.payments import consequences
from storefront.payments.inbox_models import Unmatched
from storefront.payments.models import PaymentEvent
from storefront.payments.news.intents import IntentNews
from storefront.payments.news.refunds import RefundNews
from storefront.payments.news.sessions import SessionNews
from storefront.payments.record import DoesNotFitError, NotOursError, settle
from storefront.payments.refund_models import Refund, RefundKind


class Fate(enum.StrEnum):
    """What becomes of something that Stripe knows and we did not."""

    recorded = "recorded"
    refunded = "refunded"
    unmatched = "unmatched"


@dataclass(frozen=True)
class Found:
    """Something in Stripe's lists that was not, or not so, in our books."""

    about: str
    fate: Fate
    why: str = ""
    object_id: str = ""


def settle_found(about: str, told: IntentNews | SessionNews | RefundNews, *, trial: bool) -> Found | None:
    """Record it; None when our books said so already, or it is another shop's."""
    try:
        with rehearsal() if trial else transaction():
            before = _marks()
            settle(told)
            fate = _fate_since(before)
    except NotOursError:
        return None
    except DoesNotFitError as why:
        return note_found(about, str(why), told.amount, told.currency, trial=trial)
    return Found(about, fate) if fate else None


def note_found(about: str, why: str, amount: int | None, currency: str, *, trial: bool) -> Found | None:
    """Put it on the owner's list; None when it has been there before. `about` ends with its id at Stripe."""
    object_id = about.rpartition(" ")[2]
    if trial:
        known = current_session().scalar(select(Unmatched.id).where(Unmatched.object_id == object_id))
        leave()
        return Found(about, Fate.unmatched, why, object_id) if known is None else None
    with transaction():
        is_new = consequences.note_unmatched(object_id, why, amount, currency)
    return Found(about, Fate.unmatched, why, object_id) if is_new else None


def _marks() -> tuple[int, int]:
    """The newest line of history, and the newest refund of money that could not be kept."""
    session = current_session()
    lines = session.scalar(select(func.max(PaymentEvent.id))) or 0
    returned = session.scalar(select(func.max(Refund.id)).where(Refund.kind == RefundKind.late)) or 0
    return lines, returned


def _fate_since(before: tuple[int, int]) -> Fate | None:
    lines, returned = _marks()
    if returned > before[1]:
        return Fate.refunded
    return Fate.recorded if lines > before[0] else None
