"""Charges: one per try to take money, failed ones too."""

import copy
import time
from typing import Any

from storefront.sandbox.call import Call
from storefront.sandbox.cards import TestCard
from storefront.sandbox.declines import Decline
from storefront.sandbox.errors import Document
from storefront.sandbox.fields import shipping, update_metadata, update_plain
from storefront.sandbox.ids import random_text
from storefront.sandbox.paging import equal, page
from storefront.sandbox.payment_cards import card_of
from storefront.sandbox.resources.balance import balance
from storefront.sandbox.resources.balance_transactions import book
from storefront.sandbox.routing import endpoint
from storefront.sandbox.tasks import task

_AUTHORIZATION_SECONDS = 7 * 86400
_COPIED = ("amount", "currency", "customer", "description", "metadata", "receipt_email", "shipping",
           "statement_descriptor", "statement_descriptor_suffix", "transfer_group")  # fmt: skip


@endpoint("GET", "/v1/charges/<charge_id>", "ChargeRetrieveParams")
def retrieve(call: Call, charge_id: str) -> Document:
    return call.named_by_path("charge", charge_id)


@endpoint("GET", "/v1/charges", "ChargeListParams")
def list_all(call: Call) -> Document:
    return page(call, "charge", *equal(call, "customer", "payment_intent", "transfer_group"))


@endpoint("POST", "/v1/charges/<charge_id>", "ChargeUpdateParams")
def update(call: Call, charge_id: str) -> Document:
    charge = call.named_by_path("charge", charge_id)
    update_plain(charge, call.params, "description", "receipt_email", "transfer_group")
    update_metadata(charge, call.params)
    if "shipping" in call.params:
        charge["shipping"] = shipping(call.params["shipping"])
    if "customer" in call.params:
        charge["customer"] = call.named_by_param("customer", call.params["customer"], "customer")["id"]
    _take_fraud_report(charge, call.params)
    call.save(charge)
    call.emit("charge.updated", charge)
    return charge


def _take_fraud_report(charge: Document, params: Document) -> None:
    """The shop's own word on a charge, or its taking that back."""
    if "fraud_details" in params:
        reported = (params["fraud_details"] or {}).get("user_report")
        charge["fraud_details"] = {"user_report": reported} if reported else {}


def record_success(call: Call, intent: Document, payment_method: Document, *, authenticated: bool) -> Document:
    """The money is taken, or, with manual capture, held."""
    card = card_of(payment_method)
    held = intent["capture_method"] == "manual"
    details = _details(intent, payment_method, authenticated=authenticated or card.frictionless)
    if held:
        details["card"]["capture_before"] = call.now + _AUTHORIZATION_SECONDS
    charge = _record(
        call, intent, payment_method, details, amount_captured=0 if held else intent["amount"], captured=not held,
        outcome=_approved(card), paid=True, status="succeeded",
        receipt_url=f"{call.sandbox.public_url}/receipts/{random_text(20)}",
    )  # fmt: skip
    call.emit("charge.succeeded", charge)
    if not held:
        settle_captured(call, charge, at_once=intent["capture_method"] == "automatic" or card.funds_at_once)
        if card.funds_at_once:
            call.emit("balance.available", balance(call))
    return charge


def record_failure(call: Call, intent: Document, payment_method: Document, decline: Decline) -> Document:
    details = _details(intent, payment_method, authenticated=False)
    charge = _record(
        call, intent, payment_method, details, amount_captured=0, captured=False, failure_code=decline.code,
        failure_message=decline.message, outcome=_refused(decline), paid=False, status="failed",
    )  # fmt: skip
    call.emit("charge.failed", charge)
    return charge


def settle_captured(call: Call, charge: Document, *, at_once: bool) -> None:
    """Captured money reaches the balance a moment later, as `charge.updated` tells (`automatic_async`)."""
    if at_once:
        charge["balance_transaction"] = book(call, "charge", charge, charge["amount_captured"])["id"]
        call.save(charge)
    else:
        call.later("settle_charge", charge)


@task("settle_charge")
def settle(call: Call, charge: Document) -> None:
    if charge["balance_transaction"] is not None:
        return
    charge["balance_transaction"] = book(call, "charge", charge, charge["amount_captured"])["id"]
    call.save(charge)
    call.emit("charge.updated", charge, {"balance_transaction": None})


