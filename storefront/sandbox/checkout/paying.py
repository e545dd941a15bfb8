"""A customer pays a session, or saves a card by it, on the sandbox's page."""

import re
from dataclasses import dataclass
from typing import Any

from storefront.sandbox import charging, setting_up
from storefront.sandbox.call import Call
from storefront.sandbox.checkout import ending, lines
from storefront.sandbox.checkout.opening import details
from storefront.sandbox.errors import Document, StripeError
from storefront.sandbox.fields import shipping as shipping_of
from storefront.sandbox.intents import Confirmation, check_owner, check_type
from storefront.sandbox.resources import customers, payment_intents
from storefront.sandbox.resources.payment_methods import usable

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True)
class Entry:
    """What was entered: the card, who pays, where it goes."""

    payment_method: Document | None
    email: str | None = None
    keeps_card: bool = False
    shipping_rate: str | None = None
    shipping: Document | None = None


def pay(call: Call, session: Document, entry: Entry) -> None:
    """One attempt; a decline is raised as 402, and the session stays open for another card."""
    if session["status"] != "open" or session["expires_at"] <= call.now:
        message = "This Checkout Session is no longer open."
        raise StripeError(400, message, code="checkout_session_not_open")
    _take(call, session, entry)
    if session["mode"] == "payment" and not session["amount_total"]:
        session["payment_status"] = "no_payment_required"
        ending.complete(call, session, None)
        return
    payment_method = entry.payment_method
    assert payment_method is not None
    session["_is_new_card"] = payment_method["customer"] is None
    session["_keeps_card"] = entry.keeps_card
    intent = _intent(call, session, entry)
    check_owner(payment_method, intent)
    _confirm(call, session, intent, payment_method)
    ending.follow_intent(call, intent)


def known_email(call: Call, session: Document) -> str | None:
    """The e-mail address the session came with, which the page does not ask for again."""
    if session["customer"]:
        customer = call.store.find("customer", session["customer"]) or {}
        return str(customer["email"]) if customer.get("email") else None
    return str(session["customer_email"]) if session["customer_email"] else None


def is_email(text: str) -> bool:
    return _EMAIL.fullmatch(text) is not None


def saved_cards(call: Call, session: Document) -> list[Document]:
    """The cards of the session's customer that may be shown, the newest first."""
    if not session["customer"]:
        return []
    filters = (session["saved_payment_method_options"] or {}).get("allow_redisplay_filters") or ["always"]
    return call.store.select(
        "payment_method",
        ("customer", "=", session["customer"]),
        ("type", "=", "card"),
        ("allow_redisplay", "=", filters),
        limit=10,
    )


def _take(call: Call, session: Document, entry: Entry) -> None:
    if session["shipping_options"]:
        lines.add_up(session, lines.lines_of(call, session), entry.shipping_rate)
    email = known_email(call, session) or entry.email
    name = (session["customer_details"] or {}).get("name") or (entry.shipping or {}).get("name")
    session["customer_details"] = details(email, name)
    customer = call.store.find("customer", session["customer"] or "")
    if customer is not None and not customer.get("email") and email:
        customer["email"] = email
        call.save(customer)
        call.emit("customer.updated", customer, {"email": None})
    if entry.shipping is not None:
        where = {"address": entry.shipping["address"], "name": entry.shipping["name"]}
        session["collected_information"] = {"business_name": None, "individual_name": None, "shipping_details": where}
    call.save(session)


def _intent(call: Call, session: Document, entry: Entry) -> Document:
    """The session's one intent, made when it is first tried, with what was chosen now."""
    intent = ending.intent_of(call, session) or _new_payment_intent(call, session)
    if intent["object"] == "payment_intent":
        _follow_choices(session, intent, entry)
    if intent["customer"] is None and (session["customer_creation"] == "always" or _is_kept(session, intent, entry)):
        intent["customer"] = _new_customer(call, session)
    return call.save(intent)


def _new_payment_intent(call: Call, session: Document) -> Document:
    wanted: dict[str, Any] = {
        **session["_intent_data"], "amount": session["amount_total"], "currency": session["currency"],
        "payment_method_options": session["payment_method_options"],
    }  # fmt: skip
    if session["customer"]:
        wanted["customer"] = session["customer"]
    intent = payment_intents.create(Call(call.sandbox, wanted, request_id=call.request_id))
    intent.update(_session=session["id"], payment_method_types=session["payment_method_types"])
    session["payment_intent"] = intent["id"]
    call.save(session)
    return intent


def _follow_choices(session: Document, intent: Document, entry: Entry) -> None:
    intent["amount"] = session["amount_total"]
    asked_before = session["_intent_data"].get("setup_future_usage")
    is_new = entry.payment_method is not None and entry.payment_method["customer"] is None
    intent["setup_future_usage"] = asked_before or ("on_session" if entry.keeps_card and is_new else None)
    if entry.shipping is not None:
        intent["shipping"] = shipping_of(entry.shipping)


def _is_kept(session: Document, intent: Document, entry: Entry) -> bool:
    return session["mode"] == "payment" and bool(intent["setup_future_usage"] or entry.keeps_card)


def _new_customer(call: Call, session: Document) -> str:
    who = session["customer_details"]
    known = {name: who[name] for name in ("email", "name") if who[name]}
    return str(customers.create(Call(call.sandbox, known, request_id=call.request_id))["id"])


def _confirm(call: Call, session: Document, intent: Document, payment_method: Document) -> None:
    usable(call, payment_method["id"])
    check_type(payment_method, intent)
    if session.get("_pays_later") and intent["object"] == "payment_intent":
        intent.update(payment_method=payment_method["id"], status="processing", last_payment_error=None)
        call.save(intent)
        call.emit("payment_intent.processing", intent)
        return
    back = f"{call.sandbox.public_url}/pay/{session['id']}/return"
    confirm = charging.confirm if intent["object"] == "payment_intent" else setting_up.confirm
    confirm(call, intent, Confirmation(payment_method, return_url=back))
