"""A payment confirmed: charged, declined, or sent to the bank."""

from storefront.sandbox import cards, challenges, declines
from storefront.sandbox.aftermath import follow
from storefront.sandbox.call import Call
from storefront.sandbox.cards import Verdict
from storefront.sandbox.declines import Decline
from storefront.sandbox.errors import Document
from storefront.sandbox.events import snapshot
from storefront.sandbox.intents import Confirmation
from storefront.sandbox.payment_cards import card_of, declined
from storefront.sandbox.resources.charges import record_failure, record_success
from storefront.sandbox.resources.payment_methods import attach_to
from storefront.sandbox.tax import recording


def confirm(call: Call, intent: Document, confirmation: Confirmation) -> Document:
    """Try this card; a decline is raised as 402, with everything it left behind kept."""
    payment_method = confirmation.payment_method
    intent.update(payment_method=payment_method["id"], last_payment_error=None, next_action=None, _challenge=None)
    if payment_method["type"] == "sepa_debit":
        return _debit(call, intent)
    verdict = _verdict(intent, confirmation)
    if verdict.challenge:
        challenges.ask(call, intent, confirmation)
        call.emit("payment_intent.requires_action", intent)
        return intent
    if verdict.decline is not None:
        decline(call, intent, payment_method, verdict.decline)
        raise declined(
            verdict.decline, charge=intent["latest_charge"], payment_intent=snapshot(intent),
            payment_method=snapshot(payment_method),
        )  # fmt: skip
    return succeed(call, intent, payment_method, authenticated=False)


def _debit(call: Call, intent: Document) -> Document:
    """The bank takes its time: nothing is known until it has decided."""
    intent["status"] = "processing"
    call.save(intent)
    call.later("decide_debit", intent)
    call.emit("payment_intent.processing", intent)
    return intent


def after_challenge(call: Call, intent: Document, payment_method: Document, *, passed: bool) -> None:
    """What the bank's answer makes of the payment; nobody waits for it, so a decline is not raised."""
    refusal = card_of(payment_method).after_challenge
    if not passed:
        _fail_authentication(call, intent, payment_method)
    elif refusal is not None:
        decline(call, intent, payment_method, refusal)
    elif intent["confirmation_method"] == "manual":
        intent.update(status="requires_confirmation", next_action=None, _authenticated=payment_method["id"])
        call.save(intent)
    else:
        succeed(call, intent, payment_method, authenticated=True)


def succeed(call: Call, intent: Document, payment_method: Document, *, authenticated: bool) -> Document:
    charge = record_success(call, intent, payment_method, authenticated=authenticated)
    held = intent["capture_method"] == "manual"
    intent.update(
        amount_capturable=intent["amount"] if held else 0, amount_received=0 if held else intent["amount"],
        last_payment_error=None, latest_charge=charge["id"], next_action=None,
        status="requires_capture" if held else "succeeded",
    )  # fmt: skip
    call.save(intent)
    _keep_or_spend(call, intent, payment_method, authenticated=authenticated)
    if not held:
        recording.commit(call, intent)
    call.emit("payment_intent.amount_capturable_updated" if held else "payment_intent.succeeded", intent)
    follow(call, charge, card_of(payment_method).aftermath)
    return intent


def decline(call: Call, intent: Document, payment_method: Document, refusal: Decline) -> None:
    charge = record_failure(call, intent, payment_method, refusal)
    if payment_method["customer"] is None:
        _spend(call, payment_method)
    error = declined(refusal, charge=charge["id"], payment_method=snapshot(payment_method)).body["error"]
    intent.update(
        last_payment_error=error, latest_charge=charge["id"], next_action=None, payment_method=None,
        status="requires_payment_method",
    )  # fmt: skip
    call.save(intent)
    call.emit("payment_intent.payment_failed", intent)


def _verdict(intent: Document, confirmation: Confirmation) -> Verdict:
    payment_method = confirmation.payment_method
    card = card_of(payment_method)
    if intent.pop("_authenticated", None) == payment_method["id"]:
        return Verdict()
    set_up = bool(payment_method.get("_set_up"))
    verdict = cards.on_charge(card, off_session=confirmation.off_session, set_up=set_up)
    wanted = (intent["payment_method_options"] or {}).get("card", {}).get("request_three_d_secure")
    is_free = verdict == Verdict() and not confirmation.off_session and not card.frictionless
    if is_free and wanted in {"any", "challenge"}:
        verdict = Verdict(challenge=True)
    if verdict.challenge and confirmation.refuses_challenge:
        return Verdict(decline=declines.AUTHENTICATION_REQUIRED)
    return verdict


def _fail_authentication(call: Call, intent: Document, payment_method: Document) -> None:
    error = {
        "code": "payment_intent_authentication_failure",
        "doc_url": "https://stripe.com/docs/error-codes/payment-intent-authentication-failure",
        "message": "We are unable to authenticate your payment method. Please choose a different payment method and"
        " try again.",
        "payment_method": snapshot(payment_method), "type": "invalid_request_error",
    }  # fmt: skip
    intent.update(last_payment_error=error, next_action=None, payment_method=None, status="requires_payment_method")
    call.save(intent)
    call.emit("payment_intent.payment_failed", intent)


def _keep_or_spend(call: Call, intent: Document, payment_method: Document, *, authenticated: bool) -> None:
    """Save the card where that was asked for; a card of nobody is used up by its payment."""
    if intent["setup_future_usage"] and intent["customer"]:
        payment_method["_set_up"] = payment_method.get("_set_up") or authenticated
        attach_to(call, payment_method, intent["customer"])
        call.save(payment_method)
    elif payment_method["customer"] is None:
        _spend(call, payment_method)


def _spend(call: Call, payment_method: Document) -> None:
    """A card of nobody serves for one try, whatever came of it."""
    payment_method["_spent"] = True
    call.save(payment_method)
