"""The paths that are walked: what comes before, what is killed, and what is done again afterwards."""

from contextlib import suppress
from typing import Final

import requests
from sqlalchemy import select

from storefront.orders.models import OrderStatus
from storefront.payments import refunds as refunding
from storefront.payments.ledger.models import Payment, PaymentAttempt
from storefront.reconcile import attempt as asking
from storefront.stripe.errors import OutcomeUnknownError
from tests.journeys.hosted import PAY_HOSTED, VISA
from tools.crashes.rest import work
from tools.crashes.visit import Visit
from tools.faults.stack import PATIENCE

LOST: Final = 2  # each request is tried twice


class Path:
    """`end`: what becomes of the order where somebody comes back; `ends_so_alone`: even where nobody does."""

    name: str
    cards: tuple[str, ...] = ("pm_card_visa",)
    end: OrderStatus | None = OrderStatus.paid
    ends_so_alone = False
    # Between preparing all visits and killing the first.
    minutes_before = 0
    has_jobs = False

    def prepare(self, visit: Visit) -> None:
        """Everything before."""

    def act(self, visit: Visit) -> None:
        """What is killed."""
        raise NotImplementedError

    def again(self, visit: Visit) -> None:
        """The same once more, by whoever did it."""
        self.act(visit)


class OneClick(Path):
    name = "one-click"

    def prepare(self, visit: Visit) -> None:
        visit.button = visit.one_click_button()

    def act(self, visit: Visit) -> None:
        visit.sends(visit.button)


class AnotherCard(OneClick):
    """After a decline: the same intent is confirmed with another card."""

    name = "another-card"
    cards = ("pm_card_chargeCustomerFail", "pm_card_visa")

    def prepare(self, visit: Visit) -> None:
        page = visit.sends(visit.one_click_button()).page
        form = next(one for one in page.forms if one.action.endswith("/payment") and one.buttons)
        visit.button = form.pressed(next(one for one in form.buttons if "name" in one))


class NewCard(OneClick):
    """Typed at the checkout, and kept."""

    name = "new-card"

    def prepare(self, visit: Visit) -> None:
        form, typed = visit.checkout_form()
        path, fields = form.pressed()
        typed |= {
            "confirmation_token": visit.stack.sandbox.confirmation_token("pm_card_mastercard"),
            "save_card": "yes",
        }
        visit.button = path, fields | typed


class HostedPage(Path):
    """Opening Stripe's page. Who comes back to a shop that does not know the page yet cannot pay there."""

    name = "hosted-page"
    end = None

    def prepare(self, visit: Visit) -> None:
        form, typed = visit.checkout_form()
        path, fields = form.pressed(PAY_HOSTED)
        visit.button = path, fields | typed

    def act(self, visit: Visit) -> None:
        visit.kept["page"] = visit.sends(visit.button, scripts=False).redirect

    def again(self, visit: Visit) -> None:
        self.act(visit)
        if visit.kept["page"].startswith(visit.stack.sandbox.url):
            requests.post(visit.kept["page"], data=VISA, timeout=PATIENCE, allow_redirects=False).raise_for_status()


class RefundVerb(Path):
    name = "refund"
    end = OrderStatus.refunded

    def prepare(self, visit: Visit) -> None:
        visit.pays()
        visit.request_token = refunding.request_token()

    def act(self, visit: Visit) -> None:
        order = visit.order()
        with visit.stack.inside():
            refunding.refund_order(
                order, amount=None, reason="requested_by_customer", requested_by="the owner",
                request_token=visit.request_token,
            )  # fmt: skip


class RefundJob(RefundVerb):
    """The verb had no answer, and the worker asks."""

    name = "refund-job"
    ends_so_alone = True
    has_jobs = True

    def prepare(self, visit: Visit) -> None:
        super().prepare(visit)
        work(visit.stack)
        visit.stack.sandbox.fault("cut_before", "/v1/refunds", times=LOST)
        super().act(visit)

    def act(self, visit: Visit) -> None:
        visit.works()


