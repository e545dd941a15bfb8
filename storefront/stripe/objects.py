"""What all of Stripe's objects have in common.

Declines: what of a bank's no may be told.

Cards: what may be known of one, and what became of it at Stripe.

What a PaymentIntent is like.

What became of asking itself, and of an order that nobody wants any more.

What a hosted Session is like.

What a SetupIntent is like, ours or that of a hosted Session.

What a refund is like, and what became of asking for one.

What a dispute is like.

What a customer is like."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from storefront.payments.ledger.models import Source
from storefront.stripe.statuses import CANCELED, COMPLETE, REQUIRES_PAYMENT_METHOD, SUCCEEDED

StripeObject = dict[str, Any]


def id_of(value: object) -> str | None:
    """An expandable field: the id itself, or the object."""
    if isinstance(value, dict):
        return str(value["id"])
    return str(value) if value else None


def intent_of(facts: StripeObject) -> str | None:
    """The intent that a refund or a dispute is about."""
    return id_of(facts.get("payment_intent"))


# Reasons a bank gives that must not be told on: whoever tries a stolen card learns nothing.
SILENT_DECLINES = frozenset(
    {
        "fraudulent",
        "lost_card",
        "stolen_card",
        "pickup_card",
        "restricted_card",
        "merchant_blacklist",
        "security_violation",
    }
)


@dataclass(frozen=True)
class Decline:
    """The bank said no. `words` are Stripe's, meant for the customer; empty where nothing may be said."""

    code: str
    words: str


def decline_of(failed: StripeObject) -> Decline:
    """Read the error that an intent or a set-up was left with."""
    code = failed.get("decline_code") or failed.get("code") or "card_declined"
    return Decline(code, "" if code in SILENT_DECLINES else failed.get("message") or "")


# Stripe has two words for these, one a field.
_SAME_BRAND = {"american_express": "amex", "diners_club": "diners", "union_pay": "unionpay"}


@dataclass(frozen=True)
class CardFacts:
    """What may be known of a card. `fingerprint` is Stripe's; the same number has the same one."""

    payment_method: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    funding: str
    fingerprint: str | None


@dataclass(frozen=True)
class CardUpdate:
    """What a payment method is like; `customer` None: detached."""

    source: Source
    card: CardFacts
    customer: str | None
    livemode: bool
    number: int = 0


@dataclass(frozen=True)
class CardDetached:
    """A payment method was detached: for good. `customer` is whose it was, as far as it was told."""

    source: Source
    payment_method: str
    livemode: bool
    customer: str | None = None
    card: CardFacts | None = None


def card_update(facts: StripeObject, source: Source, *, number: int = 0) -> CardUpdate | None:
    """Read a PaymentMethod; None when it is no card."""
    if facts.get("type") != "card":
        return None
    return CardUpdate(
        source=source, card=card_facts(facts["id"], facts["card"]), customer=id_of(facts.get("customer")), livemode=facts["livemode"],
        number=number,
    )  # fmt: skip


def card_facts(payment_method: str, card: StripeObject) -> CardFacts:
    """The display copy of a card; `display_brand` is what the customer knows it by."""
    brand = card.get("display_brand") or card.get("brand") or "card"
    return CardFacts(
        payment_method=payment_method,
        brand=_SAME_BRAND.get(brand, brand),
        last4=card.get("last4") or "",
        exp_month=card.get("exp_month") or 0,
        exp_year=card.get("exp_year") or 0,
        funding=card.get("funding") or "",
        fingerprint=card.get("fingerprint"),
    )


def card_details(method: object) -> CardFacts | None:
    """A payment method that was expanded, if it is a card."""
    if not isinstance(method, dict) or not method.get("card"):
        return None
    return card_facts(method["id"], method["card"])


