"""Stripe Tax: calculations, the transactions they become, and what links them to payments."""

from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, StripeError, refused
from storefront.sandbox.fields import update_metadata
from storefront.sandbox.paging import page
from storefront.sandbox.routing import endpoint
from storefront.sandbox.tax.calculating import calculate
from storefront.sandbox.tax.recording import association_of, check_reference, check_unused, record, reverse


@endpoint("POST", "/v1/tax/calculations", "tax.CalculationCreateParams")
def create_calculation(call: Call) -> Document:
    return calculate(call)


@endpoint("GET", "/v1/tax/calculations/<calculation_id>", "tax.CalculationRetrieveParams")
def retrieve_calculation(call: Call, calculation_id: str) -> Document:
    return call.named_by_path("tax.calculation", calculation_id)


@endpoint("GET", "/v1/tax/calculations/<calculation_id>/line_items", "tax.CalculationListLineItemsParams")
def calculation_lines(call: Call, calculation_id: str) -> Document:
    calculation = call.named_by_path("tax.calculation", calculation_id)
    return page(call, "tax.calculation_line_item", ("_calculation", "=", calculation["id"]))


@endpoint("POST", "/v1/tax/transactions/create_from_calculation", "tax.TransactionCreateFromCalculationParams")
def create_transaction(call: Call) -> Document:
    calculation = call.named_by_param("tax.calculation", call.params["calculation"], "calculation")
    check_reference(call, call.params["reference"])
    check_unused(call, calculation)
    transaction = record(call, calculation, reference=call.params["reference"])
    transaction["posted_at"] = call.params.get("posted_at", call.now)
    return _with_metadata(call, transaction)


@endpoint("POST", "/v1/tax/transactions/create_reversal", "tax.TransactionCreateReversalParams")
def create_reversal(call: Call) -> Document:
    original = call.named_by_param("tax.transaction", call.params["original_transaction"], "original_transaction")
    check_reference(call, call.params["reference"])
    left = original["_total"] - original["_reversed"]
    amount = left if call.params["mode"] == "full" else _flat_amount(call.params)
    if original["type"] == "reversal" or not 0 < amount <= left:
        message = f"The transaction {original['id']} has {left} left to be reversed."
        raise refused(message, param="original_transaction")
    reversal = reverse(call, original, original["_reversed"] + amount, reference=call.params["reference"])
    return _with_metadata(call, reversal)


@endpoint("GET", "/v1/tax/transactions/<transaction_id>", "tax.TransactionRetrieveParams")
def retrieve_transaction(call: Call, transaction_id: str) -> Document:
    return call.named_by_path("tax.transaction", transaction_id)


@endpoint("GET", "/v1/tax/transactions/<transaction_id>/line_items", "tax.TransactionListLineItemsParams")
def transaction_lines(call: Call, transaction_id: str) -> Document:
    transaction = call.named_by_path("tax.transaction", transaction_id)
    return page(call, "tax.transaction_line_item", ("_transaction", "=", transaction["id"]))


@endpoint("GET", "/v1/tax/associations/find", "tax.AssociationFindParams")
def find_association(call: Call) -> Document:
    intent = call.params["payment_intent"]
    association = association_of(call, intent)
    if association is None:
        message = f"No tax association found for payment intent: '{intent}'"
        raise StripeError(404, message, code="resource_missing", param="payment_intent")
    return association


def _flat_amount(params: Document) -> int:
    if "flat_amount" not in params:
        message = "The sandbox reverses a part of a transaction by its `flat_amount` alone."
        raise refused(message, param="flat_amount")
    return -int(params["flat_amount"])


def _with_metadata(call: Call, transaction: Document) -> Document:
    update_metadata(transaction, call.params)
    return call.save(transaction)
