"""One customer with one thing to buy, made for one point of the walk. Their browser is in the very process that is killed."""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.core.clock import now
from storefront.orders.models import Order
from storefront.payments.ledger.models import Payment
from tests.people import HOME, HTMX
from tests.reading import Form, read
from tools.crashes.rest import do_what_is_due
from tools.faults.crowd import Known, Stocked
from tools.faults.seen import Answer, Seen
from tools.faults.stack import Stack

Button = tuple[str, dict[str, str]]


@dataclass
class Visit:
    """`button` is what the path is about: what is pressed when the process dies, and pressed again."""

    stack: Stack
    seen: Seen
    known: Known
    good: Stocked
    address: str
    button: Button = ("", {})
    request_token: str = ""
    event: bytes = b""
    kept: dict[str, str] = field(default_factory=dict)

    @cached_property
    def browser(self) -> FlaskClient:
        browser = self.stack.app.test_client()
        assert self.known.cookie is not None
        browser.set_cookie(*self.known.cookie, domain="127.0.0.1")
        return browser

    # What customers do

    def opens(self, path: str) -> Answer:
        return self._asks("GET", path, {}, {})

    def sends(self, button: Button, *, scripts: bool = True) -> Answer:
        path, fields = button
        return self._asks("POST", path, fields, HTMX if scripts else {})

    def one_click_button(self) -> Button:
        return self.opens(f"/products/{self.good.handle}").page.form("/checkout/one-click").pressed()

    def checkout_form(self) -> tuple[Form, dict[str, str]]:
        """The checkout of a cart with the one thing in it, and what is typed there."""
        self.sends(("/cart/items", {"variant_id": str(self.good.variant_id), "quantity": "1"}))
        return self.opens("/checkout").page.form("/checkout/pay"), HOME | {
            "name": self.known.name,
            "email": self.known.email,
        }

    def pays(self) -> None:
        """One click that goes well."""
        answer = self.sends(self.one_click_button())
        assert answer.state == "paid", answer.page.text

    def _asks(self, verb: str, path: str, fields: dict[str, str], headers: dict[str, str]) -> Answer:
        began = time.time()
        with self.browser.open(
            path, method=verb, data=fields, headers=headers, base_url=self.stack.url,
            environ_base={"REMOTE_ADDR": self.address},
        ) as came:  # fmt: skip
            leads_to = came.headers.get("HX-Redirect") or came.headers.get("Location", "")
            answer = Answer(
                self.known.name, f"{verb} {path}", began, time.time(), came.status_code, path, read(came.get_data(as_text=True)),
                leads_to, fields.get("checkout_token", ""), pays=verb == "POST",
            )  # fmt: skip
        self.seen.note(answer)
        return answer

    # What Stripe and the worker do

    def takes_event(self, kind: str, about: str) -> None:
        """Fetch the event of this type about this object: its delivery is what the path is about."""
        found = self.stack.sandbox.stripe.v1.events.list({"type": kind, "limit": 100}).data
        event = next(one for one in found if one.data.object["id"] == about)
        self.event = json.dumps(event.to_dict(for_json=True)).encode()

    def is_told(self) -> None:
        """Stripe delivers the event."""
        at = int(now().timestamp())
        secret = self.stack.app.config["SETTINGS"].stripe_webhook_secrets[0]
        signed = hmac.new(secret.encode(), f"{at}.".encode() + self.event, hashlib.sha256).hexdigest()
        headers = {"Stripe-Signature": f"t={at},v1={signed}", "Content-Type": "application/json"}
        client = self.stack.app.test_client()
        came = client.post("/webhooks/stripe", data=self.event, headers=headers, base_url=self.stack.url)
        assert came.status_code == 204, came.status

    def works(self) -> None:
        """Everything that is due, as the worker does it."""
        do_what_is_due(self.stack)

    # What there is

    def order(self) -> int:
        return int(self._newest(Order.id))

    def intent(self) -> str:
        return str(self._newest(Payment.stripe_payment_intent_id))

    def charge(self) -> str:
        return str(self._newest(Payment.stripe_charge_id))

    def _newest(self, column: Any) -> Any:
        with self.stack.inside() as session:
            mine = select(column).select_from(Order).join(Payment).where(Order.user_id == self.known.user_id)
            return session.scalars(mine.order_by(Order.id.desc()).limit(1)).one()
