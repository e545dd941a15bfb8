"""A set-up confirmed: the card is saved, refused, or sent to the bank."""

from storefront.sandbox import cards, challenges
from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document
from storefront.sandbox.events import snapshot
from storefront.sandbox.intents import Confirmation
from storefront.sandbox.payment_cards import card_of, declined
from storefront.sandbox.resources.payment_methods import attach_to


def confirm(call: Call, intent: Document, confirmation: Confirmation) -> Document:
    """Try to save this card; a refusal is raised as 402, and stays on record."""
    payment_method = confirmation.payment_method
    intent.update(payment_method=payment_method["id"], last_setup_error=None, next_action=None, _challenge=None)
    verdict = cards.on_set_up(card_of(payment_method))
    if verdict.challenge:
        challenges.ask(call, intent, confirmation)
        _record_attempt(call, intent, payment_method, "requires_action")
        call.emit("setup_intent.requires_action", intent)
        return intent
    if verdict.decline is None:
        return succeed(call, intent, payment_method)
    error = declined(verdict.decline, payment_method=snapshot(payment_method))
    _fail(call, intent, payment_method, error.body["error"])
    raise declined(verdict.decline, payment_method=snapshot(payment_method), setup_intent=snapshot(intent))


def after_challenge(call: Call, intent: Document, payment_method: Document, *, passed: bool) -> None:
    if passed:
        succeed(call, intent, payment_method)
        return
    error = {
        "code": "setup_intent_authentication_failure",
        "doc_url": "https://stripe.com/docs/error-codes/setup-intent-authentication-failure",
        "message": "We are unable to authenticate your payment method. Please choose a different payment method and"
        " try again.",
        "payment_method": snapshot(payment_method), "type": "invalid_request_error",
    }  # fmt: skip
    _fail(call, intent, payment_method, error)


def succeed(call: Call, intent: Document, payment_method: Document) -> Document:
    intent.update(last_setup_error=None, next_action=None, status="succeeded")
    _record_attempt(call, intent, payment_method, "succeeded")
    payment_method["_set_up"] = True
    if intent["customer"]:
        attach_to(call, payment_method, intent["customer"])
    call.save(payment_method)
    call.emit("setup_intent.succeeded", intent)
    return intent


def _fail(call: Call, intent: Document, payment_method: Document, error: Document) -> None:
    intent.update(last_setup_error=error, next_action=None, payment_method=None, status="requires_payment_method")
    _record_attempt(call, intent, payment_method, "failed", error)
    call.emit("setup_intent.setup_failed", intent)


def _record_attempt(
    call: Call, intent: Document, payment_method: Document, status: str, error: Document | None = None
) -> None:
    shown = {name: payment_method["card"][name] for name in ("brand", "checks", "country", "exp_month", "exp_year",
             "fingerprint", "funding", "last4", "wallet")}  # fmt: skip
    attempt = call.new(
        "setup_attempt", "setatt", application=None, customer=intent["customer"], customer_account=None,
        flow_directions=None, on_behalf_of=None, payment_method=payment_method["id"],
        payment_method_details={"card": {**shown, "network": shown["brand"], "three_d_secure": None}, "type": "card"},
        setup_error=error, setup_intent=intent["id"], status=status, usage=intent["usage"],
    )  # fmt: skip
    intent["latest_attempt"] = attempt["id"]
    call.save(intent)
