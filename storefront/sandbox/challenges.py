"""3-D Secure: the bank asks the customer, and the customer answers once."""

from typing import TYPE_CHECKING, TypedDict
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from storefront.sandbox.errors import Document, no_such
from storefront.sandbox.ids import random_text

if TYPE_CHECKING:
    from storefront.sandbox.call import Call
    from storefront.sandbox.intents import Confirmation
    from storefront.sandbox.store import Store


class Challenge(TypedDict):
    """What the bank's page shows, and where the browser goes afterwards."""

    id: str
    kind: str
    amount: int | None
    currency: str | None
    card_brand: str | None
    last4: str | None
    status: str
    return_url: str | None


def ask(call: "Call", intent: Document, confirmation: "Confirmation") -> None:
    """Send the customer to the bank: within the page for Stripe.js, else to a page of its own."""
    url = f"{call.sandbox.public_url}/3ds/{intent['id']}"
    payment_method = confirmation.payment_method
    intent["_challenge"] = {
        "card_brand": payment_method["card"]["brand"], "last4": payment_method["card"]["last4"],
        "payment_method": payment_method["id"], "return_url": confirmation.return_url, "status": "open",
    }  # fmt: skip
    intent["status"] = "requires_action"
    intent["next_action"] = _for_stripe_js(url) if _stays_in_page(confirmation) else {
        "redirect_to_url": {"return_url": confirmation.return_url, "url": url}, "type": "redirect_to_url",
    }  # fmt: skip
    call.save(intent)


def challenge(store: "Store", intent_id: str) -> Challenge:
    """How a challenge stands; `none` where no bank asks."""
    intent = intent_of(store, intent_id)
    asked = intent.get("_challenge") or {"status": "none"}
    return {
        "id": intent_id, "kind": "payment" if intent["object"] == "payment_intent" else "setup",
        "amount": intent.get("amount"), "currency": intent.get("currency"), "card_brand": asked.get("card_brand"),
        "last4": asked.get("last4"), "status": asked["status"], "return_url": _return_url(intent, asked),
    }  # fmt: skip


def intent_of(store: "Store", intent_id: str) -> Document:
    kind = "setup_intent" if intent_id.startswith("seti_") else "payment_intent"
    intent = store.find(kind, intent_id)
    if intent is None:
        raise no_such(kind, intent_id, param="intent", in_path=True)
    return intent


def _stays_in_page(confirmation: "Confirmation") -> bool:
    return confirmation.use_stripe_sdk or not confirmation.return_url


def _for_stripe_js(url: str) -> Document:
    return {
        "type": "use_stripe_sdk",
        "use_stripe_sdk": {"source": f"payatt_{random_text(24)}", "stripe_js": url,
                           "type": "three_d_secure_redirect"},
    }  # fmt: skip


def _return_url(intent: Document, asked: Document) -> str | None:
    url = asked.get("return_url")
    if url is None or asked["status"] == "open":
        return url if url is None else str(url)
    parts, kind = urlsplit(url), intent["object"]
    answer = {kind: intent["id"], f"{kind}_client_secret": intent["client_secret"],
              "redirect_status": "failed" if intent["status"] == "requires_payment_method" else "succeeded"}  # fmt: skip
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query), *answer.items()])))
