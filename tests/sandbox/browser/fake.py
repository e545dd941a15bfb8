"""The few endpoints that the browser's part asks."""

import secrets
from typing import Any

from flask import Flask, Response, jsonify, request

from storefront.sandbox.browser.pages import pages
from storefront.sandbox.errors import StripeError

ASKS = {"4000002500003155", "pm_card_threeDSecure2Required", "pm_card_authenticationRequiredOnSetup"}


class Fake:
    def __init__(self) -> None:
        self.intents: dict[str, dict[str, Any]] = {}

    def challenge(self, intent_id: str) -> dict[str, Any]:
        if intent_id not in self.intents:
            raise StripeError(404, "No such intent")
        intent = self.intents[intent_id]
        statuses = {"requires_action": "open", "succeeded": "passed"}
        return {
            "id": intent_id,
            "kind": "setup" if intent_id.startswith("seti") else "payment",
            "amount": intent.get("amount"),
            "currency": intent.get("currency"),
            "card_brand": "visa",
            "last4": "3155",
            "status": statuses.get(intent["status"], "failed"),
            "return_url": intent.get("return_url"),
        }

    def answer_challenge(self, intent_id: str, passed: bool) -> dict[str, Any]:  # noqa: FBT001
        intent = self.intents[intent_id]
        intent["status"] = "succeeded" if passed else "requires_payment_method"
        noun = "setup" if intent_id.startswith("seti") else "payment"
        if not passed:
            intent[f"last_{noun}_error"] = {
                "code": f"{noun}_intent_authentication_failure",
                "type": "invalid_request_error",
                "message": "no",
            }
        if intent.get("return_url"):
            outcome = "succeeded" if passed else "failed"
            intent["return_url"] += (
                f"&{noun}_intent={intent_id}&{noun}_intent_client_secret={intent['client_secret']}&redirect_status={outcome}"
            )
        return self.challenge(intent_id)

    def create(self, kind: str) -> dict[str, Any]:
        intent_id = f"{'seti' if kind == 'setup_intents' else 'pi'}_{secrets.token_hex(8)}"
        intent: dict[str, Any] = {"id": intent_id, "status": "requires_payment_method", "next_action": None}
        intent["client_secret"] = f"{intent_id}_secret_{secrets.token_hex(8)}"
        if "amount" in request.form:
            intent |= {"amount": int(request.form["amount"]), "currency": request.form["currency"]}
        self.intents[intent_id] = intent
        if request.form.get("confirm"):
            self.confirm(intent)
        return intent

    def confirm(self, intent: dict[str, Any]) -> None:
        intent["return_url"] = request.form.get("return_url")
        means = request.form.get("payment_method_data[card][number]") or request.form.get("payment_method")
        if means == "4000000000000002":
            raise StripeError(402, "Your card was declined.", kind="card_error", code="card_declined")
        intent["status"] = "requires_action" if means in ASKS else "succeeded"
        intent["next_action"] = (
            {"type": "use_stripe_sdk"}
            if request.form.get("use_stripe_sdk")
            else {"type": "redirect_to_url", "redirect_to_url": {"url": f"{request.host_url}3ds/{intent['id']}"}}
        )


def create_fake() -> Flask:
    app = Flask(__name__)
    fake = app.extensions["sandbox"] = Fake()
    app.register_blueprint(pages)

    @app.errorhandler(StripeError)
    def refuse(error: StripeError) -> tuple[dict[str, Any], int]:
        return error.body, error.status

    @app.post("/v1/confirmation_tokens")
    def token() -> Response:
        number = request.form["payment_method_data[card][number]"]
        return jsonify(
            id=f"ctoken_{secrets.token_hex(8)}",
            object="confirmation_token",
            payment_method_preview={"card": {"last4": number[-4:]}},
        )

    @app.post("/v1/<kind>")
    def create(kind: str) -> Response:
        return jsonify(fake.create(kind))

    @app.post("/v1/<kind>/<intent_id>/confirm")
    def confirm(kind: str, intent_id: str) -> Response:
        assert request.form["client_secret"] == fake.intents[intent_id]["client_secret"]
        fake.confirm(fake.intents[intent_id])
        return jsonify(fake.intents[intent_id])

    @app.get("/v1/<kind>/<intent_id>")
    def show(kind: str, intent_id: str) -> Response:
        assert request.args["client_secret"] == fake.intents[intent_id]["client_secret"]
        return jsonify(fake.intents[intent_id])

    return app
