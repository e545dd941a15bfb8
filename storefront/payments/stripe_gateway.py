"""The only way to Stripe: our frozen requests go in, plain facts come out, and every failure is one of three.

A decline is an answer. `RefusedByStripeError`: Stripe did not do it. `OutcomeUnknownError`: it may have.
Facts about Stripe are of API 2026-10-28.endive and SDK 16.1.0.
"""

import datetime as dt
import enum
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import stripe
from flask import Flask, current_app
from stripe import StripeClient

from config import Settings
from storefront import stripe_keys
from storefront.clock import now
from storefront.database import refuse_inside_transaction, transaction
from storefront.errors import BusyError
from storefront.installation import stands_still
from storefront.jobs.queue import NotYetError
from storefront.payments.news import Facts
from storefront.stripe_keys import Standing, note_account

API_VERSION: Final = "2026-10-28.endive"
# What a payment is told by besides its intent: which card, and what was charged.
INTENT_PARTS: Final = ["latest_charge", "payment_method"]
SESSION_PARTS: Final = [f"payment_intent.{part}" for part in INTENT_PARTS]
TIMEOUT: Final = (3.05, 20)
# While somebody waits for a page, and nothing is charged yet: asked once, and not for long.
BRIEF_TIMEOUT: Final = (1.5, 4)
SEATS: Final = 4
PAGE_SIZE: Final = 100
FAILURES_BEFORE_PAUSE: Final = 5
PAUSE_SECONDS: Final = 15
COPY_WAITS: Final = dt.timedelta(minutes=10)

stripe.enable_telemetry = False
T = TypeVar("T")


class Listed(enum.StrEnum):
    """Lists of Stripe's that can be gone through by time."""

    intents = "intents"
    sessions = "sessions"
    refunds = "refunds"
    disputes = "disputes"
    events = "events"


_LIST_PARTS: Final = {Listed.intents: INTENT_PARTS, Listed.sessions: SESSION_PARTS, Listed.disputes: ["payment_intent"]}


@dataclass(frozen=True)
class Page:
    """A part of a list, newest first; `more`: there is more below."""

    found: list[Facts]
    more: bool


class OutcomeUnknownError(Exception):
    """No usable answer: it may or may not have happened."""


class RefusedByStripeError(Exception):
    """Stripe refused: nothing was done. `code` is Stripe's, `words` are for logs and owners."""

    def __init__(self, code: str, words: str, status: int) -> None:
        super().__init__(code)
        self.code, self.words, self.status = code, words, status


class StagingCopyError(BusyError, NotYetError):
    """This is a copy of a shop: nothing is changed at Stripe. Jobs wait until it is adopted."""

    words = "This is a copy of the shop: nothing can be bought or changed here."

    def __init__(self) -> None:
        NotYetError.__init__(self, self.words, COPY_WAITS)


class OtherAccountError(BusyError, NotYetError):
    """The key opens an account that is not the shop's: nothing is changed there. Jobs wait until the right one is back."""

    words = "Paying is not possible just now. Nothing was charged; please try again later."

    def __init__(self) -> None:
        NotYetError.__init__(self, self.words, COPY_WAITS)


def refuse_to_change() -> None:
    """Raise StagingCopyError or OtherAccountError where nothing may be changed at Stripe."""
    if stands_still():
        raise StagingCopyError
    standing = stripe_keys.standing()
    if standing is Standing.new:
        standing = _asked_about()
    if standing is Standing.foreign:
        raise OtherAccountError


def _asked_about() -> Standing:
    """Whose a key is that was never used here comes before what is changed with it."""
    try:
        learn_account()
    except OutcomeUnknownError as silent:
        raise OtherAccountError from silent
    return stripe_keys.standing()


def learn_account() -> None:
    """Ask whose key this is, and keep it; OutcomeUnknownError where Stripe does not answer."""
    try:
        account = str(_ask(lambda client: client.v1.accounts.retrieve_current()).id)
    except RefusedByStripeError:
        account = ""
    with transaction():
        note_account(account)