@dataclass(frozen=True)
class PaymentIntentUpdate:
    """What a PaymentIntent is like.

    `answers` is the idempotency key of the request this is the answer to, if any. `looked_at_challenge` is the
    number of the attempt that waited for the customer's bank when we asked, if one did. `asked_for` is the order that
    we asked for ourselves.
    """

    source: Source
    intent: str
    status: str
    amount: int
    currency: str
    customer: str | None
    livemode: bool
    order: str | None
    shop: str | None
    attempt: str | None
    received: int
    charge: str | None
    method: str | None
    card: CardFacts | None
    keeps_card: bool
    decline: Decline | None
    answers: str | None = None
    looked_at_challenge: int | None = None
    asked_for: int | None = None
    event: str = ""


def payment_intent_update(
    facts: StripeObject, source: Source, *, answers: str | None = None, challenge: int | None = None, event: str = ""
) -> PaymentIntentUpdate:
    """Read a PaymentIntent, as the API or an event tells it."""
    metadata = facts.get("metadata") or {}
    charge = facts.get("latest_charge")
    failed = facts.get("last_payment_error")
    return PaymentIntentUpdate(
        source=source,
        intent=facts["id"],
        status=facts["status"],
        amount=facts["amount"],
        currency=facts["currency"],
        customer=id_of(facts.get("customer")),
        livemode=facts["livemode"],
        order=metadata.get("order_id"),
        shop=metadata.get("shop"),
        attempt=metadata.get("attempt_id"),
        received=facts.get("amount_received") or 0,
        charge=id_of(charge),
        method=id_of(facts.get("payment_method")),
        card=_card_paid_with(charge, facts) or card_details(facts.get("payment_method")) or _card_that_failed(failed),
        keeps_card=facts.get("setup_future_usage") == "off_session",
        decline=decline_of(failed) if failed and facts["status"] == REQUIRES_PAYMENT_METHOD else None,
        answers=answers,
        looked_at_challenge=challenge,
        event=event,
    )


def _card_paid_with(charge: object, facts: StripeObject) -> CardFacts | None:
    if not isinstance(charge, dict) or facts["status"] != SUCCEEDED:
        return None
    card = (charge.get("payment_method_details") or {}).get("card")
    method = charge.get("payment_method") or id_of(facts.get("payment_method"))
    return card_facts(method, card) if card and method else None


def _card_that_failed(failed: StripeObject | None) -> CardFacts | None:
    return card_details((failed or {}).get("payment_method"))


@dataclass(frozen=True)
class AttemptUpdate:
    """What became of asking itself: no answer (`unknown`), a refusal (`refused`), or certainly never there (`never_sent`)."""

    source: Source
    attempt_id: int
    order_id: int
    state: str
    code: str = ""
    words: str = ""


@dataclass(frozen=True)
class AttemptAbandoned:
    """Nobody wants this order any more, and Stripe can no longer charge for it."""

    source: Source
    order_id: int


@dataclass(frozen=True)
class CheckoutSessionUpdate:
    """What a hosted Session is like. `failed`: it is complete, but its payment came to nothing after all."""

    source: Source
    session: str
    status: str
    amount: int
    currency: str
    customer: str | None
    livemode: bool
    shop: str | None
    attempt: str | None
    intent: str | None
    failed: bool
    decline: Decline | None
    event: str = ""


def checkout_session_update(facts: StripeObject, source: Source, *, event: str = "") -> CheckoutSessionUpdate:
    """Read a Checkout Session for paying; whether it failed only shows where its intent was told with it."""
    metadata = facts.get("metadata") or {}
    told = facts.get("payment_intent")
    intent = told if isinstance(told, dict) else {}
    failed = facts["status"] == COMPLETE and intent.get("status") in {REQUIRES_PAYMENT_METHOD, CANCELED}
    return CheckoutSessionUpdate(
        source=source,
        session=facts["id"],
        status=facts["status"],
        amount=facts["amount_total"],
        currency=facts["currency"],
        customer=id_of(facts.get("customer")),
        livemode=facts["livemode"],
        shop=metadata.get("shop"),
        attempt=metadata.get("attempt_id"),
        intent=id_of(told),
        failed=failed,
        decline=decline_of(intent.get("last_payment_error") or {}) if failed else None,
        event=event,
    )


@dataclass(frozen=True)
class SetupIntentUpdate:
    """What a SetupIntent is like."""

    source: Source
    setup: str
    status: str
    customer: str | None
    livemode: bool
    card: CardFacts | None
    our_id: str | None = None
    decline: Decline | None = None
    answers: str | None = None


