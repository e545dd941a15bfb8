"""Orders and their payments without a shop around them: news is given to the funnel by hand."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.cards.models import SavedCard, StripeCustomer
from storefront.catalog.models import Product, Variant
from storefront.core.database import current_session, transaction
from storefront.core.installation import this_shop
from storefront.customers.models import User
from storefront.orders.models import Order, OrderSource
from storefront.orders.placing import Buyer, OrderRequest
from storefront.payments import pay
from storefront.payments.attempts import (
    OnHostedPage,
    PaymentInstructions,
    PreparedRequest,
    WithSavedCard,
    write_attempt,
)
from storefront.payments.ledger.apply import start_attempt
from storefront.payments.ledger.models import Payment, Source
from storefront.payments.ledger.record import record
from storefront.payments.requests import PaymentRequest
from storefront.stripe import client as stripe_line
from storefront.stripe import statuses
from storefront.stripe.objects import CheckoutSessionUpdate, Decline, PaymentIntentUpdate
from tests.apps import bare_app

CUSTOMER = "cus_alice"
PRICE = 2400
ON_PAGE = PaymentInstructions(OnHostedPage(keep=False), in_page=False)
ADDRESS = {"name": "Alice Archer", "line1": "Lindenstraße 4", "city": "Berlin", "country": "DE", "postal_code": "10969"}


@dataclass
class Placed:
    """An order on its way: its attempts as they were sent."""

    order_id: int
    public_id: str
    intent: str
    sendings: list[PreparedRequest] = field(default_factory=list)


@dataclass
class Books:
    """A shop's tables with one customer, Alice, one card of hers, and one thing on the shelf."""

    app: Flask
    user_id: int = 0
    card_id: int = 0
    variant_id: int = 0

    def place(
        self,
        *,
        total: int = PRICE,
        asked_before: bool = True,
        token: str = "",
        how: PaymentInstructions | None = None,
        buyer: Buyer | None = None,
    ) -> Placed:
        """Place an order and write its first attempt; nothing is sent."""
        wanted = OrderRequest(
            checkout_token=token or secrets.token_urlsafe(24), expected_total=total, source=OrderSource.product, cart_id=None,
            buyer=buyer or Buyer(self.user_id, "alice@example.org", secrets.token_hex(8)), address=ADDRESS, livemode=False,
        )  # fmt: skip
        how = how or PaymentInstructions(WithSavedCard(self.card_id), in_page=True)
        sending = pay._place_and_write_attempt(PaymentRequest(wanted, {self.variant_id: 1}, how, asked_before))
        assert isinstance(sending, PreparedRequest)
        return Placed(sending.order_id, sending.public_id, f"pi_{sending.public_id[:12]}", [sending])

    def try_next(self, placed: Placed) -> PreparedRequest:
        """Write the next attempt, as another press does; nothing is sent."""
        with transaction():
            payment = self.payment(placed)
            start_attempt(payment)
            how = PaymentInstructions(WithSavedCard(self.card_id), in_page=True)
            number = len(payment.attempts) + 1
            placed.sendings.append(write_attempt(payment, placed.public_id, number, how, self.user_id))
        return placed.sendings[-1]

    def payment(self, placed: Placed) -> Payment:
        """Its row, as it is now."""
        query = select(Payment).where(Payment.order_id == placed.order_id).execution_options(populate_existing=True)
        return current_session().scalars(query).one()

    def order(self, placed: Placed) -> Order:
        return current_session().get_one(Order, placed.order_id, populate_existing=True)

    def told(self, placed: Placed, status: str, *, answer_to: int = 0, **other: Any) -> PaymentIntentUpdate:
        """What Stripe says of the intent; `answer_to`: the number of the attempt it answers."""
        told = PaymentIntentUpdate(
            source=Source.api, intent=placed.intent, status=status, amount=PRICE, currency="eur", customer=CUSTOMER, livemode=False,
            order=placed.public_id, shop=this_shop(), attempt=None, received=PRICE if status == statuses.SUCCEEDED else 0,
            charge="ch_1" if status == statuses.SUCCEEDED else None, method="pm_alice" if status == statuses.SUCCEEDED else None, card=None,
            keeps_card=False, decline=None, answers=placed.sendings[answer_to - 1].key if answer_to else None,
        )  # fmt: skip
        if status == statuses.REQUIRES_PAYMENT_METHOD and "decline" not in other and answer_to:
            other["decline"] = Decline("insufficient_funds", "Your card has insufficient funds.")
        return replace(told, **other)

    def tell(self, placed: Placed, status: str, *, answer_to: int = 0, **other: Any) -> None:
        """Record what Stripe says of the intent."""
        record(self.told(placed, status, answer_to=answer_to, **other))

    def paid(self) -> Placed:
        """An order that is paid."""
        placed = self.place()
        self.tell(placed, statuses.SUCCEEDED, answer_to=1)
        return placed

    def stock(self) -> int:
        return current_session().get_one(Variant, self.variant_id, populate_existing=True).stock or 0


def session_told(books: Books, placed: Placed, status: str, **other: Any) -> CheckoutSessionUpdate:
    """What Stripe says of the Session."""
    attempt = books.payment(placed).attempts[0]
    known = CheckoutSessionUpdate(
        source=Source.api, session=f"cs_{placed.public_id[:12]}", status=status, amount=PRICE, currency="eur", customer=CUSTOMER,
        livemode=False, shop=attempt.request["params"]["metadata"]["shop"], attempt=attempt.public_id,
        intent=placed.intent if status == statuses.COMPLETE else None, failed=False, decline=None,
    )  # fmt: skip
    return replace(known, **other)


@pytest.fixture
def books(database_url: str) -> Iterator[Books]:
    """The tables, and an app context to speak to them."""
    from storefront.app import register_jobs  # noqa: PLC0415  tables and jobs

    register_jobs()
    with bare_app(database_url) as app, app.app_context():
        stripe_line.init_stripe(app, app.config["SETTINGS"])
        with transaction() as session:
            user = User(email="alice@example.org", email_key="alice@example.org", password_hash="", name="Alice Archer")
            variant = Variant(sku="teapot", price_minor=PRICE, stock=1000)
            session.add_all([user, Product(handle="teapot", title="Teapot", variants=[variant])])
            session.flush()
            card = SavedCard(
                user_id=user.id, livemode=False, stripe_payment_method_id="pm_alice", brand="visa", last4="4242",
                exp_month=12, exp_year=2099,
            )  # fmt: skip
            session.add(card)
            session.add(
                StripeCustomer(user_id=user.id, livemode=False, stripe_id=CUSTOMER, idempotency_key="c", request={})
            )
            session.flush()
            books = Books(app, user.id, card.id, variant.id)
        yield books