@dataclass
class Gateway:
    """One process's line to Stripe: a client built at first use (never before a fork), seats, and a breaker."""

    settings: Settings
    seats: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(SEATS))
    failures: int = 0
    paused_until: float = 0.0
    _client: StripeClient | None = None
    _brief_client: StripeClient | None = None

    @property
    def client(self) -> StripeClient:
        """The SDK's client; its HTTP sessions are one a thread."""
        if self._client is None:
            self._client = self._new_client(TIMEOUT, retries=1)
        return self._client

    @property
    def brief_client(self) -> StripeClient:
        """As `client`, for what had better fail than take its time."""
        if self._brief_client is None:
            self._brief_client = self._new_client(BRIEF_TIMEOUT, retries=0)
        return self._brief_client

    def _new_client(self, timeout: tuple[float, float], *, retries: int) -> StripeClient:
        base = self.settings.stripe_api_base
        return StripeClient(
            self.settings.stripe_secret_key,
            stripe_version=API_VERSION,
            max_network_retries=retries,
            http_client=stripe.RequestsClient(timeout=timeout),
            base_addresses={"api": base, "files": base, "connect": base, "meter_events": base},
        )

    def answered(self) -> None:
        """Stripe is there."""
        self.failures = 0

    def not_reached(self) -> None:
        """Another failure to connect; after some in a row paying pauses for a moment."""
        self.failures += 1
        if self.failures >= FAILURES_BEFORE_PAUSE:
            self.paused_until = time.monotonic() + PAUSE_SECONDS
            self.failures = 0


def connect(app: Flask, settings: Settings) -> None:
    """Give the app its gateway; no connection is made yet."""
    app.extensions["stripe_gateway"] = Gateway(settings)


def _gateway() -> Gateway:
    gateway: Gateway = current_app.extensions["stripe_gateway"]
    return gateway


@contextmanager
def seat() -> Iterator[None]:
    """A place at Stripe, taken before anything is placed; BusyError when all are taken, so that browsing never waits."""
    gateway = _gateway()
    refuse_to_change()
    if time.monotonic() < gateway.paused_until:
        raise BusyError(
            "Our payment provider does not answer just now. Nothing was charged; please try again in a moment."
        )
    if not gateway.seats.acquire(blocking=False):
        raise BusyError
    try:
        yield
    finally:
        gateway.seats.release()


def _ask(call: Callable[[StripeClient], T]) -> T:
    refuse_inside_transaction()
    gateway = _gateway()
    try:
        answer = call(gateway.client)
    except stripe.CardError:
        gateway.answered()
        raise
    except stripe.APIConnectionError as lost:
        gateway.not_reached()
        raise OutcomeUnknownError from lost
    except (stripe.RateLimitError, stripe.APIError) as unclear:
        raise OutcomeUnknownError from unclear
    except stripe.StripeError as refused:
        gateway.answered()
        raise _refusal(refused) from refused
    gateway.answered()
    return answer


def _change(call: Callable[[StripeClient], T]) -> T:
    """As `_ask`, for all that makes or moves something at Stripe: never out of a copy of the shop."""
    refuse_inside_transaction()
    refuse_to_change()
    return _ask(call)


def _refusal(refused: stripe.StripeError) -> RefusedByStripeError:
    told = refused.error
    # Not every refusal has a code: a key used for another request only has a type, `idempotency_error`.
    code = refused.code or (told and (told.code or told.type)) or type(refused).__name__
    return RefusedByStripeError(code, refused.user_message or "", refused.http_status or 0)


def _plain(answer: stripe.StripeObject) -> Facts:
    facts: Facts = answer.to_dict(for_json=True)
    return facts


def pay(operation: str, request: Facts, key: str) -> Facts:
    """Send an attempt: create the intent, or confirm it with another card. A decline comes back as the intent it left."""
    try:
        return _change(lambda client: _plain(_send_payment(client, operation, request, key)))
    except stripe.CardError as declined:
        intent = declined.error.payment_intent if declined.error else None
        if intent is None:
            raise _refusal(declined) from declined
        return _plain(intent)


def _send_payment(client: StripeClient, operation: str, request: Facts, key: str) -> stripe.PaymentIntent:
    if operation == "create":
        return client.v1.payment_intents.create(params=request["params"], options={"idempotency_key": key})
    return client.v1.payment_intents.confirm(
        request["intent"], params=request["params"], options={"idempotency_key": key}
    )