class Told(Path):
    """A webhook, and the job that it asks for. Stripe delivers again what was not answered."""

    ends_so_alone = True
    has_jobs = True

    def act(self, visit: Visit) -> None:
        visit.is_told()
        visit.works()


class ToldOfPayment(Told):
    """The answer to the click was lost."""

    name = "event-paid"

    def prepare(self, visit: Visit) -> None:
        button = visit.one_click_button()
        work(visit.stack)
        visit.stack.sandbox.fault("cut_after", times=LOST)
        visit.sends(button)
        intents = visit.stack.sandbox.stripe.v1.payment_intents.list({"customer": visit.known.customer}).data
        visit.takes_event("payment_intent.succeeded", intents[0].id)


class ToldOfRefund(Told):
    """Made in Stripe's dashboard."""

    name = "event-refunded"
    end = OrderStatus.refunded

    def prepare(self, visit: Visit) -> None:
        visit.pays()
        work(visit.stack)
        visit.stack.sandbox.stripe.v1.refunds.create({"payment_intent": visit.intent()})
        visit.takes_event("charge.refunded", visit.charge())


class ToldOfDispute(Told):
    name = "event-disputed"

    def prepare(self, visit: Visit) -> None:
        visit.pays()
        work(visit.stack)
        dispute = visit.stack.sandbox.control("POST", "/disputes", charge=visit.charge())
        visit.takes_event("charge.dispute.created", dispute["id"])


class ToldOfSession(Told):
    """Paid on Stripe's page, and the customer did not come back."""

    name = "event-session"

    def prepare(self, visit: Visit) -> None:
        form, typed = visit.checkout_form()
        path, fields = form.pressed(PAY_HOSTED)
        page = visit.sends((path, fields | typed), scripts=False).redirect
        work(visit.stack)
        requests.post(page, data=VISA, timeout=PATIENCE, allow_redirects=False).raise_for_status()
        visit.takes_event("checkout.session.completed", page.rpartition("/")[2])


class Release(Path):
    """An order past its hold is let go: its intent is canceled at Stripe first."""

    name = "release"
    cards = ("pm_card_chargeCustomerFail",)
    end = OrderStatus.canceled
    ends_so_alone = True
    minutes_before = 35

    def prepare(self, visit: Visit) -> None:
        visit.sends(visit.one_click_button())

    def act(self, visit: Visit) -> None:
        order = visit.order()
        with visit.stack.inside(), suppress(OutcomeUnknownError):
            asking.release_order(order)


class ReleasePage(Release):
    """The same of an order whose customer never came back from Stripe's page."""

    name = "release-page"
    cards = ("pm_card_visa",)

    def prepare(self, visit: Visit) -> None:
        form, typed = visit.checkout_form()
        path, fields = form.pressed(PAY_HOSTED)
        visit.sends((path, fields | typed), scripts=False)


class AskAgain(Path):
    """The answer to the click was lost before anything was done: the worker sends the same request again."""

    name = "ask-again"
    ends_so_alone = True

    def prepare(self, visit: Visit) -> None:
        button = visit.one_click_button()
        work(visit.stack)
        visit.stack.sandbox.fault("cut_before", times=LOST)
        visit.sends(button)

    def act(self, visit: Visit) -> None:
        order = visit.order()
        with visit.stack.inside() as session:
            mine = select(PaymentAttempt.id).join(Payment).where(Payment.order_id == order)
            attempt = session.scalars(mine).one()
        with visit.stack.inside(), suppress(OutcomeUnknownError):
            asking.reconcile_attempt(attempt)


PATHS: Final[dict[str, Path]] = {
    path.name: path
    for path in (
        OneClick(), AnotherCard(), NewCard(), HostedPage(), AskAgain(), RefundVerb(), RefundJob(), ToldOfPayment(),
        ToldOfSession(), ToldOfRefund(), ToldOfDispute(), Release(), ReleasePage(),
    )
}  # fmt: skip
