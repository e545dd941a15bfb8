"""PaymentIntents: what is to be paid, and whether it was.

Checkout Sessions: pages of Stripe's for paying, or for saving a card.

Cards that Stripe keeps, and SetupIntents, by which one is saved without paying.

Customers at Stripe: whom cards are kept for.

Refunds and disputes: money on its way back.

Calculations of Stripe Tax.

Events: whether Stripe signed what was delivered, and what it says when asked again.

Lists of Stripe's, gone through by time, a page at once."""

import enum
from dataclasses import dataclass
from typing import Any, Final

import stripe
from stripe import StripeClient

from storefront.core.clock import now
from storefront.stripe.client import as_refusal, call_stripe, current_connection, path_id, to_dict
from storefront.stripe.errors import OutcomeUnknownError, StripeRefusedError
from storefront.stripe.guard import write_to_stripe
from storefront.stripe.objects import StripeObject

# What a payment is told by besides its intent: which card, and what was charged.
INTENT_PARTS: Final = ["latest_charge", "payment_method"]
# `allowed_payment_method_types` of intents and Sessions (since 2026-07-29): a filter over what the dashboard allows.
CARDS_ONLY: Final = ["card"]
# Of hosted pages: Link is a wallet of its own there.
NO_LINK: Final = {"link": {"display": "never"}}


def send_payment(operation: str, request: StripeObject, key: str) -> StripeObject:
    """Send an attempt: create the intent, or confirm it with another card. A decline comes back as the intent it left."""
    try:
        return write_to_stripe(lambda client: to_dict(_send_payment(client, operation, request, key)))
    except stripe.CardError as declined:
        intent = declined.error.payment_intent if declined.error else None
        if intent is None:
            raise as_refusal(declined) from declined
        return to_dict(intent)


def _send_payment(client: StripeClient, operation: str, request: StripeObject, key: str) -> stripe.PaymentIntent:
    if operation == "create":
        return client.v1.payment_intents.create(params=request["params"], options={"idempotency_key": key})
    return client.v1.payment_intents.confirm(
        request["intent"], params=request["params"], options={"idempotency_key": key}
    )


def fetch_intent(intent: str) -> StripeObject:
    """The PaymentIntent as it is now, with its latest charge; holds its client_secret, which is never stored.

    A look that is refused tells nothing of the intent: OutcomeUnknownError.
    """
    try:
        return call_stripe(
            lambda client: to_dict(client.v1.payment_intents.retrieve(path_id(intent), params={"expand": INTENT_PARTS}))
        )
    except StripeRefusedError as refused:
        raise OutcomeUnknownError from refused


def find_intent(intent: str) -> StripeObject | None:
    """As `fetch_intent`; None where Stripe says that there is none."""
    try:
        return call_stripe(lambda client: to_dict(client.v1.payment_intents.retrieve(path_id(intent))))
    except StripeRefusedError as refused:
        if refused.code == "resource_missing":
            return None
        raise OutcomeUnknownError from refused


def cancel_intent(intent: str) -> StripeObject:
    """Cancel it, or learn by StripeRefusedError that it can no longer be."""
    return write_to_stripe(
        lambda client: to_dict(client.v1.payment_intents.cancel(path_id(intent), params={"expand": INTENT_PARTS}))
    )


def intents_since(customer: str | None, since: int) -> list[StripeObject]:
    """Intents created since a Unix time, of one customer or of all; paged through."""
    params: Any = {"created": {"gte": since}, "limit": 100, "expand": [f"data.{part}" for part in INTENT_PARTS]}
    if customer:
        params["customer"] = customer
    return call_stripe(
        lambda client: [to_dict(intent) for intent in client.v1.payment_intents.list(params=params).auto_paging_iter()]
    )


SESSION_PARTS: Final = [f"payment_intent.{part}" for part in INTENT_PARTS]


def create_session(request: StripeObject, key: str) -> StripeObject:
    """Open a page of Stripe's for paying or for saving a card. Its `url` is handed on, and never stored."""
    return write_to_stripe(
        lambda client: to_dict(
            client.v1.checkout.sessions.create(params=request["params"], options={"idempotency_key": key})
        )
    )


def fetch_session(session: str) -> StripeObject:
    """The Session as it is now, with its intent once there is one."""
    return call_stripe(
        lambda client: to_dict(
            client.v1.checkout.sessions.retrieve(path_id(session), params={"expand": list(SESSION_PARTS)})
        )
    )


def expire_session(session: str) -> StripeObject:
    """Nobody can pay it any more; StripeRefusedError where it is complete, which means that it was paid."""
    return write_to_stripe(lambda client: to_dict(client.v1.checkout.sessions.expire(path_id(session))))


def sessions_since(customer: str | None, since: int) -> list[StripeObject]:
    """Sessions opened since a Unix time, for one customer or for all; paged through."""
    params: Any = {"created": {"gte": since}, "limit": 100} | ({"customer": customer} if customer else {})
    return call_stripe(
        lambda client: [to_dict(one) for one in client.v1.checkout.sessions.list(params=params).auto_paging_iter()]
    )


def cards_of(customer: str) -> list[StripeObject]:
    """All cards that are attached to a customer; paged through."""
    params: Any = {"type": "card", "limit": 100}
    return call_stripe(
        lambda client: [
            to_dict(one)
            for one in client.v1.customers.payment_methods.list(path_id(customer), params=params).auto_paging_iter()
        ]
    )


def fetch_card(payment_method: str) -> StripeObject:
    """The payment method as it is now; `customer` is null once detached."""
    return call_stripe(lambda client: to_dict(client.v1.payment_methods.retrieve(path_id(payment_method))))