def fetch_intent(intent: str) -> Facts:
    """The PaymentIntent as it is now, with its latest charge; holds its client_secret, which is never stored.

    A look that is refused tells nothing of the intent: OutcomeUnknownError.
    """
    try:
        return _ask(
            lambda client: _plain(client.v1.payment_intents.retrieve(_given(intent), params={"expand": INTENT_PARTS}))
        )
    except RefusedByStripeError as refused:
        raise OutcomeUnknownError from refused


def cancel_intent(intent: str) -> Facts:
    """Cancel it, or learn by RefusedByStripeError that it can no longer be."""
    return _change(
        lambda client: _plain(client.v1.payment_intents.cancel(_given(intent), params={"expand": INTENT_PARTS}))
    )


def intents_since(customer: str | None, since: int) -> list[Facts]:
    """Intents created since a Unix time, of one customer or of all; paged through."""
    params: Any = {"created": {"gte": since}, "limit": 100, "expand": [f"data.{part}" for part in INTENT_PARTS]}
    if customer:
        params["customer"] = customer
    return _ask(
        lambda client: [_plain(intent) for intent in client.v1.payment_intents.list(params=params).auto_paging_iter()]
    )


def open_session(request: Facts, key: str) -> Facts:
    """Open a page of Stripe's for paying or for saving a card. Its `url` is handed on, and never stored."""
    return _change(
        lambda client: _plain(
            client.v1.checkout.sessions.create(params=request["params"], options={"idempotency_key": key})
        )
    )


def fetch_session(session: str) -> Facts:
    """The Session as it is now, with its intent once there is one."""
    return _ask(
        lambda client: _plain(
            client.v1.checkout.sessions.retrieve(_given(session), params={"expand": list(SESSION_PARTS)})
        )
    )


def expire_session(session: str) -> Facts:
    """Nobody can pay it any more; RefusedByStripeError where it is complete, which means that it was paid."""
    return _change(lambda client: _plain(client.v1.checkout.sessions.expire(_given(session))))


def sessions_since(customer: str | None, since: int) -> list[Facts]:
    """Sessions opened since a Unix time, for one customer or for all; paged through."""
    params: Any = {"created": {"gte": since}, "limit": 100} | ({"customer": customer} if customer else {})
    return _ask(
        lambda client: [_plain(one) for one in client.v1.checkout.sessions.list(params=params).auto_paging_iter()]
    )


def calculate_tax(request: Facts, key: str) -> Facts:
    """What the tax is. Somebody waits for it, so Stripe has a few seconds."""
    brief = _gateway().brief_client.v1.tax.calculations
    return _change(lambda _: _plain(brief.create(params=request["params"], options={"idempotency_key": key})))


def refund(request: Facts, key: str) -> Facts:
    """Send a refund."""
    return _change(
        lambda client: _plain(client.v1.refunds.create(params=request["params"], options={"idempotency_key": key}))
    )


def fetch_refund(stripe_refund: str) -> Facts:
    """The refund as it is now."""
    return _ask(lambda client: _plain(client.v1.refunds.retrieve(_given(stripe_refund))))


def refunds_of(intent: str) -> list[Facts]:
    """All refunds of an intent."""
    return _ask(
        lambda client: [
            _plain(one)
            for one in client.v1.refunds.list(params={"payment_intent": intent, "limit": 100}).auto_paging_iter()
        ]
    )


def fetch_dispute(dispute: str) -> Facts:
    """The dispute as it is now."""
    return _ask(lambda client: _plain(client.v1.disputes.retrieve(_given(dispute))))


def create_customer(request: Facts, key: str) -> Facts:
    """Make a customer."""
    return _change(
        lambda client: _plain(client.v1.customers.create(params=request["params"], options={"idempotency_key": key}))
    )


def update_customer(customer: str, params: Facts) -> Facts:
    """Push what the shop knows of a customer."""
    return _change(lambda client: _plain(client.v1.customers.update(_given(customer), params=params)))  # type: ignore[arg-type]


