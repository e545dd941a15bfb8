"""News: facts that Stripe told us, in our own words, whoever brought them. Frozen, and free of secrets."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from storefront.payments.models import Source

# In these the intent can still go anywhere. `requires_capture` and statuses we have never heard of count as open too.
SUCCEEDED = "succeeded"
CANCELED = "canceled"
PROCESSING = "processing"
REQUIRES_ACTION = "requires_action"
REQUIRES_PAYMENT_METHOD = "requires_payment_method"
# Of a hosted Session.
OPEN = "open"
COMPLETE = "complete"
EXPIRED = "expired"

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
class Decline:
    """The bank said no. `words` are Stripe's, meant for the customer; empty where nothing may be said."""

    code: str
    words: str


@dataclass(frozen=True)
class IntentNews:
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


@dataclass(frozen=True)
class SessionNews:
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


@dataclass(frozen=True)
class AttemptNews:
    """What became of asking itself: no answer (`unknown`), a refusal (`refused`), or certainly never there (`never_sent`)."""

    source: Source
    attempt_id: int
    order_id: int
    state: str
    code: str = ""
    words: str = ""


@dataclass(frozen=True)
class GivenUpNews:
    """Nobody wants this order any more, and Stripe can no longer charge for it."""

    source: Source
    order_id: int


@dataclass(frozen=True)
class RefundNews:
    """What a refund is like. `refund` is our own id from its metadata, where it is ours."""

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
class RefundAttemptNews:
    """What became of asking for a refund: no answer (`unknown`) or a refusal (`failed`)."""

    source: Source
    refund_id: int
    order_id: int
    state: str
    words: str = ""


@dataclass(frozen=True)
class DisputeNews:
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


@dataclass(frozen=True)
class CardNews:
    """What a payment method is like; `customer` None: detached."""

    source: Source
    card: CardFacts
    customer: str | None
    livemode: bool
    number: int = 0


@dataclass(frozen=True)
class CardGoneNews:
    """A payment method was detached: for good. `customer` is whose it was, as far as it was told."""

    source: Source
    payment_method: str
    livemode: bool
    customer: str | None = None
    card: CardFacts | None = None


@dataclass(frozen=True)
class CustomerNews:
    """What a customer is like; `deleted` is for good."""

    source: Source
    customer: str
    deleted: bool
    livemode: bool
    default_payment_method: str | None = None
    number: int = 0


@dataclass(frozen=True)
class SetupNews:
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


PaymentNews = IntentNews | SessionNews | AttemptNews | GivenUpNews | RefundNews | RefundAttemptNews | DisputeNews
WalletNews = CardNews | CardGoneNews | CustomerNews | SetupNews
News = PaymentNews | WalletNews
Facts = dict[str, Any]


def intent_news(
    facts: Facts, source: Source, *, answers: str | None = None, challenge: int | None = None, event: str = ""
) -> IntentNews:
    """Read a PaymentIntent, as the API or an event tells it."""
    metadata = facts.get("metadata") or {}
    charge = facts.get("latest_charge")
    failed = facts.get("last_payment_error")
    return IntentNews(
        source=source,
        intent=facts["id"],
        status=facts["status"],
        amount=facts["amount"],
        currency=facts["currency"],
        customer=_id(facts.get("customer")),
        livemode=facts["livemode"],
        order=metadata.get("order_id"),
        shop=metadata.get("shop"),
        attempt=metadata.get("attempt_id"),
        received=facts.get("amount_received") or 0,
        charge=_id(charge),
        method=_id(facts.get("payment_method")),
        card=_card_paid_with(charge, facts) or _described(facts.get("payment_method")) or _card_that_failed(failed),
        keeps_card=facts.get("setup_future_usage") == "off_session",
        decline=_decline(failed) if failed and facts["status"] == REQUIRES_PAYMENT_METHOD else None,
        answers=answers,
        looked_at_challenge=challenge,
        event=event,
    )


def session_news(facts: Facts, source: Source, *, event: str = "") -> SessionNews:
    """Read a Checkout Session for paying; whether it failed only shows where its intent was told with it."""
    metadata = facts.get("metadata") or {}
    told = facts.get("payment_intent")
    intent = told if isinstance(told, dict) else {}
    failed = facts["status"] == COMPLETE and intent.get("status") in {REQUIRES_PAYMENT_METHOD, CANCELED}
    return SessionNews(
        source=source,
        session=facts["id"],
        status=facts["status"],
        amount=facts["amount_total"],
        currency=facts["currency"],
        customer=_id(facts.get("customer")),
        livemode=facts["livemode"],
        shop=metadata.get("shop"),
        attempt=metadata.get("attempt_id"),
        intent=_id(told),
        failed=failed,
        decline=_decline(intent.get("last_payment_error") or {}) if failed else None,
        event=event,
    )


