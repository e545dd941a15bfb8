"""Everything the sandbox holds, added up: what a test compares the shop's own rows with."""

from collections import defaultdict
from typing import Any

from storefront.sandbox.errors import Document
from storefront.sandbox.events import snapshot
from storefront.sandbox.store import Store

_NOBODY = ""


def ledger(store: Store, after: int | None = None) -> Document:
    """Objects oldest first; totals by customer and by `metadata.order_id` of the intent.

    `last` is a place in the ledger: with `after`, only what was made after that place is told.
    """
    charges = [_with_moment(charge) for charge in _kept(store, "charge", after)]
    refunds = _all(store, "refund", after)
    intents = {intent["id"]: intent for intent in _all(store, "payment_intent", after)}
    return {
        "last": store.last_place(),
        "customers": [_with_cards(store, customer) for customer in _all(store, "customer", after)],
        "payment_intents": list(intents.values()), "setup_intents": _all(store, "setup_intent", after),
        "charges": charges, "refunds": refunds, "disputes": _all(store, "dispute", after),
        "checkout_sessions": _all(store, "checkout.session", after),
        "tax_calculations": _all(store, "tax.calculation", after),
        "tax_transactions": _all(store, "tax.transaction", after),
        "tax_associations": _all(store, "tax.association", after),
        "by_customer": _totals(charges, refunds, lambda item: item["customer"] or _NOBODY),
        "by_order": _totals(charges, refunds, lambda item: _order_of(intents, item)),
    }  # fmt: skip


def _all(store: Store, kind: str, after: int | None) -> list[Document]:
    return [snapshot(document) for document in _kept(store, kind, after)]


def _kept(store: Store, kind: str, after: int | None) -> list[Document]:
    return store.select(kind, before=after)[::-1]


def _with_moment(charge: Document) -> Document:
    """With the real time of the try, to the microsecond: to compare with when somebody was told of it."""
    return {**snapshot(charge), "moment": charge.get("_moment")}


def _with_cards(store: Store, customer: Document) -> Document:
    cards = store.select("payment_method", ("customer", "=", customer["id"]))
    return {**customer, "cards": [snapshot(card) for card in cards]}


def _order_of(intents: dict[str, Document], item: Document) -> str:
    intent = intents.get(item["payment_intent"] or "")
    return str(intent["metadata"].get("order_id", _NOBODY)) if intent else _NOBODY


def _totals(charges: list[Document], refunds: list[Document], owner: Any) -> dict[str, dict[str, int]]:
    totals: dict[str, dict[str, int]] = defaultdict(
        lambda: {"charges": 0, "failed_charges": 0, "captured": 0, "refunded": 0}
    )
    for charge in charges:
        total = totals[owner(charge)]
        total["charges" if charge["paid"] else "failed_charges"] += 1
        total["captured"] += charge["amount_captured"]
    for refund in refunds:
        if refund["status"] not in {"failed", "canceled"}:
            totals[owner(refund)]["refunded"] += refund["amount"]
    return dict(totals)