def delete_customer(customer: str) -> Facts:
    """Delete it for good, and detach its cards."""
    return _change(lambda client: _plain(client.v1.customers.delete(_given(customer))))


def fetch_customer(customer: str) -> Facts:
    """The customer as it is now; a deleted one says `deleted`."""
    return _ask(lambda client: _plain(client.v1.customers.retrieve(_given(customer))))


def customers_since(since: int, email: str) -> list[Facts]:
    """Customers made since a Unix time with this e-mail."""
    params: Any = {"created": {"gte": since}, "email": email, "limit": 100}
    return _ask(lambda client: [_plain(one) for one in client.v1.customers.list(params=params).auto_paging_iter()])


def cards_of(customer: str) -> list[Facts]:
    """All cards that are attached to a customer; paged through."""
    params: Any = {"type": "card", "limit": 100}
    return _ask(
        lambda client: [
            _plain(one)
            for one in client.v1.customers.payment_methods.list(_given(customer), params=params).auto_paging_iter()
        ]
    )


def fetch_card(payment_method: str) -> Facts:
    """The payment method as it is now; `customer` is null once detached."""
    return _ask(lambda client: _plain(client.v1.payment_methods.retrieve(_given(payment_method))))


def detach_card(payment_method: str) -> Facts:
    """Detach it for good."""
    return _change(lambda client: _plain(client.v1.payment_methods.detach(_given(payment_method))))


def allow_redisplay(payment_method: str) -> Facts:
    """Say that the customer agreed to be shown this card again."""
    return _change(
        lambda client: _plain(
            client.v1.payment_methods.update(_given(payment_method), params={"allow_redisplay": "always"})
        )
    )


def create_setup(request: Facts, key: str) -> Facts:
    """Begin to save a card; the answer holds a client_secret, which goes to the browser and is never stored."""
    return _change(
        lambda client: _plain(
            client.v1.setup_intents.create(params=request["params"], options={"idempotency_key": key})
        )
    )


def cancel_setup(setup: str) -> Facts:
    """Nobody finishes it any more; RefusedByStripeError where it can no longer be canceled."""
    return _change(
        lambda client: _plain(client.v1.setup_intents.cancel(_given(setup), params={"expand": ["payment_method"]}))
    )


def fetch_setup(setup: str) -> Facts:
    """The SetupIntent as it is now, with its card."""
    return _ask(
        lambda client: _plain(client.v1.setup_intents.retrieve(_given(setup), params={"expand": ["payment_method"]}))
    )


def fetch_event(event: str) -> Facts:
    """An event, told again in our version."""
    return _ask(lambda client: _plain(client.v1.events.retrieve(_given(event))))


def find_intent(intent: str) -> Facts | None:
    """As `fetch_intent`; None where Stripe says that there is none."""
    try:
        return _ask(lambda client: _plain(client.v1.payment_intents.retrieve(_given(intent))))
    except RefusedByStripeError as refused:
        if refused.code == "resource_missing":
            return None
        raise OutcomeUnknownError from refused


def page_of(kind: Listed, since: int, until: int, after: str) -> Page:
    """A page of one of Stripe's lists: what was made between two Unix times, newest first, below `after`."""
    params: Any = {"created": {"gte": since, "lte": until}, "limit": PAGE_SIZE}
    if after:
        params["starting_after"] = after
    if kind in _LIST_PARTS:
        params["expand"] = [f"data.{part}" for part in _LIST_PARTS[kind]]
    found = _ask(lambda client: _list_of(client, kind).list(params=params))
    return Page([_plain(one) for one in found.data], found.has_more)


def _list_of(client: StripeClient, kind: Listed) -> Any:
    lists: dict[Listed, Any] = {
        Listed.intents: client.v1.payment_intents,
        Listed.sessions: client.v1.checkout.sessions,
        Listed.refunds: client.v1.refunds,
        Listed.disputes: client.v1.disputes,
        Listed.events: client.v1.events,
    }
    return lists[kind]


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


def _given(stripe_id: str) -> str:
    # The SDK asks for `/v1/payment_intents/` when given an empty id, which is another question.
    if not stripe_id:
        raise ValueError("an empty id")
    return stripe_id
