"""Events and early fraud warnings, to be read again."""

from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, InvalidParameterError
from storefront.sandbox.paging import equal, page
from storefront.sandbox.routing import endpoint
from storefront.sandbox.store import Filter

_MOST_TYPES = 20


@endpoint("GET", "/v1/events/<event_id>", "EventRetrieveParams")
def retrieve(call: Call, event_id: str) -> Document:
    return call.named_by_path("event", event_id)


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