def _record(call: Call, intent: Document, payment_method: Document, details: Document, **facts: Any) -> Document:
    copied = {name: copy.deepcopy(intent[name]) for name in _COPIED}
    nothing = dict.fromkeys((
        "application", "application_fee", "application_fee_amount", "balance_transaction",
        "failure_balance_transaction", "failure_code", "failure_message", "on_behalf_of", "receipt_number",
        "receipt_url", "review", "source", "source_transfer", "transfer_data",
    ))  # fmt: skip
    suffix = intent["statement_descriptor_suffix"]
    fields = {
        **nothing, **copied, "amount_refunded": 0,
        "billing_details": copy.deepcopy(payment_method["billing_details"]),
        "calculated_statement_descriptor": f"SANDBOX* {suffix}" if suffix else "SANDBOX",
        "disputed": False, "fraud_details": {}, "payment_intent": intent["id"],
        "payment_method": payment_method["id"],
        "payment_method_details": details, "refunded": False, "_moment": time.time(), **facts,
    }  # fmt: skip
    return call.new("charge", "ch", **fields)


def _details(intent: Document, payment_method: Document, *, authenticated: bool) -> Document:
    kind = payment_method["type"]
    if kind == "card":
        return {"card": _card_details(intent, payment_method, authenticated=authenticated), "type": kind}
    shown = {name: value for name, value in payment_method[kind].items() if name != "generated_from"}
    return {kind: {**shown, "expected_debit_date": None, "mandate": None}, "type": kind}


def _card_details(intent: Document, payment_method: Document, *, authenticated: bool) -> Document:
    card = payment_method["card"]
    shown = {name: copy.deepcopy(card[name]) for name in ("brand", "checks", "country", "exp_month", "exp_year",
             "fingerprint", "funding", "last4", "regulated_status", "wallet")}  # fmt: skip
    _check_address(shown["checks"], payment_method)
    unavailable = {"status": "unavailable"}
    return {
        **shown, "amount_authorized": intent["amount"], "authorization_code": random_text(6).upper(),
        "electronic_commerce_indicator": "05" if authenticated else None,
        "extended_authorization": {"status": "disabled"}, "incremental_authorization": unavailable,
        "installments": None, "mandate": None, "multicapture": unavailable, "network": card["brand"],
        "network_token": {"used": False}, "network_transaction_id": random_text(15).upper(),
        "overcapture": {"maximum_amount_capturable": intent["amount"], **unavailable},
        "three_d_secure": _three_d_secure() if authenticated else None, "transaction_link_id": None,
    }  # fmt: skip


def _check_address(checks: Document, payment_method: Document) -> None:
    card, address = card_of(payment_method), payment_method["billing_details"]["address"] or {}
    checks["address_line1_check"] = card.address_line1_check if address.get("line1") else None
    checks["address_postal_code_check"] = card.address_postal_code_check if address.get("postal_code") else None


def _three_d_secure() -> Document:
    return {"authentication_flow": "challenge", "electronic_commerce_indicator": "05", "exemption_indicator": None,
            "result": "authenticated", "result_reason": None, "transaction_id": random_text(36),
            "version": "2.2.0"}  # fmt: skip


def _approved(card: TestCard) -> Document:
    return _outcome(risk=card.risk, message="Payment complete.", network="approved_by_network", kind="authorized")


def _refused(decline: Decline) -> Document:
    if decline.blocked:
        message = "Stripe blocked this payment as too risky."
        return {**_outcome(risk="highest", message=message, network="not_sent_to_network", kind="blocked"),
                "reason": "highest_risk_level"}  # fmt: skip
    outcome = _outcome(
        risk="normal", message="The bank did not return any further details with this decline.",
        network="declined_by_network", kind="issuer_declined",
    )  # fmt: skip
    return {**outcome, "advice_code": decline.advice, "network_decline_code": decline.network_code,
            "reason": decline.reason}  # fmt: skip


def _outcome(*, risk: str, message: str, network: str, kind: str) -> Document:
    scores = {"normal": 12, "elevated": 66, "highest": 92}
    return {"advice_code": None, "network_advice_code": None, "network_decline_code": None, "network_status": network,
            "reason": None, "risk_level": risk, "risk_score": scores[risk], "seller_message": message,
            "type": kind}  # fmt: skip
