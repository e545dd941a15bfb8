"""The page of a Checkout Session: a customer pays here, or saves a card, without a script.

Links are relative, as on the sandbox's other pages.
"""

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from storefront.sandbox.browser.hosted_form import Faults, Typed, faults_of, refusal
from storefront.sandbox.browser.hosted_view import Ended, PayView, ended_view, pay_view
from storefront.sandbox.call import Call
from storefront.sandbox.checkout import ending, paying
from storefront.sandbox.errors import DeclinedError, Document, StripeError
from storefront.sandbox.resources.payment_methods import forget_customer, from_data
from storefront.sandbox.sandbox import Sandbox

SEE_OTHER = 303
# Nobody frames a page that takes card numbers, and it runs nothing.
POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"

hosted = Blueprint("hosted_page", __name__, template_folder="templates")


@hosted.get("/pay/<session_id>")
def pay_page(session_id: str) -> ResponseReturnValue:
    """Show what is to be paid, and how; or how the session ended."""
    with _sandbox().store.transaction():
        call = Call(_sandbox())
        session = _session(call, session_id)
        failed = (ending.intent_of(call, session) or {}) if session["status"] == "open" else {}
        error = failed.get("last_payment_error") or failed.get("last_setup_error")
        return _shown(call, session, Typed(), {"card": error["message"]} if error else {})


@hosted.post("/pay/<session_id>")
def pay(session_id: str) -> ResponseReturnValue:
    """Try the card entered; then to the shop, to the bank, or back to the form with words."""
    sandbox, typed = _sandbox(), Typed(request.form)
    try:
        with sandbox.store.transaction():
            answer = _tried(Call(sandbox), session_id, typed)
    except StripeError as error:
        with sandbox.store.transaction():
            call = Call(sandbox)
            answer = _shown(call, _session(call, session_id), typed, refusal(error)), error.status
    sandbox.wake()
    return answer


@hosted.get("/pay/<session_id>/return")
def back_from_bank(session_id: str) -> ResponseReturnValue:
    """The bank sends the customer here: on to the shop, or to the form once more."""
    with _sandbox().store.transaction():
        session = _session(Call(_sandbox()), session_id)
    if session["status"] == "complete":
        return redirect(_success_url(session), SEE_OTHER)
    return redirect(f"../{session_id}", SEE_OTHER)


@hosted.post("/pay/<session_id>/removal")
def remove_card(session_id: str) -> ResponseReturnValue:
    """Forget a saved card, where the session lets its customer do so."""
    sandbox = _sandbox()
    with sandbox.store.transaction():
        call = Call(sandbox)
        session = _session(call, session_id)
        may = (session["saved_payment_method_options"] or {}).get("payment_method_remove") == "enabled"
        shown = {card["id"]: card for card in paying.saved_cards(call, session)}
        card = shown.get(request.form.get("card", ""))
        if not may or card is None or session["status"] != "open":
            abort(404)
        forget_customer(call, card)
        call.emit("payment_method.detached", card, {"customer": session["customer"]})
    sandbox.wake()
    return redirect(f"../{session_id}", SEE_OTHER)


@hosted.get("/pay/<session_id>/recovery")
def offer_recovery(session_id: str) -> ResponseReturnValue:
    """Ask whether to begin again what had expired."""
    with _sandbox().store.transaction():
        session = _session(Call(_sandbox()), session_id)
    view = ended_view(session)
    return render_template("sandbox/pay_ended.html", view=view, root="../../", may_recover=view.is_recoverable)


@hosted.post("/pay/<session_id>/recovery")
def recover(session_id: str) -> ResponseReturnValue:
    sandbox = _sandbox()
    with sandbox.store.transaction():
        call = Call(sandbox)
        again = ending.recover(call, _session(call, session_id))
        if again is None:
            abort(404)
    sandbox.wake()
    return redirect(f"../{again['id']}", SEE_OTHER)


@hosted.errorhandler(404)
def no_such_session(_: Exception) -> ResponseReturnValue:
    root = "../" * (request.path.count("/pay/") and request.path.split("/pay/")[1].count("/") + 1)
    view = Ended("There is nothing to pay here", "This page does not exist, or is no longer in use.")
    return render_template("sandbox/pay_ended.html", view=view, root=root, may_recover=False), 404


@hosted.after_request
def guard(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    # Not "no-referrer": a form would then be sent with the origin "null", which a shop in front may refuse.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _tried(call: Call, session_id: str, typed: Typed) -> ResponseReturnValue:
    session = _session(call, session_id)
    if session["status"] == "complete":  # a second click, or a second tab
        return redirect(_success_url(session), SEE_OTHER)
    faults = faults_of(call, session, typed)
    if faults or not _is_open(call, session):
        return _shown(call, session, typed, faults), 422 if faults else 200
    try:
        paying.pay(call, session, _entry(call, session, typed))
    except DeclinedError as declined:  # its failed charge stays on record
        return _shown(call, session, typed, refusal(declined)), declined.status
    intent = ending.intent_of(call, session)
    if intent is not None and intent["next_action"]:
        return redirect(intent["next_action"]["redirect_to_url"]["url"], SEE_OTHER)
    return redirect(_success_url(session), SEE_OTHER)


def _entry(call: Call, session: Document, typed: Typed) -> paying.Entry:
    email = paying.known_email(call, session) or typed.email
    saved = {card["id"]: card for card in paying.saved_cards(call, session)}
    payment_method = saved.get(typed.card)
    if payment_method is None and not (session["mode"] == "payment" and session["amount_total"] == 0):
        data = {"type": "card", "card": typed.card_data, "billing_details": {"email": email} if email else {}}
        payment_method = from_data(call, data, prefix="payment_method_data")
    return paying.Entry(payment_method, email, typed.keeps_card, typed.shipping_rate, typed.shipping(session))


def _shown(call: Call, session: Document, typed: Typed, faults: Faults) -> str:
    if not _is_open(call, session):
        return render_template("sandbox/pay_ended.html", view=ended_view(session), root="../", may_recover=False)
    view: PayView = pay_view(call, session)
    return render_template("sandbox/pay.html", view=view, typed=typed, faults=faults)


def _is_open(call: Call, session: Document) -> bool:
    return bool(session["status"] == "open" and session["expires_at"] > call.now)


def _session(call: Call, session_id: str) -> Document:
    session = call.store.find("checkout.session", session_id)
    if session is None:
        abort(404)
    return session


def _success_url(session: Document) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _sandbox() -> Sandbox:
    sandbox: Sandbox = current_app.extensions["sandbox"]
    return sandbox