def setup_intent_update(facts: StripeObject, source: Source, *, answers: str | None = None) -> SetupIntentUpdate:
    """Read a SetupIntent."""
    failed = facts.get("last_setup_error")
    return SetupIntentUpdate(
        source=source,
        setup=facts["id"],
        status=facts["status"],
        customer=id_of(facts.get("customer")),
        livemode=facts["livemode"],
        card=card_details(facts.get("payment_method")),
        our_id=(facts.get("metadata") or {}).get("setup_id"),
        decline=decline_of(failed) if failed and facts["status"] == REQUIRES_PAYMENT_METHOD else None,
        answers=answers,
    )


def hosted_setup_intent_update(facts: StripeObject, source: Source, *, answers: str) -> SetupIntentUpdate:
    """Read a Session that was opened for saving a card: as far as it tells, nobody has typed one in yet."""
    return SetupIntentUpdate(
        source=source,
        setup=facts["setup_intent"],
        status=REQUIRES_PAYMENT_METHOD,
        customer=id_of(facts.get("customer")),
        livemode=facts["livemode"],
        card=None,
        our_id=(facts.get("metadata") or {}).get("setup_id"),
        answers=answers,
    )


@dataclass(frozen=True)
class RefundUpdate:
    """What a refund is like. `create_refund` is our own id from its metadata, where it is ours."""

    source: Source
    stripe_refund: str
    refund: str | None
    intent: str | None
    amount: int
    currency: str
    status: str | None
    failure_reason: str
    answers: str | None = None
    event: str = ""


@dataclass(frozen=True)
class RefundAttemptUpdate:
    """What became of asking for a refund: no answer (`unknown`) or a refusal (`failed`)."""

    source: Source
    refund_id: int
    order_id: int
    state: str
    words: str = ""


def refund_update(facts: StripeObject, source: Source, *, answers: str | None = None, event: str = "") -> RefundUpdate:
    """Read a Refund."""
    return RefundUpdate(
        source=source,
        stripe_refund=facts["id"],
        refund=(facts.get("metadata") or {}).get("refund_id"),
        intent=id_of(facts.get("payment_intent")),
        amount=facts["amount"],
        currency=facts["currency"],
        status=facts.get("status"),
        failure_reason=facts.get("failure_reason") or "",
        answers=answers,
        event=event,
    )


@dataclass(frozen=True)
class DisputeUpdate:
    """What a dispute is like. `number` is the look that brought it: older looks are dropped."""

    source: Source
    dispute: str
    intent: str | None
    charge: str | None
    status: str
    reason: str
    amount: int
    currency: str
    due_by: dt.datetime | None
    number: int = 0


def dispute_update(facts: StripeObject, source: Source, *, number: int) -> DisputeUpdate:
    """Read a Dispute."""
    due_by = (facts.get("evidence_details") or {}).get("due_by")
    return DisputeUpdate(
        source=source,
        dispute=facts["id"],
        intent=id_of(facts.get("payment_intent")),
        charge=id_of(facts.get("charge")),
        status=facts["status"],
        reason=facts["reason"],
        amount=facts["amount"],
        currency=facts["currency"],
        due_by=dt.datetime.fromtimestamp(due_by, dt.UTC) if due_by else None,
        number=number,
    )


@dataclass(frozen=True)
class CustomerUpdate:
    """What a customer is like; `deleted` is for good."""

    source: Source
    customer: str
    deleted: bool
    livemode: bool
    default_payment_method: str | None = None
    number: int = 0


def customer_update(facts: StripeObject, source: Source, *, livemode: bool, number: int = 0) -> CustomerUpdate:
    """Read a Customer; a deleted one says little more than that."""
    settings = facts.get("invoice_settings") or {}
    return CustomerUpdate(
        source=source,
        customer=facts["id"],
        deleted=bool(facts.get("deleted")),
        livemode=livemode,
        default_payment_method=id_of(settings.get("default_payment_method")),
        number=number,
    )