def detach_card(payment_method: str) -> StripeObject:
    """Detach it for good."""
    return write_to_stripe(lambda client: to_dict(client.v1.payment_methods.detach(path_id(payment_method))))


def allow_redisplay(payment_method: str) -> StripeObject:
    """Say that the customer agreed to be shown this card again."""
    return write_to_stripe(
        lambda client: to_dict(
            client.v1.payment_methods.update(path_id(payment_method), params={"allow_redisplay": "always"})
        )
    )


def create_setup_intent(request: StripeObject, key: str) -> StripeObject:
    """Begin to save a card; the answer holds a client_secret, which goes to the browser and is never stored."""
    return write_to_stripe(
        lambda client: to_dict(
            client.v1.setup_intents.create(params=request["params"], options={"idempotency_key": key})
        )
    )


def cancel_setup_intent(setup: str) -> StripeObject:
    """Nobody finishes it any more; StripeRefusedError where it can no longer be canceled."""
    return write_to_stripe(
        lambda client: to_dict(client.v1.setup_intents.cancel(path_id(setup), params={"expand": ["payment_method"]}))
    )


def fetch_setup_intent(setup: str) -> StripeObject:
    """The SetupIntent as it is now, with its card."""
    return call_stripe(
        lambda client: to_dict(client.v1.setup_intents.retrieve(path_id(setup), params={"expand": ["payment_method"]}))
    )


def create_customer(request: StripeObject, key: str) -> StripeObject:
    """Make a customer."""
    return write_to_stripe(
        lambda client: to_dict(client.v1.customers.create(params=request["params"], options={"idempotency_key": key}))
    )


def update_customer(customer: str, params: StripeObject) -> StripeObject:
    """Push what the shop knows of a customer."""
    return write_to_stripe(lambda client: to_dict(client.v1.customers.update(path_id(customer), params=params)))  # type: ignore[arg-type]


def delete_customer(customer: str) -> StripeObject:
    """Delete it for good, and detach its cards."""
    return write_to_stripe(lambda client: to_dict(client.v1.customers.delete(path_id(customer))))


def fetch_customer(customer: str) -> StripeObject:
    """The customer as it is now; a deleted one says `deleted`."""
    return call_stripe(lambda client: to_dict(client.v1.customers.retrieve(path_id(customer))))


def customers_since(since: int, email: str) -> list[StripeObject]:
    """Customers made since a Unix time with this e-mail."""
    params: Any = {"created": {"gte": since}, "email": email, "limit": 100}
    return call_stripe(
        lambda client: [to_dict(one) for one in client.v1.customers.list(params=params).auto_paging_iter()]
    )


def create_refund(request: StripeObject, key: str) -> StripeObject:
    """Send a refund."""
    return write_to_stripe(
        lambda client: to_dict(client.v1.refunds.create(params=request["params"], options={"idempotency_key": key}))
    )


def fetch_refund(stripe_refund: str) -> StripeObject:
    """The refund as it is now."""
    return call_stripe(lambda client: to_dict(client.v1.refunds.retrieve(path_id(stripe_refund))))


def refunds_of(intent: str) -> list[StripeObject]:
    """All refunds of an intent."""
    return call_stripe(
        lambda client: [
            to_dict(one)
            for one in client.v1.refunds.list(params={"payment_intent": intent, "limit": 100}).auto_paging_iter()
        ]
    )


def fetch_dispute(dispute: str) -> StripeObject:
    """The dispute as it is now."""
    return call_stripe(lambda client: to_dict(client.v1.disputes.retrieve(path_id(dispute))))


def calculate_tax(request: StripeObject, key: str) -> StripeObject:
    """What the tax is. Somebody waits for it, so Stripe has a few seconds."""
    brief = current_connection().brief_client
    return write_to_stripe(
        lambda _: to_dict(brief.v1.tax.calculations.create(params=request["params"], options={"idempotency_key": key}))
    )


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


def fetch_event(event: str) -> StripeObject:
    """An event, told again in our version."""
    return call_stripe(lambda client: to_dict(client.v1.events.retrieve(path_id(event))))


PAGE_SIZE: Final = 100


class ListedObject(enum.StrEnum):
    """Lists of Stripe's that can be gone through by time."""

    intents = "intents"
    sessions = "sessions"
    refunds = "refunds"
    disputes = "disputes"
    events = "events"


_LIST_PARTS: Final = {
    ListedObject.intents: INTENT_PARTS,
    ListedObject.sessions: SESSION_PARTS,
    ListedObject.disputes: ["payment_intent"],
}


@dataclass(frozen=True)
class Page:
    """A part of a list, newest first; `more`: there is more below."""

    found: list[StripeObject]
    more: bool


def page_of(kind: ListedObject, since: int, until: int, after: str) -> Page:
    """A page of one of Stripe's lists: what was made between two Unix times, newest first, below `after`."""
    params: Any = {"created": {"gte": since, "lte": until}, "limit": PAGE_SIZE}
    if after:
        params["starting_after"] = after
    if kind in _LIST_PARTS:
        params["expand"] = [f"data.{part}" for part in _LIST_PARTS[kind]]
    found = call_stripe(lambda client: _list_of(client, kind).list(params=params))
    return Page([to_dict(one) for one in found.data], found.has_more)


def _list_of(client: StripeClient, kind: ListedObject) -> Any:
    lists: dict[ListedObject, Any] = {
        ListedObject.intents: client.v1.payment_intents,
        ListedObject.sessions: client.v1.checkout.sessions,
        ListedObject.refunds: client.v1.refunds,
        ListedObject.disputes: client.v1.disputes,
        ListedObject.events: client.v1.events,
    }
    return lists[kind]


def fetch_current_account() -> StripeObject:
    """The account that the key opens."""
    return call_stripe(lambda client: to_dict(client.v1.accounts.retrieve_current()))
