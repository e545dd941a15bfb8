"""What others do at Stripe, and no shop: card networks, banks, customers."""

from http import HTTPStatus

from flask import Response, abort

from storefront.sandbox import cards, events
from storefront.sandbox.aftermath import warn_of_fraud
from storefront.sandbox.call import Call
from storefront.sandbox.checkout import ending
from storefront.sandbox.control.door import control, happens, sent
from storefront.sandbox.errors import Document
from storefront.sandbox.payment_cards import fingerprint
from storefront.sandbox.resources import disputes, refunds


@control.post("/cards/<payment_method_id>/renewal")
def renew_card(payment_method_id: str) -> Response:
    """The network tells a new number or expiry: same id, and `payment_method.automatically_updated`."""
    told = sent()

    def renew(call: Call) -> Document:
        payment_method = call.named_by_path("payment_method", payment_method_id)
        card = payment_method["card"]
        before = dict(card)
        _renumber(payment_method, told)
        card.update({name: int(told[name]) for name in ("exp_month", "exp_year") if name in told})
        if "number" not in told and "exp_year" not in told:
            card["exp_year"] += 4
        call.save(payment_method)
        previous = {name: before[name] for name in before if before[name] != card[name]}
        call.emit("payment_method.automatically_updated", payment_method, {"card": previous})
        return payment_method

    return happens(renew)


@control.post("/customers/<customer_id>/link")
def save_link(customer_id: str) -> Response:
    """The customer saves something that is no card with Stripe's own wallet."""

    def save(call: Call) -> Document:
        customer = call.named_by_path("customer", customer_id)
        payment_method = call.new(
            "payment_method", "pm", allow_redisplay="unspecified", customer=customer["id"], customer_account=None,
            link={"email": customer["email"]}, metadata={}, type="link",
        )  # fmt: skip
        call.emit("payment_method.attached", call.save(payment_method))
        return payment_method

    return happens(save)


@control.post("/refunds/<refund_id>")
def decide_refund(refund_id: str) -> Response:
    """`{"status": "succeeded"}` or `{"status": "failed"}`, at once."""
    ends = {"succeeded": refunds.succeed, "failed": refunds.fail}.get(str(sent().get("status")))
    if ends is None:
        abort(HTTPStatus.BAD_REQUEST)

    def decide(call: Call) -> Document:
        refund = call.named_by_path("refund", refund_id)
        ends(call, refund)
        return refund

    return happens(decide)


@control.post("/disputes")
def open_dispute() -> Response:
    """On a `charge`: `reason`, `amount`, `inquiry`."""
    told = sent()

    def dispute(call: Call) -> Document:
        charge = call.named_by_param("charge", told.get("charge", ""), "charge")
        return disputes.open_dispute(
            call, charge, reason=told.get("reason", "fraudulent"), amount=told.get("amount") or charge["amount"],
            is_inquiry=bool(told.get("inquiry")),
        )  # fmt: skip

    return happens(dispute)


@control.post("/disputes/<dispute_id>")
def decide_dispute(dispute_id: str) -> Response:
    """`{"status": "won" | "lost" | "warning_closed"}`: the bank decides."""
    status = sent()["status"]
    return happens(lambda call: disputes.finish(call, call.named_by_path("dispute", dispute_id), status))


@control.post("/checkout_sessions/<session_id>")
def delay_or_decide_session(session_id: str) -> Response:
    """`{"pays": "later"}` before the customer pays; then `{"outcome": "succeeded"}` or `{"outcome": "failed"}`."""
    told = sent()
    if told.get("pays") not in {None, "later", "at_once"} or told.get("outcome") not in {None, "succeeded", "failed"}:
        abort(HTTPStatus.BAD_REQUEST)

    def decide(call: Call) -> Document:
        session = call.named_by_path("checkout.session", session_id)
        if "pays" in told:
            session["_pays_later"] = told["pays"] == "later"
            call.save(session)
        if "outcome" in told:
            ending.decide(call, session, succeeded=told["outcome"] == "succeeded")
        return session

    return happens(decide)


@control.post("/fraud_warnings")
def open_fraud_warning() -> Response:
    """On a `charge`."""
    charge = sent().get("charge", "")
    return happens(lambda call: warn_of_fraud(call, call.named_by_param("charge", charge, "charge")))


@control.post("/events")
def send_event() -> Response:
    """Any event: `type`, `data` (or `object`), and if wanted `id`, `created`, `livemode`, `api_version`."""
    told = sent()
    data: Document = told.get("data") or {"object": told.get("object", {})}
    overrides = {name: told[name] for name in ("id", "created", "livemode", "request") if name in told}

    def send(call: Call) -> Document:
        event = events.send(call, told["type"], data, **overrides)
        if "api_version" in told:
            event["api_version"] = event["_api_version"] = told["api_version"]
            call.save(event)
        return event

    return happens(send)


def _renumber(payment_method: Document, told: Document) -> None:
    if "number" not in told:
        return
    number = str(told["number"]).replace(" ", "")
    known = cards.by_number(number)
    payment_method["_number"] = number
    payment_method["card"].update(last4=number[-4:], fingerprint=fingerprint(number))
    if known is not None:
        payment_method["card"].update(brand=known.brand, country=known.country, funding=known.funding)
