"""Refunds: part or all of a charge, some pending, some failing in the end."""

from storefront.sandbox.call import Call
from storefront.sandbox.cards import RefundFate
from storefront.sandbox.errors import Document, missing_parameter, refused
from storefront.sandbox.fields import update_metadata
from storefront.sandbox.paging import equal, page
from storefront.sandbox.payment_cards import card_of
from storefront.sandbox.resources.balance_transactions import book
from storefront.sandbox.routing import endpoint
from storefront.sandbox.tasks import task
from storefront.sandbox.tax import recording

_ALIVE = ("pending", "requires_action", "succeeded")


@endpoint("POST", "/v1/refunds", "RefundCreateParams")
def create(call: Call) -> Document:
    charge = _charge(call)
    amount = _amount(call, charge)
    fate = _fate(call, charge)
    refund = call.new(
        "refund", "re", amount=amount, balance_transaction=None, charge=charge["id"], currency=charge["currency"],
        customer=charge["customer"], customer_account=None, metadata={}, payment_intent=charge["payment_intent"],
        payment_method=charge["payment_method"], reason=call.params.get("reason"), receipt_number=None,
        source_transfer_reversal=None, status="succeeded", transfer_reversal=None,
        destination_details={"card": {"reference_status": "pending", "reference_type": "acquirer_reference_number",
                                      "type": "refund"}, "type": "card"},
    )  # fmt: skip
    update_metadata(refund, call.params)
    if fate is RefundFate.PENDING:
        refund.update(status="pending", pending_reason="processing")
    refund["balance_transaction"] = book(call, "refund", {**charge, **refund}, -amount)["id"]
    call.save(refund)
    call.emit("refund.created", refund)
    _recount(call, charge, refund, emits=True)
    if fate is not RefundFate.SUCCEEDS:
        call.later("succeed_refund" if fate is RefundFate.PENDING else "fail_refund", refund)
    return refund


@endpoint("GET", "/v1/refunds/<refund_id>", "RefundRetrieveParams")
def retrieve(call: Call, refund_id: str) -> Document:
    return call.named_by_path("refund", refund_id)


@endpoint("GET", "/v1/refunds", "RefundListParams")
def list_all(call: Call) -> Document:
    return page(call, "refund", *equal(call, "charge", "payment_intent"))


@endpoint("POST", "/v1/refunds/<refund_id>", "RefundUpdateParams")
def update(call: Call, refund_id: str) -> Document:
    refund = call.named_by_path("refund", refund_id)
    update_metadata(refund, call.params)
    call.save(refund)
    _tell(call, refund)
    return refund


@endpoint("POST", "/v1/refunds/<refund_id>/cancel", "RefundCancelParams")
def cancel(call: Call, refund_id: str) -> Document:
    refund = call.named_by_path("refund", refund_id)
    if refund["status"] != "requires_action":
        message = f"Refund {refund_id} can't be canceled: only a refund that requires action can, not one that is {refund['status']}."
        raise refused(message)
    refund["status"] = "canceled"
    call.save(refund)
    _recount(call, call.named_by_param("charge", refund["charge"], "charge"), refund, emits=False)
    _tell(call, refund)
    return refund


@task("succeed_refund")
def succeed(call: Call, refund: Document) -> None:
    if refund["status"] != "pending":
        return
    refund.pop("pending_reason", None)
    refund["status"] = "succeeded"
    call.save(refund)
    _tell(call, refund)


@task("fail_refund")
def fail(call: Call, refund: Document) -> None:
    """The bank sent the money back: it is ours again, and the charge counts it so."""
    if refund["status"] not in _ALIVE:
        return
    refund.pop("pending_reason", None)
    returned = book(call, "refund_failure", refund, refund["amount"])
    refund.update(
        status="failed", failure_reason="expired_or_canceled_card", failure_balance_transaction=returned["id"]
    )
    call.save(refund)
    _recount(call, call.named_by_param("charge", refund["charge"], "charge"), refund, emits=False)
    _tell(call, refund)
    call.emit("refund.failed", refund)


def release(call: Call, charge: Document) -> None:
    """Give back a hold that was never captured."""
    charge.update(amount_refunded=charge["amount"], refunded=True)
    call.save(charge)
    call.emit("charge.refunded", charge)


def refunded_amount(call: Call, charge: Document) -> int:
    found = call.store.select("refund", ("charge", "=", charge["id"]))
    return sum(refund["amount"] for refund in found if refund["status"] in _ALIVE)


def _charge(call: Call) -> Document:
    if "charge" in call.params:
        charge = call.named_by_param("charge", call.params["charge"], "charge")
    elif "payment_intent" in call.params:
        intent = call.named_by_param("payment_intent", call.params["payment_intent"], "payment_intent")
        charge = call.store.find("charge", intent["latest_charge"] or "") or {}
        if intent["status"] != "succeeded":
            message = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
            raise refused(message, code="payment_intent_unexpected_state", param="payment_intent")
    else:
        name = "payment_intent"
        raise missing_parameter(name)
    if not charge["captured"]:
        message = f"Charge {charge['id']} is not captured: it cannot be refunded."
        raise refused(message, code="charge_not_refundable")
    if _is_lost_to_dispute(call, charge):
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise refused(message, code="charge_disputed")
    return charge


def _amount(call: Call, charge: Document) -> int:
    left = charge["amount_captured"] - refunded_amount(call, charge)
    if left <= 0:
        message = f"Charge {charge['id']} has already been refunded."
        raise refused(message, code="charge_already_refunded")
    amount = int(call.params.get("amount", left))
    if amount < 1:
        message = "Invalid positive integer"
        raise refused(message, code="parameter_invalid_integer", param="amount")
    if amount > left:
        message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise refused(message, param="amount")
    return amount


def _fate(call: Call, charge: Document) -> RefundFate:
    payment_method = call.store.find("payment_method", charge["payment_method"])
    return card_of(payment_method).refund if payment_method else RefundFate.SUCCEEDS


def _is_lost_to_dispute(call: Call, charge: Document) -> bool:
    found = call.store.select("dispute", ("charge", "=", charge["id"]))
    return any(
        not dispute["is_charge_refundable"] and dispute["status"] not in {"won", "prevented"} for dispute in found
    )


def _recount(call: Call, charge: Document, refund: Document, *, emits: bool) -> None:
    before = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
    charge["amount_refunded"] = refunded_amount(call, charge)
    charge["refunded"] = charge["amount_refunded"] >= charge["amount_captured"]
    call.save(charge)
    recording.follow_refund(call, refund, (before["amount_refunded"], charge["amount_refunded"]))
    if emits:
        call.emit("charge.refunded", charge, before)


def _tell(call: Call, refund: Document) -> None:
    call.emit("refund.updated", refund)
    call.emit("charge.refund.updated", refund)
