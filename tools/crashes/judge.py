"""What must be true after the deaths: the fault machine's rules, and what was promised to those who came back."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import select

from storefront.orders.models import Order, OrderStatus
from storefront.payments.ledger.models import Dispute, Payment
from storefront.webhooks.models import StripeEvent
from tools.crashes.paths import Path, ToldOfDispute
from tools.crashes.visit import Visit
from tools.faults import quiet
from tools.faults.books import Books, Marks, books
from tools.faults.invariants import PAID, Outcome, violations
from tools.faults.seen import Seen
from tools.faults.stack import Stack


@dataclass
class Verdict:
    """How many of each there were, and all that is wrong in words."""

    double_charges: int = 0
    unpaid: int = 0
    lost_events: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Batch:
    """Visits that came to rest together."""

    stack: Stack
    path: Path
    visits: dict[str, Visit]
    comes_back: bool
    since: Marks
    began: int
    seen: Seen


def judge(batch: Batch) -> Verdict:
    """Compare the shop's books with Stripe's, and with what was wanted."""
    shelf = [visit.good for visit in batch.visits.values()]
    read = books(batch.stack, batch.since, shelf)
    open_still = quiet.still_open(batch.stack)
    verdict = Verdict(wrong=violations(Outcome(read, batch.seen, open_still, batch.stack.worker_deaths)))
    charged = _charged(read)
    doubled = [point for point, visit in batch.visits.items() if charged[visit.known.customer] > 1]
    unpaid = [one.order.public_id for one in read.payments if one.order.status in PAID and not _is_charged(read, one)]
    lost = list(_lost_events(batch))
    verdict.double_charges, verdict.unpaid, verdict.lost_events = len(doubled), len(unpaid), len(lost)
    verdict.wrong += [f"{point} was charged {charged[batch.visits[point].known.customer]} times" for point in doubled]
    verdict.wrong += [f"event {one} is lost" for one in lost]
    verdict.wrong += _not_as_wanted(batch)
    verdict.wrong = [_where(batch, read, wrong) for wrong in verdict.wrong]
    return verdict


def _charged(read: Books) -> Counter[str]:
    """How often each customer was: each came for one thing."""
    return Counter(one["customer"] for one in read.charges if one["paid"])


def _is_charged(read: Books, payment: Payment) -> bool:
    return bool(read.charged(payment.order.public_id))


def _lost_events(batch: Batch) -> Iterator[str]:
    """Made by Stripe since, and not in the inbox."""
    made = batch.stack.sandbox.stripe.v1.events.list({"created": {"gte": batch.began}, "limit": 100})
    with batch.stack.inside() as session:
        known = set(session.scalars(select(StripeEvent.stripe_event_id).where(StripeEvent.id > batch.since.event)))
    for event in made.auto_paging_iter():
        if event.id not in known:
            yield f"{event.id} ({event.type})"


def _not_as_wanted(batch: Batch) -> Iterator[str]:
    """Who came back has what they came for, once; what Stripe told has had its effect."""
    if batch.path.end is None or not (batch.comes_back or batch.path.ends_so_alone):
        return
    with batch.stack.inside() as session:
        for point, visit in batch.visits.items():
            ends = list(session.scalars(select(Order.status).where(Order.user_id == visit.known.user_id)))
            if ends.count(batch.path.end) != 1 or any(one not in _ALLOWED for one in ends):
                yield f"{point} should have ended {batch.path.end}, and has {[str(one) for one in ends]}"
            disputes = select(Dispute.id).join(Payment).join(Order).where(Order.user_id == visit.known.user_id)
            if isinstance(batch.path, ToldOfDispute) and len(list(session.scalars(disputes))) != 1:
                yield f"{point} is disputed, and the shop does not know"


_ALLOWED = {OrderStatus.paid, OrderStatus.refunded, OrderStatus.canceled}


def _where(batch: Batch, read: Books, wrong: str) -> str:
    """Name the point whose order or goods are meant."""
    for point, visit in batch.visits.items():
        mine = [one.order.public_id for one in read.payments if one.order.user_id == visit.known.user_id]
        marks = [*mine, *(intent for order in mine for intent in (one["id"] for one in read.intents_of(order)))]
        if any(mark in wrong for mark in (*marks, visit.good.handle, f"{visit.known.name} ")):
            return wrong if wrong.startswith(point) else f"{point}: {wrong}"
    return wrong
