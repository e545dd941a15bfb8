"""Events: whether Stripe signed what was delivered, and what it says when asked again."""

import stripe

from storefront.clock import now
from storefront.payments.news.facts import Facts
from storefront.payments.stripe_gateway.line import ask, given, plain


def check_signature(body: str, header: str, secrets: tuple[str, ...]) -> bool:
    """Whether one of the secrets signed this body, and within five minutes of our clock, either way.

    Only the signature is checked: building the SDK's event object costs as much as all the rest.
    """
    for secret in secrets:
        try:
            stripe.WebhookSignature.verify_header(body, header, secret)
        except stripe.SignatureVerificationError:
            continue
        signed_at = next(int(part.removeprefix("t=")) for part in header.split(",") if part.startswith("t="))
        return abs(now().timestamp() - signed_at) <= stripe.Webhook.DEFAULT_TOLERANCE
    return False


def fetch_event(event: str) -> Facts:
    """An event, told again in our version."""
    return ask(lambda client: plain(client.v1.events.retrieve(given(event))))
