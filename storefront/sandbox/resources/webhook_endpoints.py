"""Webhook endpoints: where events go. The secret is answered once, on creation."""

from urllib.parse import urlsplit

from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, InvalidParameterError
from storefront.sandbox.fields import update_metadata, update_plain
from storefront.sandbox.ids import random_text
from storefront.sandbox.paging import page
from storefront.sandbox.routing import endpoint


@endpoint("POST", "/v1/webhook_endpoints", "WebhookEndpointCreateParams")
def create(call: Call) -> Document:
    _check_url(call.params["url"])
    secret = f"whsec_{random_text(32)}"
    webhook = call.new(
        "webhook_endpoint", "we", api_version=call.params.get("api_version"), application=None, description=None,
        enabled_events=call.params["enabled_events"], metadata={}, status="enabled", url=call.params["url"],
        _secrets=[secret],
    )  # fmt: skip
    update_plain(webhook, call.params, "description")
    update_metadata(webhook, call.params)
    call.save(webhook)
    return {**webhook, "secret": secret}


@endpoint("GET", "/v1/webhook_endpoints/<endpoint_id>", "WebhookEndpointRetrieveParams")
def retrieve(call: Call, endpoint_id: str) -> Document:
    return call.named_by_path("webhook_endpoint", endpoint_id)


@endpoint("GET", "/v1/webhook_endpoints", "WebhookEndpointListParams")
def list_all(call: Call) -> Document:
    return page(call, "webhook_endpoint", ("livemode", "=", 0))


@endpoint("POST", "/v1/webhook_endpoints/<endpoint_id>", "WebhookEndpointUpdateParams")
def update(call: Call, endpoint_id: str) -> Document:
    webhook = call.named_by_path("webhook_endpoint", endpoint_id)
    if "url" in call.params:
        _check_url(call.params["url"])
    update_plain(webhook, call.params, "description", "enabled_events", "url")
    update_metadata(webhook, call.params)
    if "disabled" in call.params:
        webhook["status"] = "disabled" if call.params["disabled"] else "enabled"
    return call.save(webhook)


@endpoint("DELETE", "/v1/webhook_endpoints/<endpoint_id>", "WebhookEndpointDeleteParams")
def delete(call: Call, endpoint_id: str) -> Document:
    webhook = call.named_by_path("webhook_endpoint", endpoint_id)
    gone = {"id": endpoint_id, "object": "webhook_endpoint", "deleted": True}
    webhook.clear()
    webhook.update(gone, status="deleted", enabled_events=[])
    call.save(webhook)
    call.store.execute("DELETE FROM deliveries WHERE endpoint = ? AND state = 'pending'", endpoint_id)
    return gone


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        message = "Invalid URL: An explicit scheme (such as https) must be provided."
        raise InvalidParameterError(message, code="url_invalid", param="url")
