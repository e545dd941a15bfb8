"""One request to the API, as its endpoint sees it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from storefront.sandbox import events
from storefront.sandbox.errors import Document, no_such
from storefront.sandbox.ids import new_id
from storefront.sandbox.store import Store

if TYPE_CHECKING:
    from storefront.sandbox.sandbox import Sandbox

API_VERSION = "2026-10-28.endive"
_NOUNS = {"payment_method": "PaymentMethod", "setup_intent": "setupintent", "confirmation_token": "confirmationtoken",
          "webhook_endpoint": "webhook endpoint", "radar.early_fraud_warning": "early fraud warning",
          "balance_transaction": "balance transaction", "checkout.session": "checkout.session",
          "shipping_rate": "shipping rate", "tax.calculation": "tax calculation",
          "tax.transaction": "tax transaction",
          "payment_method_domain": "payment method domain",
          "payment_method_configuration": "payment method configuration"}  # fmt: skip
_WITHOUT_MODE = frozenset({"refund", "balance_transaction"})
_WITHOUT_TIME = frozenset({"payment_method_configuration"})
_PATH_PARAMS = {"payment_intent": "intent", "setup_intent": "intent", "payment_method": "payment_method"}


@dataclass
class Call:
    """Parameters, store, time and events of one request; without a request id it is the sandbox's own doing."""

    sandbox: "Sandbox"
    params: Document = field(default_factory=dict)
    version: str = API_VERSION
    request_id: str | None = None
    idempotency_key: str | None = None
    is_browser: bool = False
    path: str = ""

    @property
    def store(self) -> Store:
        return self.sandbox.store

    @property
    def now(self) -> int:
        return self.sandbox.clock.now()

    def new(self, kind: str, prefix: str, **fields: Any) -> Document:
        document = {"id": new_id(prefix), "object": kind, **fields}
        if kind not in _WITHOUT_TIME:
            document.setdefault("created", self.now)
        if kind not in _WITHOUT_MODE:
            document.setdefault("livemode", False)
        return self.store.save(document)

    def save(self, document: Document) -> Document:
        return self.store.save(document)

    def named_by_path(self, kind: str, object_id: str) -> Document:
        """The object in the URL, or Stripe's 404."""
        return self._existing(kind, object_id, _PATH_PARAMS.get(kind, "id"), in_path=True)

    def named_by_param(self, kind: str, object_id: str, param: str) -> Document:
        """The object a parameter names, or Stripe's 400."""
        return self._existing(kind, object_id, param, in_path=False)

    def _existing(self, kind: str, object_id: str, param: str, *, in_path: bool) -> Document:
        document = self.store.find(kind, str(object_id))
        if document is None or document.get("deleted"):
            raise no_such(_NOUNS.get(kind, kind), object_id, param=param, in_path=in_path)
        return document

    def emit(self, event_type: str, document: Document, previous: Document | None = None) -> None:
        events.emit(self, event_type, document, previous)

    def later(self, task: str, document: Document) -> None:
        """What Stripe does by itself a moment after the answer."""
        self.sandbox.tasks.plan(task, document["id"])
