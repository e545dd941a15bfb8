"""Lists: newest first, a page at a time, by cursor."""

from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, InvalidParameterError, no_such
from storefront.sandbox.events import snapshot
from storefront.sandbox.store import Filter

_BIGGEST_PAGE = 100


def page(call: Call, kind: str, *filters: Filter, url: str = "") -> Document:
    limit = page_limit(call)
    backwards = "ending_before" in call.params
    after, before = _cursor(call, kind, "starting_after"), _cursor(call, kind, "ending_before")
    found = call.store.select(kind, *filters, *created_filters(call), limit=limit + 1, after=after, before=before)
    has_more = len(found) > limit
    shown = found[-limit:] if backwards else found[:limit]
    return {"object": "list", "data": [snapshot(item) for item in shown], "has_more": has_more, "url": url or call.path}


def equal(call: Call, *names: str) -> list[Filter]:
    """The filters for the parameters of these names that were sent."""
    return [(name, "=", call.params[name]) for name in names if name in call.params]


def created_filters(call: Call) -> list[Filter]:
    created = call.params.get("created")
    if isinstance(created, dict):
        return [("created", operator, moment) for operator, moment in created.items()]
    return [] if created is None else [("created", "=", created)]


def page_limit(call: Call) -> int:
    """How many a page may hold: 10, or what was asked for, up to 100."""
    limit = int(call.params.get("limit", 10))
    if not 1 <= limit <= _BIGGEST_PAGE:
        message = f"This value must be {'greater than or equal to 1' if limit < 1 else 'less than or equal to 100'}."
        raise InvalidParameterError(message, code="parameter_invalid_integer", param="limit")
    return limit


def _cursor(call: Call, kind: str, name: str) -> int | None:
    if name not in call.params:
        return None
    place = call.store.place(call.params[name])
    if place is None:
        raise no_such(kind, call.params[name], param=name, in_path=False)
    return place
