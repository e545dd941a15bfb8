"""Whether an answer has the shape that Stripe's API reference gives the object."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "shapes"
_PLAIN = {"integer": int, "boolean": bool, "string": str, "array": list, "object": dict}
_PARTS = {
    "charge": {"outcome": "charge.outcome", "payment_method_details.card": "charge.payment_method_details.card"},
    "payment_method": {"card": "payment_method.card", "billing_details": "payment_method.billing_details"},
    "payment_intent": {
        "last_payment_error": "payment_intent.last_payment_error",
        "next_action": "payment_intent.next_action",
    },
    "checkout.session": {"total_details": "checkout.session.total_details"},
    "dispute": {"evidence_details": "dispute.evidence_details"},
}


def faults(document: Any, name: str | None = None) -> list[str]:
    """Everything that is missing, null where it may not be, unknown, or of another type."""
    name = name or document["object"]
    shape = _shape(name)
    found = [
        f"{name}.{field} is missing or null" for field in shape["required_non_null"] if document.get(field) is None
    ]
    found += [f"{name}.{field} is missing" for field in shape["always_present_nullable"] if field not in document]
    found += [f"{name}.{field} is unknown" for field in document if field not in shape["types"]]
    for field, kind in shape["types"].items():
        if field in document and not _fits(document[field], kind):
            found.append(f"{name}.{field} is {document[field]!r}, not {kind}")
    for path, part in _PARTS.get(name, {}).items():
        inner = _at(document, path)
        if inner is not None:
            found += faults(inner, part)
    return found


def _fits(value: Any, kind: str) -> bool:
    if value is None:
        return kind.endswith("?")
    kind = kind.removesuffix("?")
    closed = re.fullmatch(r"(?:open-)?enum\(([^…]*)\)", kind)
    if closed:
        return value in closed[1].split("|")
    wanted = _PLAIN.get(kind.split("<")[0])
    if wanted is None:
        return True
    return isinstance(value, wanted) and not (wanted is int and isinstance(value, bool))


def _at(document: Any, path: str) -> Any:
    for step in path.split("."):
        document = document.get(step) if isinstance(document, dict) else None
    return document


@cache
def _shape(name: str) -> dict[str, Any]:
    shape: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return shape