def refund_news(facts: Facts, source: Source, *, answers: str | None = None, event: str = "") -> RefundNews:
    """Read a Refund."""
    return RefundNews(
        source=source,
        stripe_refund=facts["id"],
        refund=(facts.get("metadata") or {}).get("refund_id"),
        intent=_id(facts.get("payment_intent")),
        amount=facts["amount"],
        currency=facts["currency"],
        status=facts.get("status"),
        failure_reason=facts.get("failure_reason") or "",
        answers=answers,
        event=event,
    )


def intent_of(facts: Facts) -> str | None:
    """The intent that a refund or a dispute is about."""
    return _id(facts.get("payment_intent"))


def dispute_news(facts: Facts, source: Source, *, number: int) -> DisputeNews:
    """Read a Dispute."""
    due_by = (facts.get("evidence_details") or {}).get("due_by")
    return DisputeNews(
        source=source,
        dispute=facts["id"],
        intent=_id(facts.get("payment_intent")),
        charge=_id(facts.get("charge")),
        status=facts["status"],
        reason=facts["reason"],
        amount=facts["amount"],
        currency=facts["currency"],
        due_by=dt.datetime.fromtimestamp(due_by, dt.UTC) if due_by else None,
        number=number,
    )


def card_news(facts: Facts, source: Source, *, number: int = 0) -> CardNews | None:
    """Read a PaymentMethod; None when it is no card."""
    if facts.get("type") != "card":
        return None
    return CardNews(
        source=source, card=card_facts(facts["id"], facts["card"]), customer=_id(facts.get("customer")), livemode=facts["livemode"],
        number=number,
    )  # fmt: skip


def customer_news(facts: Facts, source: Source, *, livemode: bool, number: int = 0) -> CustomerNews:
    """Read a Customer; a deleted one says little more than that."""
    settings = facts.get("invoice_settings") or {}
    return CustomerNews(
        source=source,
        customer=facts["id"],
        deleted=bool(facts.get("deleted")),
        livemode=livemode,
        default_payment_method=_id(settings.get("default_payment_method")),
        number=number,
    )


def setup_news(facts: Facts, source: Source, *, answers: str | None = None) -> SetupNews:
    """Read a SetupIntent."""
    failed = facts.get("last_setup_error")
    return SetupNews(
        source=source,
        setup=facts["id"],
        status=facts["status"],
        customer=_id(facts.get("customer")),
        livemode=facts["livemode"],
        card=_described(facts.get("payment_method")),
        our_id=(facts.get("metadata") or {}).get("setup_id"),
        decline=_decline(failed) if failed and facts["status"] == REQUIRES_PAYMENT_METHOD else None,
        answers=answers,
    )


def hosted_setup_news(facts: Facts, source: Source, *, answers: str) -> SetupNews:
    """Read a Session that was opened for saving a card: as far as it tells, nobody has typed one in yet."""
    return SetupNews(
        source=source,
        setup=facts["setup_intent"],
        status=REQUIRES_PAYMENT_METHOD,
        customer=_id(facts.get("customer")),
        livemode=facts["livemode"],
        card=None,
        our_id=(facts.get("metadata") or {}).get("setup_id"),
        answers=answers,
    )


def card_facts(payment_method: str, card: Facts) -> CardFacts:
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


def _card_paid_with(charge: object, facts: Facts) -> CardFacts | None:
    if not isinstance(charge, dict) or facts["status"] != SUCCEEDED:
        return None
    card = (charge.get("payment_method_details") or {}).get("card")
    method = charge.get("payment_method") or _id(facts.get("payment_method"))
    return card_facts(method, card) if card and method else None


def _card_that_failed(failed: Facts | None) -> CardFacts | None:
    return _described((failed or {}).get("payment_method"))


def _described(method: object) -> CardFacts | None:
    """A payment method that was expanded, if it is a card."""
    if not isinstance(method, dict) or not method.get("card"):
        return None
    return card_facts(method["id"], method["card"])


def _decline(failed: Facts) -> Decline:
    code = failed.get("decline_code") or failed.get("code") or "card_declined"
    return Decline(code, "" if code in SILENT_DECLINES else failed.get("message") or "")


def _id(value: object) -> str | None:
    """An expandable field: the id itself, or the object."""
    if isinstance(value, dict):
        return str(value["id"])
    return str(value) if value else None
