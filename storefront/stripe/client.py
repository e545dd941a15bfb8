"""One process's line to Stripe: how long it waits, how many may use it at once, and when it pauses."""

import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar

import stripe
from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError
from stripe import StripeClient

from config import Settings
from storefront.core.alerts import alert_owner
from storefront.core.clock import now
from storefront.core.database import refuse_inside_transaction, transaction
from storefront.stripe.errors import OutcomeUnknownError, StripeRefusedError
from storefront.stripe.objects import StripeObject

API_VERSION: Final = "2026-10-28.endive"
TIMEOUT: Final = (3.05, 20)
# While somebody waits for a page, and nothing is charged yet: asked once, and not for long.
BRIEF_TIMEOUT: Final = (1.5, 4)
MAX_CONCURRENT_WRITES: Final = 4
FAILURES_BEFORE_PAUSE: Final = 5
PAUSE_SECONDS: Final = 15
MAX_SKEW_SECONDS: Final = 30
# Stripe's message names it: "Having the 'rak_charge_write' permission would allow this request to continue."
_RIGHT: Final = re.compile(r"'(rak_\w+)'")
_log = logging.getLogger(__name__)

stripe.enable_telemetry = False
T = TypeVar("T")


class _DatedClient(stripe.RequestsClient):
    """The SDK's HTTP client, which also reads by how much this machine's clock is off Stripe's (the `Date` header)."""

    def __init__(self, timeout: tuple[float, float], heard: Callable[[float], None]) -> None:
        super().__init__(timeout=timeout)
        self._heard = heard

    def request(self, *args: Any, **named: Any) -> Any:
        began = time.time()
        answer = super().request(*args, **named)
        try:
            there = parsedate_to_datetime(answer[2]["Date"]).timestamp()
        except (KeyError, TypeError, ValueError):
            return answer
        self._heard(_skew(began, time.time(), there))
        return answer


def _skew(began: float, ended: float, there: float) -> float:
    """By how many seconds we are ahead of a server that wrote its answer between the two, in the second that began at `there`."""
    if there + 1 < began:
        return began - there - 1
    return ended - there if there > ended else 0.0


@dataclass
class StripeConnection:
    """One process's line to Stripe: a client built at first use (never before a fork), seats, and a breaker."""

    settings: Settings
    seats: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(MAX_CONCURRENT_WRITES))
    failures: int = 0
    paused_until: float = 0.0
    skew_seconds: float = 0.0
    told: set[str] = field(default_factory=set)
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
            http_client=_DatedClient(timeout, self._heard),
            base_addresses={"api": base, "files": base, "connect": base, "meter_events": base},
        )

    def _heard(self, skew_seconds: float) -> None:
        self.skew_seconds = skew_seconds

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
        _tell_of_key(gateway, refused)
        raise as_refusal(refused) from refused
    gateway.answered()
    _tell_of_clock(gateway)
    return answer


def _tell_of_clock(gateway: StripeConnection) -> None:
    """A clock that is far off lets hosted pages expire too early, and webhooks' signatures be taken for old ones."""
    off = gateway.skew_seconds
    if abs(off) > MAX_SKEW_SECONDS:
        _tell_once(
            gateway,
            "clock-skew",
            f"This machine's clock is {abs(off):.0f} seconds {'ahead of' if off > 0 else 'behind'} Stripe's",
            "Pages of Stripe's may expire too early, and webhooks be refused as too old.",
            "Let the machine set its clock by the network: timedatectl set-ntp true.",
        )


def _tell_of_key(gateway: StripeConnection, refused: stripe.StripeError) -> None:
    """401: the key is wrong or was rolled. 403: a restricted key lacks a right, which Stripe names in its message."""
    if isinstance(refused, stripe.PermissionError):
        named = _RIGHT.search(refused.user_message or "")
        lacks = f" It lacks {named.group(1)}." if named else ""
        _tell_once(
            gateway,
            f"stripe-key-right:{named.group(1) if named else ''}",
            "The Stripe key may not do something that the shop needs",
            f"Stripe answered 403 to a request of the shop's.{lacks}",
            "In Stripe's dashboard, under Developers, API keys, edit the restricted key: docs/going-live.md lists the rights.",
        )
    elif isinstance(refused, stripe.AuthenticationError):
        _tell_once(
            gateway,
            "stripe-key",
            "Stripe does not know the shop's key",
            "STRIPE_SECRET_KEY was rolled, deleted or mistyped. Nothing can be charged until it is right.",
            "Copy the key from Stripe's dashboard (Developers, API keys) into the settings, and start the shop again.",
        )


def _tell_once(gateway: StripeConnection, about: str, what: str, why: str, to_do: str) -> None:
    """Once a process, and once a day for all of them."""
    if about in gateway.told:
        return
    gateway.told.add(about)
    try:
        with transaction():
            alert_owner(f"{about}:{now().date()}", what, why, to_do)
    except (SQLAlchemyError, OSError):
        _log.exception("The owner could not be told: %s", what)


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
