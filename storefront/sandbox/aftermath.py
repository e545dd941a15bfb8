"""What some cards bring upon a charge that succeeded: disputes and fraud warnings."""

from storefront.sandbox.call import Call
from storefront.sandbox.cards import Aftermath
from storefront.sandbox.errors import Document
from storefront.sandbox.resources.disputes import open_dispute

_DISPUTES = {
    Aftermath.FRAUD_DISPUTE: ("fraudulent",),
    Aftermath.NOT_RECEIVED_DISPUTE: ("product_not_received",),
    Aftermath.MANY_DISPUTES: ("fraudulent", "product_not_received"),
}


def follow(call: Call, charge: Document, aftermath: Aftermath) -> None:
    for reason in _DISPUTES.get(aftermath, ()):
        open_dispute(call, charge, reason=reason, amount=charge["amount"] // len(_DISPUTES[aftermath]))
    if aftermath is Aftermath.INQUIRY:
        open_dispute(call, charge, reason="fraudulent", amount=charge["amount"], is_inquiry=True)
    if aftermath is Aftermath.FRAUD_WARNING:
        warn_of_fraud(call, charge)


def warn_of_fraud(call: Call, charge: Document) -> Document:
    warning = call.new(
        "radar.early_fraud_warning", "issfr", actionable=True, charge=charge["id"],
        fraud_type="made_with_stolen_card", payment_intent=charge["payment_intent"],
    )  # fmt: skip
    call.emit("radar.early_fraud_warning.created", warning)
    return warning
