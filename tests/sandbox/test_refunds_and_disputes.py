"""Money that goes back: refunds that succeed, wait and fail, and banks that take it."""

from typing import Any

import pytest
import stripe

from tests.sandbox.running import RETURN_URL, Running


def paid(client: Any, token: str = "pm_card_visa", amount: int = 2000) -> Any:
    return client.v1.payment_intents.create(
        {"amount": amount, "currency": "eur", "confirm": True, "return_url": RETURN_URL, "payment_method": token}
    )


def charge_of(client: Any, intent: Any) -> Any:
    return client.v1.charges.retrieve(intent.latest_charge, {"expand": ["refunds"]})


def test_a_part_then_the_rest_then_no_more(client: Any) -> None:
    intent = paid(client)

    part = client.v1.refunds.create(
        {"payment_intent": intent.id, "amount": 500, "reason": "requested_by_customer", "metadata": {"refund_id": "r1"}}
    )
    after_part = charge_of(client, intent)
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 1501})
    rest = client.v1.refunds.create({"charge": intent.latest_charge})
    after_all = charge_of(client, intent)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.refunds.create({"payment_intent": intent.id})

    assert (part.amount, part.status, part.metadata.refund_id) == (500, "succeeded", "r1")
    assert (after_part.amount_refunded, after_part.refunded) == (500, False)
    assert (rest.amount, after_all.amount_refunded, after_all.refunded) == (1500, 2000, True)
    assert [refund.id for refund in after_all.refunds.data] == [rest.id, part.id]
    assert refusal.value.code == "charge_already_refunded"


def test_a_pending_refund_succeeds_in_its_time(client: Any, running: Running) -> None:
    running.control("POST", "/tasks", hold=True)
    refund = client.v1.refunds.create({"payment_intent": paid(client, "pm_card_pendingRefund").id})
    running.control("POST", "/tasks", hold=False)

    assert (refund.status, refund.pending_reason) == ("pending", "processing")
    assert client.v1.refunds.retrieve(refund.id).status == "succeeded"
    assert "refund.updated" in {event.type for event in client.v1.events.list({}).data}


def test_a_refund_may_fail_after_it_succeeded(client: Any, running: Running) -> None:
    running.control("POST", "/tasks", hold=True)
    intent = paid(client, "pm_card_refundFail")
    refund = client.v1.refunds.create({"payment_intent": intent.id, "expand": ["charge"]})
    running.control("POST", "/tasks", hold=False)
    failed = client.v1.refunds.retrieve(refund.id, {"expand": ["failure_balance_transaction"]})

    assert (refund.status, refund.charge.refunded) == ("succeeded", True)
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    assert failed.failure_balance_transaction.amount == 2000
    assert charge_of(client, intent).amount_refunded == 0
    assert "refund.failed" in {event.type for event in client.v1.events.list({}).data}


def test_a_test_decides_a_refund_itself(client: Any, running: Running) -> None:
    intent = paid(client)
    refund = client.v1.refunds.create({"payment_intent": intent.id})

    failed = running.control("POST", f"/refunds/{refund.id}", status="failed")
    again = client.v1.refunds.create({"payment_intent": intent.id})

    assert failed["status"] == "failed"
    assert again.status == "succeeded"


def test_refunds_keep_to_their_rules(client: Any) -> None:
    unpaid = client.v1.payment_intents.create({"amount": 2000, "currency": "eur"})
    refund = client.v1.refunds.create({"payment_intent": paid(client).id})

    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        client.v1.refunds.create({"payment_intent": unpaid.id})
    with pytest.raises(stripe.InvalidRequestError, match="No such charge"):
        client.v1.refunds.create({"charge": "ch_gone"})
    with pytest.raises(stripe.InvalidRequestError, match="can't be canceled"):
        client.v1.refunds.cancel(refund.id)
    noted = client.v1.refunds.update(refund.id, {"metadata": {"a": "b"}})
    assert noted.metadata.to_dict() == {"a": "b"}


