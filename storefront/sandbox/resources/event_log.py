"""Events and early fraud warnings, to be read again."""

from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, InvalidParameterError
from storefront.sandbox.events import listens, queue
from storefront.sandbox.paging import equal, page
from storefront.sandbox.routing import endpoint
from storefront.sandbox.store import Filter

_MOST_TYPES = 20


@endpoint("GET", "/v1/events/<event_id>", "EventRetrieveParams")
def retrieve(call: Call, event_id: str) -> Document:
    return call.named_by_path("event", event_id)


@endpoint(
    "POST",
    "/v1/events/<event_id>/retry",
    "EventRetrieveParams",
    extras=("account", "for_stripecli", "webhook_endpoint"),
)
def retry(call: Call, event_id: str) -> Document:
    """What the official CLI's `events resend` asks: to one endpoint by its id, else to all that listen; in no SDK.

    With `for_stripecli` it is meant for a CLI that listens, and the sandbox has none of these.
    """
    event = call.named_by_path("event", event_id)
    if "webhook_endpoint" in call.params:
        chosen = [call.named_by_param("webhook_endpoint", call.params["webhook_endpoint"], "webhook_endpoint")]
    elif call.params.get("for_stripecli") == "true":
        chosen = []
    else:
        enabled = call.store.select("webhook_endpoint", ("status", "=", "enabled"))
        chosen = [one for one in enabled if listens(one, event["type"])]
    for one in chosen:
        queue(call.store, event_id, one["id"])
    event["pending_webhooks"] += len(chosen)
    return call.save(event)


@endpoint("GET", "/v1/events", "EventListParams")
def list_all(call: Call) -> Document:
    return page(call, "event", *_filters(call))


@endpoint("GET", "/v1/radar/early_fraud_warnings/<warning_id>", "radar.EarlyFraudWarningRetrieveParams")
def retrieve_warning(call: Call, warning_id: str) -> Document:
    return call.named_by_path("radar.early_fraud_warning", warning_id)


@endpoint("GET", "/v1/radar/early_fraud_warnings", "radar.EarlyFraudWarningListParams")
def list_warnings(call: Call) -> Document:
    return page(call, "radar.early_fraud_warning", *equal(call, "charge", "payment_intent"))


def _filters(call: Call) -> list[Filter]:
    filters: list[Filter] = equal(call, "type")
    types = call.params.get("types")
    if types is not None and "type" in call.params:
        message = "You may only specify one of these parameters: type, types."
        raise InvalidParameterError(message, code="parameters_exclusive", param="types")
    if types is not None and len(types) > _MOST_TYPES:
        message = f"You can only pass up to {_MOST_TYPES} event types."
        raise InvalidParameterError(message, param="types")
    if types:
        filters.append(("type", "=", types))
    if "delivery_success" in call.params:
        filters.append(("pending_webhooks", "=" if call.params["delivery_success"] else "gt", 0))
    return filters
