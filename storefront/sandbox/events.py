"""Events: written in the transaction of the change they tell of."""

import copy
import time
from typing import TYPE_CHECKING

from storefront.sandbox.errors import Document

if TYPE_CHECKING:
    from storefront.sandbox.call import Call
    from storefront.sandbox.store import Store


def emit(call: "Call", event_type: str, document: Document, previous: Document | None = None) -> None:
    """Keep the event and queue it for every endpoint that listens."""
    data: Document = {"object": snapshot(document)}
    if previous is not None:
        data["previous_attributes"] = previous
    send(call, event_type, data)


def send(call: "Call", event_type: str, data: Document, **overrides: object) -> Document:
    enabled = call.store.select("webhook_endpoint", ("status", "=", "enabled"))
    listeners = [endpoint for endpoint in enabled if listens(endpoint, event_type)]
    event = call.new(
        "event", "evt",
        **{"api_version": call.sandbox.api_version, "data": data, "pending_webhooks": len(listeners),
           "request": {"id": call.request_id, "idempotency_key": call.idempotency_key}, "type": event_type,
           **overrides},
    )  # fmt: skip
    for endpoint in listeners:
        queue(call.store, event["id"], endpoint["id"])
    return event


def queue(store: "Store", event_id: str, endpoint_id: str) -> None:
    store.execute(
        "INSERT INTO deliveries (rank, event, endpoint, due)"
        " SELECT COALESCE(MAX(rank), 0) + 1, ?, ?, ? FROM deliveries",
        event_id, endpoint_id, time.time(),
    )  # fmt: skip


def listens(endpoint: Document, event_type: str) -> bool:
    wanted = endpoint["enabled_events"]
    return "*" in wanted or event_type in wanted


def snapshot(document: Document) -> Document:
    """A document as the world may see it, now."""
    return {name: copy.deepcopy(value) for name, value in document.items() if not name.startswith("_")}


def changes(before: Document, after: Document) -> Document:
    """The `previous_attributes` of an update: what each changed field was."""
    return {name: before.get(name) for name in after if before.get(name) != after[name] and not name.startswith("_")}
