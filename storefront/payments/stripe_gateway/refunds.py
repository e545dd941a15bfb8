"""Refunds and disputes: money on its way back."""

from storefront.payments.news.facts import Facts
from storefront.payments.stripe_gateway.changing import change
from storefront.payments.stripe_gateway.line import ask, given, plain


def refund(request: Facts, key: str) -> Facts:
    """Send a refund."""
    return change(
        lambda client: plain(client.v1.refunds.create(params=request["params"], options={"idempotency_key": key}))
    )


def fetch_refund(stripe_refund: str) -> Facts:
    """The refund as it is now."""
    return ask(lambda client: plain(client.v1.refunds.retrieve(given(stripe_refund))))


def refunds_of(intent: str) -> list[Facts]:
    """All refunds of an intent."""
    return ask(
        lambda client: [
            plain(one)
            for one in client.v1.refunds.list(params={"payment_intent": intent, "limit": 100}).auto_paging_iter()
        ]
    )


def fetch_dispute(dispute: str) -> Facts:
    """The dispute as it is now."""
    return ask(lambda client: plain(client.v1.disputes.retrieve(given(dispute))))
