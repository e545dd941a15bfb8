"""A session ends: complete, expired, or complete and paid later."""

from storefront.sandbox import charging, declines
from storefront.sandbox.call import Call
from storefront.sandbox.checkout import EXPIRY, lines
from storefront.sandbox.errors import Document, refused
from storefront.sandbox.ids import new_id, random_text
from storefront.sandbox.intents import OPEN, call_off
from storefront.sandbox.tasks import task

_RECOVERABLE = 30 * 24 * 3600
_PAID = {"succeeded": "paid", "processing": "unpaid", "requires_capture": "unpaid"}


def intent_of(call: Call, session: Document) -> Document | None:
    """The intent behind a session, once there is one."""
    intent_id = session["payment_intent"] or session["setup_intent"]
    return call.store.find_any(intent_id) if intent_id else None


def follow_intent(call: Call, intent: Document) -> None:
    """What an intent that moved means for the session it belongs to, if any."""
    session = call.store.find("checkout.session", intent.get("_session") or "")
    if session is None or session["status"] != "open" or intent["status"] not in _PAID:
        return
    if intent["object"] == "payment_intent":
        session["payment_status"] = _PAID[intent["status"]]
    complete(call, session, intent)


def complete(call: Call, session: Document, intent: Document | None) -> None:
    session.update(status="complete", url=None)
    if intent is not None and intent["customer"]:
        session["customer"] = intent["customer"]
    _redisplay(call, session, intent)
    call.sandbox.tasks.forget(session["id"])
    call.save(session)
    call.emit("checkout.session.completed", session)


def expire(call: Call, session: Document) -> Document:
    """End an open session; nobody can pay it any more, and what was begun is called off."""
    if session["status"] != "open":
        message = (
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of'
            f" {session['status']}."
        )
        raise refused(message)
    intent = intent_of(call, session)
    if intent is not None and intent["status"] in OPEN:
        call_off(call, intent, "automatic" if intent["object"] == "payment_intent" else "abandoned")
    session.update(status="expired", url=None)
    if session["after_expiration"] and session["after_expiration"]["recovery"]["enabled"]:
        session["after_expiration"]["recovery"].update(
            expires_at=call.now + _RECOVERABLE, url=f"{call.sandbox.public_url}/pay/{session['id']}/recovery"
        )
    call.sandbox.tasks.forget(session["id"])
    call.save(session)
    call.emit("checkout.session.expired", session)
    return session


@task(EXPIRY)
def expire_in_time(call: Call, session: Document) -> None:
    if session["status"] == "open":
        expire(call, session)


def recover(call: Call, session: Document) -> Document | None:
    """A new session like one that expired, or none where that was not wanted or is too late."""
    recovery = (session["after_expiration"] or {}).get("recovery") or {}
    if session["status"] != "expired" or not recovery.get("url") or recovery["expires_at"] <= call.now:
        return None
    again_id, life = f"cs_test_{random_text(58)}", session["expires_at"] - session["created"]
    again = call.new("checkout.session", "cs", **{
        **session, "id": again_id, "created": call.now, "expires_at": call.now + life, "status": "open",
        "payment_intent": None, "recovered_from": session["id"], "url": f"{call.sandbox.public_url}/pay/{again_id}",
        "after_expiration": {"recovery": {**recovery, "expires_at": None, "url": None}},
    })  # fmt: skip
    for line in reversed(lines.lines_of(call, session)):
        call.save({**line, "id": new_id("li"), "_session": again_id})
    call.sandbox.tasks.plan_at(EXPIRY, again_id, again["expires_at"])
    return again


def decide(call: Call, session: Document, *, succeeded: bool) -> Document:
    """The end of a payment that the bank took its time over."""
    intent = intent_of(call, session)
    if intent is None or intent["status"] != "processing":
        message = "This Checkout Session has no payment that is still processing."
        raise refused(message)
    payment_method = call.named_by_param("payment_method", intent["payment_method"], "payment_method")
    if succeeded:
        charging.succeed(call, intent, payment_method, authenticated=False)
        session["payment_status"] = "paid"
    else:
        is_card = payment_method["type"] == "card"
        charging.decline(call, intent, payment_method, declines.GENERIC if is_card else declines.DEBIT_FAILED)
    call.save(session)
    call.emit(f"checkout.session.async_payment_{'succeeded' if succeeded else 'failed'}", session)
    return session


def _redisplay(call: Call, session: Document, intent: Document | None) -> None:
    """Whether the card, now kept, may be shown to its customer again."""
    if intent is None or not intent["payment_method"]:
        return
    payment_method = call.store.find("payment_method", intent["payment_method"])
    if payment_method is None or payment_method["customer"] is None or not session.pop("_is_new_card", False):
        return
    keeps = session.get("_keeps_card")
    payment_method["allow_redisplay"] = session["_allow_redisplay"] or ("always" if keeps else "limited")
    call.save(payment_method)
