"""The control API: what a test may do to the sandbox that no shop may. Loopback only, and only with a test key."""

import ipaddress
import json
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from storefront.sandbox import cards, events, ledger
from storefront.sandbox.aftermath import warn_of_fraud
from storefront.sandbox.call import Call
from storefront.sandbox.checkout import ending
from storefront.sandbox.errors import Document, StripeError
from storefront.sandbox.ids import random_text
from storefront.sandbox.payment_cards import fingerprint
from storefront.sandbox.resources import disputes, refunds
from storefront.sandbox.sandbox import Sandbox

control = Blueprint("control", __name__, url_prefix="/control")


@control.before_request
def only_tests_from_here() -> None:
    """A proxy in front speaks for somebody else, so what it forwards is refused too."""
    address = ipaddress.ip_address(request.remote_addr or "0.0.0.0")  # noqa: S104
    key = request.authorization.token if request.authorization else None
    if not address.is_loopback or "X-Forwarded-For" in request.headers or not (key or "").startswith("sk_test_"):
        abort(HTTPStatus.FORBIDDEN)


@control.errorhandler(StripeError)
def answer_error(error: StripeError) -> ResponseReturnValue:
    return jsonify(error.body), error.status


@control.get("/faults")
def show_faults() -> Response:
    return jsonify(_sandbox().faults.described())


@control.post("/faults")
def add_fault() -> Response:
    return jsonify(id=_sandbox().faults.add(_sent()).id)


@control.delete("/faults")
def clear_faults() -> Response:
    _sandbox().faults.clear()
    return jsonify([])


@control.get("/webhooks")
def show_webhooks() -> Response:
    """All deliveries; or, with `?wait=SECONDS`, their number once everything that is due has been tried."""
    courier = _sandbox().courier
    if "wait" in request.args:
        idle = courier.wait_until_idle(float(request.args["wait"]))
        return jsonify({**courier.counted(), "idle": idle})
    return jsonify({**courier.counted(), "deliveries": courier.deliveries()})


@control.post("/webhooks")
def hold_or_release() -> Response:
    sent, courier = _sent(), _sandbox().courier
    if sent.get("hold"):
        courier.hold()
        return jsonify(courier.counted())
    released = courier.release(
        order=sent.get("order", "as_is"),
        seed=int(sent.get("seed", 0)),
        repeat=int(sent.get("repeat", 1)),
        delay=float(sent.get("delay", 0)),
    )
    return jsonify(released=released)


@control.post("/webhook_endpoints/<endpoint_id>/roll")
def roll_secret(endpoint_id: str) -> Response:
    """A second secret beside the first, as while rolling; `{"expire": true}` drops the first."""
    sandbox = _sandbox()
    with sandbox.store.transaction():
        endpoint = Call(sandbox).named_by_path("webhook_endpoint", endpoint_id)
        kept = [] if _sent().get("expire") else endpoint["_secrets"][:1]
        endpoint["_secrets"] = [f"whsec_{random_text(32)}", *kept]
        sandbox.store.save(endpoint)
        return jsonify(secret=endpoint["_secrets"][0])


@control.get("/ledger")
def show_ledger() -> Response:
    """All of it; or, with `?after=PLACE`, what was made after an earlier answer's `last`."""
    sandbox = _sandbox()
    with sandbox.store.transaction():
        return jsonify(ledger.ledger(sandbox.store, request.args.get("after", type=int)))


@control.delete("/data")
def delete_test_data() -> Response:
    """The button of that name in Stripe's dashboard: nobody has ever been here, and no endpoint is registered."""
    sandbox = _sandbox()
    sandbox.store.forget_all()
    sandbox.courier.release()
    sandbox.tasks.hold(held=False)
    return jsonify([])


@control.get("/requests")
def show_requests() -> Response:
    rows = _sandbox().store.execute("SELECT body FROM requests ORDER BY id")
    return jsonify([json.loads(row["body"]) for row in rows])


@control.delete("/requests")
def clear_requests() -> Response:
    _sandbox().store.execute("DELETE FROM requests")
    return jsonify([])


@control.post("/tasks")
def run_tasks() -> Response:
    """What Stripe would do by itself, now; `{"hold": true}` keeps it from happening until the next POST."""
    sandbox, hold = _sandbox(), _sent().get("hold")
    if hold is not None:
        sandbox.tasks.hold(held=bool(hold))
    ran = 0 if hold else sandbox.tasks.run_all()
    sandbox.wake()
    return jsonify(ran=ran, hold=sandbox.tasks.is_held)


@control.post("/cards/<payment_method_id>/renewal")
def renew_card(payment_method_id: str) -> Response:
    """The network tells a new number or expiry: same id, and `payment_method.automatically_updated`."""
    sandbox, sent = _sandbox(), _sent()
    with sandbox.store.transaction():
        call = Call(sandbox)
        payment_method = call.named_by_path("payment_method", payment_method_id)
        card = payment_method["card"]
        before = dict(card)
        _renumber(payment_method, sent)
        card.update({name: int(sent[name]) for name in ("exp_month", "exp_year") if name in sent})
        if "number" not in sent and "exp_year" not in sent:
            card["exp_year"] += 4
        call.save(payment_method)
        previous = {name: before[name] for name in before if before[name] != card[name]}
        call.emit("payment_method.automatically_updated", payment_method, {"card": previous})
        shown = events.snapshot(payment_method)
    sandbox.wake()
    return jsonify(shown)


