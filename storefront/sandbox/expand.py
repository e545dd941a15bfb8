"""`expand`: ids replaced by the objects they name, along dotted paths, four deep at most."""

from storefront.sandbox.errors import Document, InvalidParameterError
from storefront.sandbox.events import snapshot
from storefront.sandbox.store import Store

_DEEPEST = 4
_LINES_SHOWN = 10
# What the SDK's resource types say may be an id or the object.
_EXPANDABLE: dict[str, frozenset[str]] = {
    "balance_transaction": frozenset({"source"}),
    "charge": frozenset({"application", "application_fee", "balance_transaction", "customer",
                         "failure_balance_transaction", "on_behalf_of", "payment_intent", "review", "source_transfer",
                         "transfer", "refunds"}),
    "checkout.session": frozenset({"customer", "invoice", "line_items", "payment_intent", "payment_link", "setup_intent",
                                   "subscription"}),
    "customer": frozenset({"default_source", "test_clock"}),
    "customer_session": frozenset({"customer"}),
    "dispute": frozenset({"charge", "payment_intent"}),
    "invoice_settings": frozenset({"default_payment_method"}),
    "payment_intent": frozenset({"application", "customer", "latest_charge", "on_behalf_of", "payment_method",
                                 "payment_record", "review", "source"}),
    "payment_method": frozenset({"customer"}),
    "price": frozenset({"product"}),
    "product": frozenset({"default_price"}),
    "radar.early_fraud_warning": frozenset({"charge", "payment_intent"}),
    "refund": frozenset({"balance_transaction", "charge", "customer", "failure_balance_transaction", "payment_intent",
                         "payment_method", "source_transfer_reversal", "transfer_reversal"}),
    "setup_attempt": frozenset({"application", "customer", "on_behalf_of", "payment_method", "setup_intent"}),
    "setup_intent": frozenset({"application", "customer", "latest_attempt", "mandate", "on_behalf_of",
                               "payment_method", "single_use_mandate"}),
    "shipping_cost": frozenset({"shipping_rate"}),
    "tax.calculation": frozenset({"line_items"}),
    "tax.calculation_line_item": frozenset({"tax_breakdown"}),
    "tax.transaction": frozenset({"line_items"}),
}  # fmt: skip
_NESTED = {("customer", "invoice_settings"): "invoice_settings", ("item", "price"): "price",
           ("checkout.session", "shipping_cost"): "shipping_cost"}  # fmt: skip

# What its lines are, which field of theirs names it, and where they are listed.
_LINES = {"checkout.session": ("item", "_session", "checkout/sessions"),
          "tax.calculation": ("tax.calculation_line_item", "_calculation", "tax/calculations"),
          "tax.transaction": ("tax.transaction_line_item", "_transaction", "tax/transactions")}  # fmt: skip


def expanded(store: Store, answer: Document, paths: list[str]) -> Document:
    for path in paths:
        steps = path.split(".")
        if len(steps) > _DEEPEST:
            message = f"You cannot expand more than {_DEEPEST} levels of a property ({path})."
            raise InvalidParameterError(message, param="expand")
        _expand(store, answer, answer.get("object", ""), steps, path)
    return answer


def _expand(store: Store, here: Document, kind: str, steps: list[str], path: str) -> None:
    name, *rest = steps
    if kind in {"list", "search_result"}:
        _expand_items(store, here, steps, path)
        return
    nested = _NESTED.get((kind, name))
    if nested is not None and rest:
        if here[name] is not None:
            _expand(store, here[name], nested, rest, path)
        return
    if name not in _EXPANDABLE.get(kind, frozenset()):
        message = f"This property cannot be expanded ({path})."
        raise InvalidParameterError(message, param="expand")
    here[name] = _object_for(store, here, kind, name)
    if rest and isinstance(here[name], dict):
        _expand(store, here[name], here[name]["object"], rest, path)


def _expand_items(store: Store, here: Document, steps: list[str], path: str) -> None:
    name, *rest = steps
    if name != "data" or not rest:
        message = f"This property cannot be expanded ({path}). You may want to try expanding 'data.{path}' instead."
        raise InvalidParameterError(message, param="expand")
    for item in here["data"]:
        _expand(store, item, item["object"], rest, path)


def _object_for(store: Store, here: Document, kind: str, name: str) -> object:
    if (kind, name) == ("charge", "refunds"):
        found = store.select("refund", ("charge", "=", here["id"]), limit=10)
        return {"object": "list", "data": [snapshot(refund) for refund in found], "has_more": False,
                "url": f"/v1/charges/{here['id']}/refunds"}  # fmt: skip
    if name == "line_items":
        line, owner, url = _LINES[kind]
        lines = store.select(line, (owner, "=", here["id"]))
        return {"object": "list", "data": [snapshot(one) for one in lines[:_LINES_SHOWN]],
                "has_more": len(lines) > _LINES_SHOWN, "url": f"/v1/{url}/{here['id']}/line_items"}  # fmt: skip
    if name == "tax_breakdown":
        kept = store.find_any(here["id"])
        return kept and kept["_tax_breakdown"]
    value = here.get(name)
    if not isinstance(value, str):
        return value
    found_one = store.find_any(value)
    return value if found_one is None else snapshot(found_one)
