"""News of a dispute: a flag, with no order of states."""

from sqlalchemy import select

from storefront.database import current_session
from storefront.payments import consequences
from storefront.payments.models import Payment
from storefront.payments.news.disputes import DisputeNews
from storefront.payments.refund_models import Dispute
from storefront.payments.settling.books import lock, write_history


def settle_dispute(told: DisputeNews) -> None:
    """How a dispute stands; answers to older looks are dropped."""
    session = current_session()
    found = (
        session.scalar(select(Payment).where(Payment.stripe_payment_intent_id == told.intent)) if told.intent else None
    )
    payment = lock(found.order_id) if found else None
    dispute = session.scalar(select(Dispute).where(Dispute.stripe_dispute_id == told.dispute).with_for_update())
    if dispute is None:
        dispute = Dispute(stripe_dispute_id=told.dispute, status="", looks_asked=told.number, looks_seen=-1)
        session.add(dispute)
    if told.number < dispute.looks_seen:
        return
    before = dispute.status
    dispute.looks_seen = told.number
    dispute.payment_id = payment.id if payment else None
    dispute.status, dispute.reason, dispute.amount, dispute.currency = (
        told.status,
        told.reason,
        told.amount,
        told.currency,
    )
    dispute.evidence_due_by = told.due_by
    if before != told.status:
        consequences.dispute_changed(dispute, payment)
        if payment:
            write_history(payment, told.source, [("dispute", before, told.status)])
    if payment is None:
        consequences.note_unmatched(
            told.dispute, f"dispute {told.dispute} is about no payment of ours", told.amount, told.currency
        )
