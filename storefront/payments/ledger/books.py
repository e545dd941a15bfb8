"""The books of one order: locked, compared with the news, and written down when they changed."""

from sqlalchemy import insert, select
from sqlalchemy.orm import joinedload

from storefront.core.database import current_session
from storefront.orders.models import Order
from storefront.payments.ledger import effects
from storefront.payments.ledger.models import Payment, PaymentEvent, Source
from storefront.payments.ledger.states import order_status, payment_status, refunded
from storefront.stripe.objects import CheckoutSessionUpdate, PaymentIntentUpdate


class MismatchError(Exception):
    """The news is not about what we know: another amount, currency, customer or mode, or an order we do not have."""


class ForeignObjectError(Exception):
    """The news is about another shop on the same Stripe account."""


def lock_order(order_id: int) -> Payment:
    """The order's row is the lock for all that belongs to it: take it first, read the rest after."""
    session = current_session()
    order = session.get_one(Order, order_id, with_for_update=True)
    payment = (
        session.scalars(
            select(Payment)
            .where(Payment.order_id == order_id)
            .options(joinedload(Payment.attempts), joinedload(Payment.refunds))
            .execution_options(populate_existing=True)
        )
        .unique()
        .one()
    )
    assert payment.order is order
    return payment


def check_amounts(told: PaymentIntentUpdate | CheckoutSessionUpdate, about: str, payment: Payment) -> None:
    """Raise MismatchError unless amount, currency, customer, mode and intent are those of the payment."""
    intent = payment.stripe_payment_intent_id
    for what, theirs, ours in (
        # A Session that was read before it was paid has none yet.
        ("intent", told.intent or intent, intent or told.intent),
        ("amount", told.amount, payment.amount),
        ("currency", told.currency, payment.currency),
        ("customer", told.customer, payment.stripe_customer_id),
        ("mode", told.livemode, payment.livemode),
    ):
        if theirs != ours:
            raise MismatchError(f"{about} has {what} {theirs}, order {payment.order.number} has {ours}")


def snapshot(payment: Payment) -> dict[str, str]:
    """What is worth a line of history when it changes."""
    return {
        "payment": payment.status,
        "order": payment.order.status,
        **{f"attempt {one.number}": one.state for one in payment.attempts},
        **{f"refund {one.public_id}": one.state for one in payment.refunds},
    }


def write_changes(payment: Payment, before: dict[str, str], source: Source, event: str = "") -> None:
    """Compute what follows, write down what changed, and queue what it leads to."""
    effects.accept_or_refund(payment)
    payment.amount_refunded = refunded(payment)
    payment.status = payment_status(payment)
    payment.order.status = order_status(payment, payment.order.status)
    changed = changed_since(payment, before)
    if changed:
        effects.apply_effects(payment, changed)
    # Last, because it flushes: what follows from it all is written in one UPDATE a row.
    write_history(payment, source, [(what, before.get(what, ""), state) for what, state in changed.items()], event)


def changed_since(payment: Payment, before: dict[str, str]) -> dict[str, str]:
    """What stands differently now."""
    return {what: state for what, state in snapshot(payment).items() if before.get(what) != state}


def write_history(payment: Payment, source: Source, steps: list[tuple[str, str, str]], event: str = "") -> None:
    """One line for each step."""
    told = {"payment_id": payment.id, "source": source, "event_id": event}
    rows = [told | {"what": what, "before": before, "after": after} for what, before, after in steps]
    if rows:
        current_session().execute(insert(PaymentEvent), rows)