def test_a_dispute_takes_the_money_and_evidence_wins_it_back(client: Any) -> None:
    intent = paid(client, "pm_card_createDispute")
    (dispute,) = client.v1.disputes.list({"payment_intent": intent.id}).data

    won = client.v1.disputes.update(
        dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}, "submit": True}
    )

    assert (dispute.status, dispute.reason, dispute.is_charge_refundable) == ("needs_response", "fraudulent", False)
    assert (won.status, won.evidence_details.submission_count) == ("won", 1)
    assert [booked.amount for booked in won.balance_transactions] == [-2000, 2000]
    assert charge_of(client, intent).disputed is True
    told = [event.type for event in reversed(client.v1.events.list({"limit": 100}).data)]
    assert [kind for kind in told if kind.startswith("charge.dispute")] == [
        "charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.updated", "charge.dispute.closed",
        "charge.dispute.funds_reinstated",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("card", "act", "status"),
    [
        ("pm_card_createDispute", "losing_evidence", "lost"),
        ("pm_card_createDispute", "a photograph", "under_review"),
        ("pm_card_createDisputeProductNotReceived", "close", "lost"),
        ("pm_card_createDisputeInquiry", "close", "warning_closed"),
        ("pm_card_createDisputeInquiry", "winning_evidence", "warning_closed"),
    ],
)
def test_how_disputes_end(client: Any, card: str, act: str, status: str) -> None:
    (dispute,) = client.v1.disputes.list({"charge": paid(client, card).latest_charge}).data

    if act == "close":
        ended = client.v1.disputes.close(dispute.id)
    else:
        ended = client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": act}})

    assert ended.status == status
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.disputes.close(dispute.id)


def test_evidence_may_be_collected_before_it_is_submitted(client: Any) -> None:
    (dispute,) = client.v1.disputes.list({"charge": paid(client, "pm_card_createDispute").latest_charge}).data

    staged = client.v1.disputes.update(dispute.id, {"evidence": {"receipt": "file_1"}, "submit": False})

    assert (staged.status, staged.evidence.receipt) == ("needs_response", "file_1")
    assert (staged.evidence_details.has_evidence, staged.evidence_details.submission_count) == (True, 0)


def test_disputed_money_is_not_refunded(client: Any, running: Running) -> None:
    lost, asked = paid(client, "pm_card_createDispute"), paid(client, "pm_card_createDisputeInquiry")

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.refunds.create({"payment_intent": lost.id})

    assert refusal.value.code == "charge_disputed"
    assert client.v1.refunds.create({"payment_intent": asked.id}).status == "succeeded"


def test_a_test_opens_and_ends_a_dispute_itself(client: Any, running: Running) -> None:
    intent = paid(client)
    opened = running.control("POST", "/disputes", charge=intent.latest_charge, reason="duplicate", amount=700)
    running.control("POST", f"/disputes/{opened['id']}", status="lost")

    dispute = client.v1.disputes.retrieve(opened["id"])
    assert (dispute.amount, dispute.reason, dispute.status) == (700, "duplicate", "lost")


def test_some_cards_bring_fraud_warnings_and_many_disputes(client: Any, running: Running) -> None:
    warned, many = paid(client, "pm_card_createIssuerFraudRecord"), paid(client, "pm_card_createMultipleDisputes")
    running.control("POST", "/fraud_warnings", charge=many.latest_charge)

    warnings = client.v1.radar.early_fraud_warnings.list({}).data
    assert [warning.charge for warning in warnings] == [many.latest_charge, warned.latest_charge]
    assert len(client.v1.disputes.list({"charge": many.latest_charge}).data) == 2


def test_the_balance_adds_up(client: Any, running: Running) -> None:
    intent = paid(client, "pm_card_bypassPending")
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 500})

    booked = client.v1.balance_transactions.list({}).data
    assert [(line.type, line.amount, line.net) for line in booked] == [("refund", -500, -500), ("charge", 2000, 1912)]
    assert (
        client.v1.balance_transactions.retrieve(booked[1].id, {"expand": ["source"]}).source.id == intent.latest_charge
    )
