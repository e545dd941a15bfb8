"""Attempts: the rows that stand before every call that may charge, and sending them."""

import secrets
from dataclasses import dataclass, replace
from typing import Any

from flask import current_app
from sqlalchemy import select

from storefront.cards import saved_cards
from storefront.cards.consent import consent
from storefront.cards.models import SavedCard, StripeCustomer
from storefront.core.client_address import address_hash
from storefront.core.clock import now
from storefront.core.database import current_session
from storefront.core.errors import InvalidRequestError
from storefront.core.installation import this_shop
from storefront.orders.placing import PlacedOrder
from storefront.payments import hosted
from storefront.payments.ledger.models import AttemptState, Payment, PaymentAttempt, Source
from storefront.payments.ledger.record import record, record_or_note
from storefront.stripe.api import CARDS_ONLY, INTENT_PARTS, create_session, fetch_intent, send_payment
from storefront.stripe.errors import CARD_REFUSED, OutcomeUnknownError, StripeRefusedError
from storefront.stripe.objects import (
    AttemptUpdate,
    StripeObject,
    checkout_session_update,
    payment_intent_update,
)

_ABOUT_THE_REQUEST = {400, 404}
INTENT_MOVED_ON = "payment_intent_unexpected_state"


@dataclass(frozen=True)
class WithSavedCard:
    """Pay with this saved card of the buyer's."""

    card_id: int


@dataclass(frozen=True)
class WithNewCard:
    """Pay with what was typed into Stripe's own fields; `keep`: the customer ticked that it may be kept."""

    confirmation_token: str
    keep: bool


@dataclass(frozen=True)
class OnHostedPage:
    """Pay on a page of Stripe's, with whatever card; `keep`: the customer ticked that it may be kept."""

    keep: bool


Means = WithSavedCard | WithNewCard | OnHostedPage


@dataclass(frozen=True)
class PaymentInstructions:
    """How to pay: with what (nothing, where it costs nothing), and whether the bank can ask inside our page.

    Without JavaScript it cannot. `guests_customer` was made at Stripe for a guest who wants the card kept.
    """

    means: Means | None
    in_page: bool
    guests_customer: str | None = None


@dataclass(frozen=True)
class PreparedRequest:
    """A committed attempt, on its way: exactly what is sent, now or again."""

    order_id: int
    public_id: str
    attempt_id: int
    operation: str
    request: dict[str, Any]
    key: str


@dataclass(frozen=True)
class PayingCustomer:
    """Who pays at Stripe, and the saved card that was asked for, as far as there are any."""

    customer: str | None
    card: SavedCard | None


def find_payer(user_id: int | None, how: PaymentInstructions) -> PayingCustomer:
    """The buyer's customer and card in one question; while the answer is held, `write_attempt` finds the card without another."""
    if user_id is None:
        return PayingCustomer(how.guests_customer, None)
    card_id = how.means.card_id if isinstance(how.means, WithSavedCard) else None
    with_card = (SavedCard.id == card_id) & (SavedCard.user_id == StripeCustomer.user_id)
    mine = (StripeCustomer.user_id == user_id, StripeCustomer.livemode == current_app.config["SETTINGS"].livemode)
    both = select(StripeCustomer.stripe_id, SavedCard).outerjoin(SavedCard, with_card)
    found = current_session().execute(both.where(*mine, StripeCustomer.deleted_at.is_(None))).one_or_none()
    return PayingCustomer(found.stripe_id, found.SavedCard) if found else PayingCustomer(None, None)


def open_payment(placed: PlacedOrder, payer: PayingCustomer) -> Payment:
    """The payment of an order being placed; names the buyer's customer, so that news can be checked against it."""
    payment = Payment(
        order_id=placed.order_id, amount=placed.total.minor, currency=placed.total.currency,
        stripe_customer_id=payer.customer, stripe_tax_calculation=placed.tax_calculation,
        livemode=current_app.config["SETTINGS"].livemode,
    )  # fmt: skip
    current_session().add(payment)
    current_session().flush()
    return payment


def write_attempt(
    payment: Payment, public_id: str, number: int, how: PaymentInstructions, user_id: int | None
) -> PreparedRequest:
    """Write attempt `number` with its key and its exact request, inside the running transaction.

    Raises NotFoundError or InvalidRequestError for a card that is not this user's, or can no longer pay.
    """
    attempt = PaymentAttempt(
        public_id=secrets.token_hex(16), payment_id=payment.id, number=number, idempotency_key=secrets.token_hex(20), asked_at=now(),
        state=AttemptState.sending, created_at=now(),
    )  # fmt: skip
    if isinstance(how.means, OnHostedPage):
        hosted.prepare_session(attempt, payment, keep=how.means.keep)
    else:
        params = _payment_method_params(how.means, attempt, payment, user_id)
        if how.in_page:
            params["use_stripe_sdk"] = True
        _prepare_intent(attempt, payment, public_id, params)
    if attempt.consent_at:
        attempt.consent_words = str(consent(is_customer=user_id is not None))
    session = current_session()
    session.add(attempt)
    session.flush()
    return PreparedRequest(
        payment.order_id, public_id, attempt.id, attempt.operation, attempt.request, attempt.idempotency_key
    )


