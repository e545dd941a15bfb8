"""Disputes: a customer's bank takes the money back, and evidence may win it."""

import copy

from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, refused
from storefront.sandbox.events import snapshot
from storefront.sandbox.fields import update_metadata, update_plain
from storefront.sandbox.paging import equal, page
from storefront.sandbox.resources.balance_transactions import book
from storefront.sandbox.routing import endpoint

_FEE = 1500
_ANSWER_SECONDS = 9 * 86400
_EVIDENCE = (
    "access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name",
    "customer_purchase_ip", "customer_signature", "duplicate_charge_documentation", "duplicate_charge_explanation",
    "duplicate_charge_id", "product_description", "receipt", "refund_policy", "refund_policy_disclosure",
    "refund_refusal_explanation", "service_date", "service_documentation", "shipping_address", "shipping_carrier",
    "shipping_date", "shipping_documentation", "shipping_tracking_number", "uncategorized_file", "uncategorized_text",
)  # fmt: skip
_AWAITING = frozenset({"needs_response", "warning_needs_response"})
_CLOSED = frozenset({"won", "lost", "warning_closed", "prevented"})
_REASON_CODES = {"fraudulent": "10.4", "product_not_received": "13.1", "duplicate": "12.6"}


@endpoint("GET", "/v1/disputes/<dispute_id>", "DisputeRetrieveParams")
def retrieve(call: Call, dispute_id: str) -> Document:
    return call.named_by_path("dispute", dispute_id)


@endpoint("GET", "/v1/disputes", "DisputeListParams")
def list_all(call: Call) -> Document:
    return page(call, "dispute", *equal(call, "charge", "payment_intent"))


@endpoint("POST", "/v1/disputes/<dispute_id>", "DisputeUpdateParams")
def update(call: Call, dispute_id: str) -> Document:
    """Evidence; `winning_evidence` and `losing_evidence` decide at once when submitted, as in Stripe's test mode."""
    dispute = call.named_by_path("dispute", dispute_id)
    update_metadata(dispute, call.params)
    submits = "evidence" in call.params and call.params.get("submit", True)
    if "evidence" in call.params:
        _check_awaiting(dispute)
        update_plain(dispute["evidence"], call.params["evidence"] or {}, *_EVIDENCE)
        dispute["evidence_details"]["has_evidence"] = any(dispute["evidence"][name] for name in _EVIDENCE)
    if submits:
        dispute["evidence_details"]["submission_count"] += 1
        dispute["status"] = "warning_under_review" if dispute["_is_inquiry"] else "under_review"
    call.save(dispute)
    call.emit("charge.dispute.updated", dispute)
    if submits:
        _decide(call, dispute)
    return dispute


@endpoint("POST", "/v1/disputes/<dispute_id>/close", "DisputeCloseParams")
def close(call: Call, dispute_id: str) -> Document:
    """The shop gives in."""
    dispute = call.named_by_path("dispute", dispute_id)
    _check_awaiting(dispute)
    return finish(call, dispute, "warning_closed" if dispute["_is_inquiry"] else "lost")


def open_dispute(call: Call, charge: Document, *, reason: str, amount: int, is_inquiry: bool = False) -> Document:
    """An inquiry moves no money; a dispute takes the amount and a fee at once."""
    card = charge["payment_method_details"]["card"]
    dispute = call.new(
        "dispute", "dp", amount=amount, balance_transactions=[], charge=charge["id"], currency=charge["currency"],
        enhanced_eligibility_types=[], evidence={**dict.fromkeys(_EVIDENCE), "enhanced_evidence": {}},
        evidence_details={"due_by": call.now + _ANSWER_SECONDS, "enhanced_eligibility": {}, "has_evidence": False,
                          "past_due": False, "submission_count": 0, "submission_method": "manual"},
        intended_submission_method=None, is_charge_refundable=is_inquiry, metadata={},
        payment_intent=charge["payment_intent"],
        payment_method_details={"card": {"brand": card["brand"],
                                         "case_type": "inquiry" if is_inquiry else "chargeback",
                                         "network": card["network"],
                                         "network_reason_code": _REASON_CODES.get(reason, "10.4")}, "type": "card"},
        reason=reason, status="warning_needs_response" if is_inquiry else "needs_response", _is_inquiry=is_inquiry,
    )  # fmt: skip
    charge["disputed"] = True
    call.save(charge)
    call.emit("charge.dispute.created", dispute)
    if not is_inquiry:
        _move_money(call, dispute, -amount, fee=_FEE)
        call.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def finish(call: Call, dispute: Document, status: str) -> Document:
    before = {"status": dispute["status"]}
    dispute["status"] = status
    call.save(dispute)
    call.emit("charge.dispute.closed", dispute, before)
    if status == "won":
        _move_money(call, dispute, dispute["amount"], fee=-_FEE)
        call.emit("charge.dispute.funds_reinstated", dispute)
    return dispute


def _decide(call: Call, dispute: Document) -> None:
    text = dispute["evidence"]["uncategorized_text"] or ""
    if text == "winning_evidence":
        finish(call, dispute, "warning_closed" if dispute["_is_inquiry"] else "won")
    elif text == "losing_evidence":
        finish(call, dispute, "warning_closed" if dispute["_is_inquiry"] else "lost")


def _move_money(call: Call, dispute: Document, amount: int, *, fee: int) -> None:
    dispute["balance_transactions"].append(copy.deepcopy(snapshot(book(call, "adjustment", dispute, amount, fee=fee))))
    call.save(dispute)


def _check_awaiting(dispute: Document) -> None:
    if dispute["status"] in _CLOSED:
        message = "This dispute is already closed"
        raise refused(message)
    if dispute["status"] not in _AWAITING:
        message = "This dispute's evidence has been submitted already."
        raise refused(message)
