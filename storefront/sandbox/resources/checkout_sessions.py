"""Checkout Sessions, and what Stripe's own page asks of the API about them."""

from storefront.sandbox.call import Call
from storefront.sandbox.checkout import ending, opening, paying
from storefront.sandbox.errors import Document, refused
from storefront.sandbox.fields import update_metadata
from storefront.sandbox.ids import random_text
from storefront.sandbox.intents import check_owner
from storefront.sandbox.paging import equal, page
from storefront.sandbox.resources.payment_methods import usable
from storefront.sandbox.routing import endpoint

_OLD_UI_MODES = {"hosted": "hosted_page", "embedded": "embedded_page", "custom": "elements"}
_NEW_UI_MODES_SINCE = "2026-03-25"
_PAGE = "checkout.SessionRetrieveParams"


def modernized(raw: Document, version: str) -> Document:
    """Requests of an older version may name the page's kind as that version did."""
    if version >= _NEW_UI_MODES_SINCE or raw.get("ui_mode") not in _OLD_UI_MODES:
        return raw
    return {**raw, "ui_mode": _OLD_UI_MODES[raw["ui_mode"]]}


@endpoint(
    "POST", "/v1/checkout/sessions", "checkout.SessionCreateParams", extras=("payment_method_types",),
    modernized=modernized,
)  # fmt: skip
def create(call: Call) -> Document:
    return opening.open_session(call)


@endpoint("GET", "/v1/checkout/sessions/<session_id>", "checkout.SessionRetrieveParams")
def retrieve(call: Call, session_id: str) -> Document:
    return call.named_by_path("checkout.session", session_id)


@endpoint("POST", "/v1/checkout/sessions/<session_id>", "checkout.SessionUpdateParams")
def update(call: Call, session_id: str) -> Document:
    session = call.named_by_path("checkout.session", session_id)
    others = sorted(set(call.params) - {"metadata", "expand"})
    if others:
        message = f"The sandbox changes a session's metadata alone, not its {others[0]}: expire it, and open another."
        raise refused(message, param=others[0])
    update_metadata(session, call.params)
    return call.save(session)


@endpoint("GET", "/v1/checkout/sessions", "checkout.SessionListParams")
def list_all(call: Call) -> Document:
    filters = equal(call, "customer", "payment_intent", "status", "subscription", "payment_link")
    email = call.params.get("customer_details", {}).get("email")
    if email is not None:
        filters.append(("customer_details.email", "=", email))
    return page(call, "checkout.session", *filters)


@endpoint("POST", "/v1/checkout/sessions/<session_id>/expire", "checkout.SessionExpireParams")
def expire(call: Call, session_id: str) -> Document:
    return ending.expire(call, call.named_by_path("checkout.session", session_id))


@endpoint("GET", "/v1/checkout/sessions/<session_id>/line_items", "checkout.SessionListLineItemsParams")
def line_items(call: Call, session_id: str) -> Document:
    session = call.named_by_path("checkout.session", session_id)
    return page(call, "item", ("_session", "=", session["id"]))


@endpoint("GET", "/v1/payment_pages/<session_id>", _PAGE)
def payment_page(call: Call, session_id: str) -> Document:
    """What the official CLI reads before it pays; it is in no SDK."""
    return _page(call.named_by_path("checkout.session", session_id))


@endpoint("POST", "/v1/payment_pages/<session_id>/confirm", _PAGE, extras=("payment_method", "expected_amount"))
def confirm_payment_page(call: Call, session_id: str) -> Document:
    """How the official CLI pays."""
    session = call.named_by_path("checkout.session", session_id)
    expected = call.params.get("expected_amount")
    if expected is not None and expected != str(session["amount_total"]):
        message = f"The expected amount of {expected} is not the session's amount of {session['amount_total']}."
        raise refused(message, code="checkout_amount_mismatch", param="expected_amount")
    payment_method = usable(call, str(call.params.get("payment_method", "")))
    check_owner(payment_method, session)
    paying.pay(call, session, paying.Entry(payment_method, email=payment_method["billing_details"]["email"]))
    return _page(session)


def _page(session: Document) -> Document:
    return {
        "id": f"ppage_{random_text(24)}", "object": "payment_page", "session_id": session["id"],
        "livemode": session["livemode"], "mode": session["mode"], "payment_status": session["payment_status"],
        "status": session["status"],
    }  # fmt: skip