@control.post("/customers/<customer_id>/link")
def save_link(customer_id: str) -> Response:
    """The customer saves something that is no card with Stripe's own wallet."""
    sandbox = _sandbox()
    with sandbox.store.transaction():
        call = Call(sandbox)
        customer = call.named_by_path("customer", customer_id)
        payment_method = call.new(
            "payment_method", "pm", allow_redisplay="unspecified", customer=customer["id"], customer_account=None,
            link={"email": customer["email"]}, metadata={}, type="link",
        )  # fmt: skip
        call.emit("payment_method.attached", call.save(payment_method))
        shown = events.snapshot(payment_method)
    sandbox.wake()
    return jsonify(shown)


@control.post("/refunds/<refund_id>")
def decide_refund(refund_id: str) -> Response:
    """`{"status": "succeeded"}` or `{"status": "failed"}`, at once."""
    sandbox, status = _sandbox(), _sent().get("status")
    decide = {"succeeded": refunds.succeed, "failed": refunds.fail}.get(str(status))
    if decide is None:
        abort(HTTPStatus.BAD_REQUEST)
    with sandbox.store.transaction():
        call = Call(sandbox)
        refund = call.named_by_path("refund", refund_id)
        decide(call, refund)
        shown = events.snapshot(refund)
    sandbox.wake()
    return jsonify(shown)


@control.post("/disputes")
def open_dispute() -> Response:
    """On a `charge`: `reason`, `amount`, `inquiry`."""
    sandbox, sent = _sandbox(), _sent()
    with sandbox.store.transaction():
        call = Call(sandbox)
        charge = call.named_by_param("charge", sent.get("charge", ""), "charge")
        dispute = disputes.open_dispute(
            call, charge, reason=sent.get("reason", "fraudulent"), amount=sent.get("amount") or charge["amount"],
            is_inquiry=bool(sent.get("inquiry")),
        )  # fmt: skip
        shown = events.snapshot(dispute)
    sandbox.wake()
    return jsonify(shown)


@control.post("/disputes/<dispute_id>")
def decide_dispute(dispute_id: str) -> Response:
    """`{"status": "won" | "lost" | "warning_closed"}`: the bank decides."""
    sandbox = _sandbox()
    with sandbox.store.transaction():
        call = Call(sandbox)
        dispute = disputes.finish(call, call.named_by_path("dispute", dispute_id), _sent()["status"])
        shown = events.snapshot(dispute)
    sandbox.wake()
    return jsonify(shown)


@control.post("/checkout_sessions/<session_id>")
def delay_or_decide_session(session_id: str) -> Response:
    """`{"pays": "later"}` before the customer pays; then `{"outcome": "succeeded"}` or `{"outcome": "failed"}`."""
    sandbox, sent = _sandbox(), _sent()
    if sent.get("pays") not in {None, "later", "at_once"} or sent.get("outcome") not in {None, "succeeded", "failed"}:
        abort(HTTPStatus.BAD_REQUEST)
    with sandbox.store.transaction():
        call = Call(sandbox)
        session = call.named_by_path("checkout.session", session_id)
        if "pays" in sent:
            session["_pays_later"] = sent["pays"] == "later"
            call.save(session)
        if "outcome" in sent:
            ending.decide(call, session, succeeded=sent["outcome"] == "succeeded")
        shown = events.snapshot(session)
    sandbox.wake()
    return jsonify(shown)


@control.post("/fraud_warnings")
def open_fraud_warning() -> Response:
    sandbox = _sandbox()
    with sandbox.store.transaction():
        call = Call(sandbox)
        charge = call.named_by_param("charge", _sent().get("charge", ""), "charge")
        shown = events.snapshot(warn_of_fraud(call, charge))
    sandbox.wake()
    return jsonify(shown)


@control.post("/events")
def send_event() -> Response:
    """Any event: `type`, `data` (or `object`), and if wanted `id`, `created`, `livemode`, `api_version`."""
    sandbox, sent = _sandbox(), _sent()
    data: Document = sent.get("data") or {"object": sent.get("object", {})}
    overrides = {name: sent[name] for name in ("id", "created", "livemode", "request") if name in sent}
    with sandbox.store.transaction():
        event = events.send(Call(sandbox), sent["type"], data, **overrides)
        if "api_version" in sent:
            event["api_version"] = event["_api_version"] = sent["api_version"]
            sandbox.store.save(event)
        shown = events.snapshot(event)
    sandbox.wake()
    return jsonify(shown)


def _renumber(payment_method: Document, sent: Document) -> None:
    if "number" not in sent:
        return
    number = str(sent["number"]).replace(" ", "")
    known = cards.by_number(number)
    payment_method["_number"] = number
    payment_method["card"].update(last4=number[-4:], fingerprint=fingerprint(number))
    if known is not None:
        payment_method["card"].update(brand=known.brand, country=known.country, funding=known.funding)


def _sent() -> dict[str, Any]:
    sent = request.get_json(silent=True)
    return sent if isinstance(sent, dict) else {}


def _sandbox() -> Sandbox:
    sandbox: Sandbox = current_app.extensions["sandbox"]
    return sandbox
