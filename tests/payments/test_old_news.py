"""News that comes late, comes twice, or is about something else among much: found, and nothing is turned back."""

from dataclasses import replace

from sqlalchemy import select

from storefront.core.database import current_session, transaction
from storefront.core.mail.models import OutboundMail
from storefront.payments.ledger.effects import new_refund, unmatched
from storefront.payments.ledger.models import AttemptState, Dispute, Refund, RefundKind, RefundState, Source
from storefront.payments.ledger.record import record
from storefront.stripe import statuses
from storefront.stripe.objects import DisputeUpdate, RefundAttemptUpdate, RefundUpdate, card_update
from tests.payments.conftest import Books


def alarms() -> list[str]:
    return list(current_session().scalars(select(OutboundMail.to).where(OutboundMail.kind == "owner_alarm")))


def told_of_refund(books: Books, intent: str) -> RefundUpdate:
    return RefundUpdate(
        source=Source.webhook,
        stripe_refund="re_1",
        refund=None,
        intent=intent,
        amount=500,
        currency="eur",
        status="succeeded",
        failure_reason="",
    )


def dispute(status: str = "needs_response") -> DisputeUpdate:
    """Of a charge that Stripe names no intent for."""
    return DisputeUpdate(
        source=Source.webhook, dispute="dp_1", intent=None, charge="ch_old", status=status, reason="fraudulent", amount=500,
        currency="eur", due_by=None,
    )  # fmt: skip


def test_a_refund_that_stripe_took_is_not_undone_by_a_lost_answer(books: Books) -> None:
    placed = books.paid()
    record(told_of_refund(books, placed.intent))
    [refund] = books.payment(placed).refunds

    for state in (RefundState.unknown, RefundState.failed):
        record(RefundAttemptUpdate(Source.reconciliation, refund.id, placed.order_id, state, "too late"))

    after = current_session().scalars(select(Refund).execution_options(populate_existing=True)).one()
    assert (after.state, after.failure_reason) == (RefundState.succeeded, "")
    assert books.payment(placed).amount_refunded == 500


def test_a_decline_that_is_heard_of_after_the_payment_is_not_the_payments(books: Books) -> None:
    placed = books.place()
    books.try_next(placed)
    books.tell(placed, statuses.SUCCEEDED, answer_to=2)

    books.tell(placed, statuses.REQUIRES_PAYMENT_METHOD, answer_to=1)

    payment = books.payment(placed)
    assert [one.state for one in payment.attempts] == [AttemptState.declined, AttemptState.succeeded]
    assert payment.attempts[0].decline_code == "insufficient_funds"
    assert (payment.decline_code, payment.last_error, books.order(placed).status) == ("", "", "paid")


def test_a_dispute_of_a_charge_without_an_intent_is_for_the_owner(books: Books) -> None:
    record(dispute())
    record(dispute())
    record(dispute("lost"))

    [held] = current_session().scalars(select(Dispute)).all()
    assert (held.payment_id, held.status) == (None, "lost")
    assert [one.object_id for one in unmatched()] == ["dp_1"]
    # One for each step, and one because it fits no order.
    assert alarms() == ["olive@kiesel.example"] * 3


def test_without_an_owners_address_the_rows_alone_tell(books: Books) -> None:
    settings = books.app.config["SETTINGS"]
    books.app.config["SETTINGS"] = replace(settings, owner_email="")

    record(dispute())

    assert [one.object_id for one in unmatched()] == ["dp_1"]
    assert alarms() == []


def test_what_is_no_card_is_no_news_of_one() -> None:
    assert card_update({"id": "pm_1", "type": "link", "customer": None, "livemode": False}, Source.api) is None


def test_a_refund_that_we_gave_up_and_stripe_has_taken_counts(books: Books) -> None:
    placed = books.paid()
    with transaction():
        ours = new_refund(books.payment(placed), 900, kind=RefundKind.asked, requested_by="olive")
        current_session().add(ours)
        current_session().flush()
        refund_id, public_id = ours.id, ours.public_id
    record(RefundAttemptUpdate(Source.reconciliation, refund_id, placed.order_id, RefundState.failed, "never_sent"))

    told = replace(told_of_refund(books, placed.intent), refund=public_id, amount=900, status="succeeded")
    for status in ("succeeded", "pending"):
        record(replace(told, status=status))

    payment = books.payment(placed)
    assert [(one.state, one.failure_reason) for one in payment.refunds] == [(RefundState.succeeded, "")]
    assert payment.amount_refunded == 900