def _prepare_intent(attempt: PaymentAttempt, payment: Payment, public_id: str, params: dict[str, Any]) -> None:
    params |= {
        "return_url": f"{current_app.config['SETTINGS'].base_url}/checkout/return/{public_id}",
        "expand": INTENT_PARTS,
    }
    if payment.stripe_payment_intent_id:
        attempt.operation = "confirm"
        params.setdefault("setup_future_usage", "")
        attempt.request = {"intent": payment.stripe_payment_intent_id, "params": params}
    else:
        attempt.operation = "create"
        attempt.request = {"params": params | _new_intent(payment, public_id, attempt.public_id)}


def _new_intent(payment: Payment, public_id: str, attempt: str) -> dict[str, Any]:
    intent: dict[str, Any] = {
        "amount": payment.amount,
        "currency": payment.currency,
        "confirm": True,
        # Cards alone, whatever the account's dashboard has switched on: wallets and Link are not built here yet.
        "allowed_payment_method_types": CARDS_ONLY,
        "metadata": {"order_id": public_id, "shop": this_shop(), "attempt_id": attempt},
    }
    if payment.stripe_tax_calculation:
        # Stripe commits the tax when the payment succeeds, and takes its share back with each refund.
        intent["hooks"] = {"inputs": {"tax": {"calculation": payment.stripe_tax_calculation}}}
    return intent | ({"customer": payment.stripe_customer_id} if payment.stripe_customer_id else {})


def _payment_method_params(
    means: WithSavedCard | WithNewCard | None, attempt: PaymentAttempt, payment: Payment, user_id: int | None
) -> dict[str, Any]:
    if means is None:
        raise InvalidRequestError("Please choose a card.")
    if isinstance(means, WithNewCard):
        return _new_card(means, attempt, payment, user_id)
    card = saved_cards.own_card(user_id or 0, means.card_id)
    attempt.saved_card_id, attempt.stripe_payment_method_id = card.id, card.stripe_payment_method_id
    attempt.card_brand, attempt.card_last4 = card.brand, card.last4
    return {"payment_method": card.stripe_payment_method_id}


def _new_card(means: WithNewCard, attempt: PaymentAttempt, payment: Payment, user_id: int | None) -> dict[str, Any]:
    attempt.new_card_from = address_hash()
    # Without a customer at Stripe there is nobody to keep it for.
    if not means.keep or payment.stripe_customer_id is None:
        return {"confirmation_token": means.confirmation_token}
    if user_id is not None:
        saved_cards.check_card_limit(user_id)
    attempt.consent_at = now()
    return {"confirmation_token": means.confirmation_token, "setup_future_usage": "off_session"}


def prepared_request(attempt: PaymentAttempt) -> PreparedRequest:
    """The same request, to be sent again with its own key."""
    order = attempt.payment.order
    return PreparedRequest(
        order.id, order.public_id, attempt.id, attempt.operation, attempt.request, attempt.idempotency_key
    )


def send(sending: PreparedRequest, source: Source = Source.api, *, again: bool = False) -> str | None:
    """Send it and record what came of it: Stripe's answer, its refusal, or that we do not know.

    `again`: it was sent before, with the same key. The address of the page to pay on, where it opened one: to be
    handed on, and kept nowhere.
    """
    unsettled = AttemptUpdate(source, sending.attempt_id, sending.order_id, AttemptState.unknown)
    try:
        if sending.operation == hosted.OPERATION:
            return _session_url(create_session(sending.request, sending.key), source)
        facts = send_payment(sending.operation, sending.request, sending.key)
    except OutcomeUnknownError:
        record(unsettled)
    except StripeRefusedError as refused:
        _record_refusal(refused, unsettled, sending, again=again)
    else:
        record_or_note(replace(payment_intent_update(facts, source, answers=sending.key), asked_for=sending.order_id))
    return None


def _session_url(facts: StripeObject, source: Source) -> str | None:
    record_or_note(checkout_session_update(facts, source))
    url: str | None = facts["url"]
    return url


def _record_refusal(
    refused: StripeRefusedError, unsettled: AttemptUpdate, sending: PreparedRequest, *, again: bool
) -> None:
    # A key that has lost its rights says nothing about what was sent while it had them.
    says_nothing = refused.code == "idempotency_error" or (again and refused.status in {401, 403})
    moved_on = refused.code == INTENT_MOVED_ON and sending.operation == "confirm"
    if says_nothing or (moved_on and not _sync_intent(sending, unsettled.source)):
        record(unsettled)
        return
    code = CARD_REFUSED if refused.is_about_card and refused.status in _ABOUT_THE_REQUEST else refused.code
    record(replace(unsettled, state=AttemptState.refused, code=code, words=""))


def _sync_intent(sending: PreparedRequest, source: Source) -> bool:
    """What the intent has become comes first: were it paid by now, a refusal must not be shown as the end of it."""
    try:
        facts = fetch_intent(sending.request["intent"])
    except OutcomeUnknownError:
        return False
    record_or_note(payment_intent_update(facts, source))
    return True
