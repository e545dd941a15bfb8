"""One process's line to Stripe: how long it waits, how many may use it at once, and when it pauses."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

import stripe
from flask import Flask, current_app
from stripe import StripeClient

from config import Settings
from storefront.core.database import refuse_inside_transaction
from storefront.stripe.errors import OutcomeUnknownError, StripeRefusedError
from storefront.stripe.objects import StripeObject

API_VERSION: Final = "2026-10-28.endive"
TIMEOUT: Final = (3.05, 20)
# While somebody waits for a page, and nothing is charged yet: asked once, and not for long.
BRIEF_TIMEOUT: Final = (1.5, 4)
MAX_CONCURRENT_WRITES: Final = 4
FAILURES_BEFORE_PAUSE: Final = 5
PAUSE_SECONDS: Final = 15

stripe.enable_telemetry = False
T = TypeVar("T")


@dataclass
class StripeConnection:
    """One process's line to Stripe: a client built at first use (never before a fork), seats, and a breaker."""

    settings: Settings
    seats: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(MAX_CONCURRENT_WRITES))
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


def init_stripe(app: Flask, settings: Settings) -> None:
    """Give the app its gateway; no connection is made yet."""
    app.extensions["stripe_gateway"] = StripeConnection(settings)


def current_connection() -> StripeConnection:
    """This app's line."""
    gateway: StripeConnection = current_app.extensions["stripe_gateway"]
    return gateway


def call_stripe(call: Callable[[StripeClient], T]) -> T:
    """Ask, and put every failure but a decline into our two words for it; never while a transaction is open."""
    refuse_inside_transaction()
    gateway = current_connection()
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
        raise as_refusal(refused) from refused
    gateway.answered()
    return answer


def as_refusal(refused: stripe.StripeError) -> StripeRefusedError:
    """What Stripe said as it refused."""
    told = refused.error
    # Not every refusal has a code: a key used for another request only has a type, `idempotency_error`.
    code = refused.code or (told and (told.code or told.type)) or type(refused).__name__
    param = (told and told.param) or ""
    return StripeRefusedError(code, refused.user_message or "", refused.http_status or 0, param)


def to_dict(answer: stripe.StripeObject) -> StripeObject:
    """The answer without the library's classes."""
    facts: StripeObject = answer.to_dict(for_json=True)
    return facts


def path_id(stripe_id: str) -> str:
    """The id; ValueError for an empty one: the SDK would ask for `/v1/payment_intents/`, which is another question."""
    if not stripe_id:
        raise ValueError("an empty id")
    return stripe_id
