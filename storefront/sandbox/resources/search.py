"""Search: Stripe's query language over customers, intents, charges, products and prices.

Like Stripe's, its index follows behind when a test asks for that (`POST /control/search`): what is new is not found at
once.
"""

from collections.abc import Callable
from typing import Any

from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, InvalidParameterError, refused
from storefront.sandbox.events import snapshot
from storefront.sandbox.paging import page_limit
from storefront.sandbox.query import NUMBER, TEXT, TOKEN, Fields, matches, parsed
from storefront.sandbox.routing import endpoint

SUPPORTED_SINCE = "2020-08-27"
_CARD_DETAILS = {f"payment_method_details.card.{name}": TOKEN for name in ("brand", "fingerprint", "last4")}
_FIELDS: dict[str, Fields] = {
    "charge": {
        "amount": NUMBER, "billing_details.address.postal_code": TOKEN, "created": NUMBER, "currency": TOKEN,
        "customer": TOKEN, "disputed": TOKEN, "metadata": TOKEN, **_CARD_DETAILS,
        "payment_method_details.card.exp_month": NUMBER, "payment_method_details.card.exp_year": NUMBER,
        "refunded": TOKEN, "status": TOKEN,
    },
    "customer": {"created": NUMBER, "email": TEXT, "metadata": TOKEN, "name": TEXT, "phone": TEXT},
    "payment_intent": {"amount": NUMBER, "created": NUMBER, "currency": TOKEN, "customer": TOKEN, "metadata": TOKEN,
                       "status": TOKEN},
    "price": {"active": TOKEN, "currency": TOKEN, "lookup_key": TOKEN, "metadata": TOKEN, "product": TOKEN, "type": TOKEN},
    "product": {"active": TOKEN, "description": TEXT, "metadata": TOKEN, "name": TEXT, "shippable": TOKEN, "url": TEXT},
}  # fmt: skip


def _searches(plural: str, kind: str, parameters: str) -> Callable[[Call], Document]:
    @endpoint("GET", f"/v1/{plural}/search", parameters)
    def search(call: Call) -> Document:
        return _search(call, kind, plural)

    return search


for _plural, _kind, _parameters in (
    ("charges", "charge", "ChargeSearchParams"),
    ("customers", "customer", "CustomerSearchParams"),
    ("payment_intents", "payment_intent", "PaymentIntentSearchParams"),
    ("prices", "price", "PriceSearchParams"),
    ("products", "product", "ProductSearchParams"),
):
    _searches(_plural, _kind, _parameters)


def _search(call: Call, kind: str, plural: str) -> Document:
    if call.version and call.version < SUPPORTED_SINCE:
        message = (
            f"Search is available from API version {SUPPORTED_SINCE} on. This request was made with {call.version}."
        )
        raise refused(message)
    query = parsed(call.params["query"], _FIELDS[kind], plural)
    indexed_until = call.now - call.sandbox.search_delay
    found = [item for item in call.store.select(kind)
             if not item.get("deleted") and item["created"] <= indexed_until and matches(query, item)]  # fmt: skip
    start, limit = _start(call, plural), page_limit(call)
    has_more = len(found) > start + limit
    answer: dict[str, Any] = {
        "object": "search_result", "data": [snapshot(item) for item in found[start : start + limit]],
        "has_more": has_more, "next_page": f"{plural}.{start + limit}" if has_more else None, "url": call.path,
    }  # fmt: skip
    return _with_count(call, answer, len(found))


def _with_count(call: Call, answer: Document, count: int) -> Document:
    """`total_count` is told to those who expand it."""
    wanted = call.params.get("expand", [])
    if "total_count" in wanted:
        call.params["expand"] = [path for path in wanted if path != "total_count"]
        answer["total_count"] = count
    return answer


def _start(call: Call, plural: str) -> int:
    """Where the page begins that an earlier answer named."""
    token = call.params.get("page")
    if token is None:
        return 0
    kind, _, place = token.partition(".")
    if kind != plural or not (place.isascii() and place.isdigit()):
        message = f"Invalid page: {token}. Use the `next_page` of an earlier answer to the same search."
        raise InvalidParameterError(message, param="page")
    return int(place)
