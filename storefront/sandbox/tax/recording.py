"""From a calculation to the books: the transaction a payment makes of it, and what its refunds take back."""

from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, StripeError, refused
from storefront.sandbox.ids import new_id
from storefront.sandbox.tax.calculating import lines_of

_COPIED = ("currency", "customer", "customer_details", "ship_from_details", "shipping_cost", "tax_date")
_COPIED_LINE = ("amount", "amount_tax", "metadata", "product", "quantity", "reference", "tax_behavior", "tax_code")


def link(call: Call, intent: Document) -> None:
    """`hooks[inputs][tax][calculation]`: what the intent's tax was calculated by. Its amount is not compared."""
    tax = ((call.params.get("hooks") or {}).get("inputs") or {}).get("tax")
    if tax is None:
        return
    if not tax["calculation"]:
        intent.pop("hooks", None)
        return
    calculation = call.named_by_param("tax.calculation", tax["calculation"], "hooks[inputs][tax][calculation]")
    intent["hooks"] = {"inputs": {"tax": {"calculation": calculation["id"]}}}
    association = association_of(call, intent["id"]) or {
        "id": new_id("taxa"), "object": "tax.association", "payment_intent": intent["id"],
        "tax_transaction_attempts": None,
    }  # fmt: skip
    association["calculation"] = calculation["id"]
    call.save(association)


def association_of(call: Call, intent_id: str) -> Document | None:
    return next(iter(call.store.select("tax.association", ("payment_intent", "=", intent_id))), None)


def commit(call: Call, intent: Document) -> None:
    """The payment succeeded: its calculation becomes a transaction, or its association says why not."""
    if "hooks" not in intent:
        return
    association = association_of(call, intent["id"])
    assert association is not None
    calculation = call.named_by_param("tax.calculation", association["calculation"], "calculation")
    reason = _obstacle(call, calculation, intent["currency"])
    if reason is not None:
        _note(call, association, intent["id"], {"errored": {"reason": reason}})
        return
    transaction = record(call, calculation, reference=intent["id"])
    _note(call, association, intent["id"], {"committed": {"transaction": transaction["id"]}})


def record(call: Call, calculation: Document, *, reference: str) -> Document:
    """The transaction of a calculation, with its lines."""
    transaction = call.new(
        "tax.transaction", "tax", **{name: calculation[name] for name in _COPIED}, metadata=None, posted_at=call.now,
        reference=reference, reversal=None, type="transaction", _reversed=0,
        _total=calculation["amount_total"],
    )  # fmt: skip
    for line in reversed(lines_of(call, calculation)):
        copied = {name: line[name] for name in _COPIED_LINE}
        _save_line(call, transaction, {**copied, "reversal": None})
    calculation["_transaction"] = transaction["id"]
    call.save(calculation)
    return transaction


def check_reference(call: Call, reference: str) -> None:
    if call.store.select("tax.transaction", ("reference", "=", reference), limit=1):
        message = f"A tax transaction with the reference '{reference}' exists already; references must be unique."
        raise refused(message, param="reference")


def check_unused(call: Call, calculation: Document) -> None:
    if calculation.get("_transaction"):
        message = f"The tax calculation {calculation['id']} has been used for a transaction already."
        raise refused(message, param="calculation")
    if calculation["expires_at"] <= call.now:
        raise _expired(calculation)


def follow_refund(call: Call, refund: Document, refunded: tuple[int, int]) -> None:
    """A refund was made, or failed: the charge's refunds went from one sum to another."""
    association = association_of(call, refund["payment_intent"] or "")
    before, after = refunded
    if association is None or before == after:
        return
    made = next((one for one in association["tax_transaction_attempts"] or [] if "committed" in one), None)
    if made is None:
        return
    original = call.named_by_param("tax.transaction", made["committed"]["transaction"], "transaction")
    again = f"{refund['id']}_failed" if after < before else refund["id"]
    reversal = reverse(call, original, min(after, original["_total"]), reference=again)
    _note(call, association, refund["id"], {"committed": {"transaction": reversal["id"]}})


def reverse(call: Call, original: Document, upto: int, *, reference: str) -> Document:
    """Take back so much of a transaction that `upto` of it is taken back in all; less than before gives some again.

    Every line, the shipping and their taxes bear their share, to the cent; all of it taken back leaves nothing.
    """
    before = original["_reversed"]
    lines = call.store.select("tax.transaction_line_item", ("_transaction", "=", original["id"]))
    pieces = [*lines, *([original["shipping_cost"]] if original["shipping_cost"] else [])]
    now = _shares(pieces, upto, original["_total"])
    then = _shares(pieces, before, original["_total"])
    moved = [(a - b, c - d) for (b, d), (a, c) in zip(now, then, strict=True)]
    shipping = original["shipping_cost"] and {
        **original["shipping_cost"], "amount": moved[-1][0], "amount_tax": moved[-1][1]
    }  # fmt: skip
    original["_reversed"] = upto
    call.save(original)
    reversal = call.new(
        "tax.transaction", "tax", **{name: original[name] for name in _COPIED if name != "shipping_cost"},
        shipping_cost=shipping, metadata=None, posted_at=call.now, reference=reference,
        reversal={"original_transaction": original["id"]}, type="reversal", _reversed=0, _total=0,
    )  # fmt: skip
    for line, (amount, tax) in reversed(list(zip(lines, moved, strict=False))):
        copied = {name: line[name] for name in _COPIED_LINE}
        copied |= {"amount": amount, "amount_tax": tax, "reference": f"{line['reference']}-{reference}"}
        _save_line(call, reversal, {**copied, "reversal": {"original_line_item": line["id"]}})
    return reversal


def _shares(pieces: list[Document], upto: int, total: int) -> list[tuple[int, int]]:
    """Of each piece its amount and its tax; the rounding of one is made up for by the next."""
    passed, given, shares = 0, 0, []
    for piece in pieces:
        # An included tax is part of its amount, one on top is beside it.
        inclusive = piece["tax_behavior"] == "inclusive"
        whole = piece["amount"] if inclusive else piece["amount"] + piece["amount_tax"]
        passed += whole
        reached = upto * passed // total if total else 0
        share, given = reached - given, reached
        tax = share * piece["amount_tax"] // whole if whole else 0
        shares.append((share if inclusive else share - tax, tax))
    return shares


def _save_line(call: Call, transaction: Document, fields: Document) -> None:
    call.save({
        "id": new_id("tax_li"), "object": "tax.transaction_line_item", "livemode": False, "type": transaction["type"],
        **fields, "_transaction": transaction["id"],
    })  # fmt: skip


def _obstacle(call: Call, calculation: Document, currency: str) -> str | None:
    if calculation.get("_transaction"):
        return "another_payment_associated_with_calculation"
    if calculation["expires_at"] <= call.now:
        return "calculation_expired"
    return None if calculation["currency"] == currency else "currency_mismatch"


def _note(call: Call, association: Document, source: str, outcome: Document) -> None:
    attempts = association["tax_transaction_attempts"] or []
    association["tax_transaction_attempts"] = [*attempts, {"source": source, "status": next(iter(outcome)), **outcome}]
    call.save(association)


def _expired(calculation: Document) -> StripeError:
    message = f"The tax calculation {calculation['id']} has expired. Please create a new one."
    return refused(message, code="tax_calculation_expired", param="calculation")
