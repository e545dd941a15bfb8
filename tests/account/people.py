"""A customer in a test: a browser, and a short way to own things."""

import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from storefront.cards.models import SavedCard, StripeCustomer
from storefront.core.clock import now
from storefront.core.database import current_session, end_read, transaction
from storefront.customers.addresses import Place, add_address, addresses_of
from storefront.customers.people import user_by_email
from storefront.orders.models import Order, OrderLine, OrderSource, OrderStatus
from tests.catalog.goods import counted_statements
from tests.doors import HTMX

HOME = Place(name="Alice Archer", line1="Lindenstraße 4", postal_code="10969", city="Berlin", country="DE")
FORM = {"name": "Alice Archer", "line1": "Hafenweg 2", "postal_code": "20457", "city": "Hamburg", "country": "DE"}


@dataclass
class Customer:
    """Somebody who has joined."""

    shop: Flask
    browser: FlaskClient
    email: str

    @cached_property
    def id(self) -> int:
        with self.shop.app_context():
            user = user_by_email(self.email)
            assert user is not None
            return user.id

    def sees(self, path: str) -> TestResponse:
        """The page, as a browser without scripts asks for it."""
        return self.browser.get(path)

    def sees_part(self, path: str) -> TestResponse:
        """What htmx swaps in."""
        return self.browser.get(path, headers=HTMX)

    def sends(self, path: str, **typed: str) -> TestResponse:
        """A form, without scripts."""
        return self.browser.post(path, data=typed)

    def sends_part(self, path: str, **typed: str) -> TestResponse:
        """A form, through htmx."""
        return self.browser.post(path, data=typed, headers=HTMX)

    def statements_for(self, path: str) -> int:
        """How much SQL a page takes."""
        with self.shop.app_context(), counted_statements() as sent:
            assert self.sees(path).status_code == 200
        return len(sent)

    # What they own

    def keeps_card(
        self, last4: str = "4242", *, brand: str = "visa", expires: tuple[int, int] = (8, 2040), **more: Any
    ) -> int:
        """A card of theirs; the first becomes the one-click card."""
        month, year = expires
        with self.shop.app_context(), transaction() as session:
            card = SavedCard(
                user_id=self.id, livemode=False, stripe_payment_method_id=f"pm_{secrets.token_hex(8)}", brand=brand, last4=last4,
                exp_month=month, exp_year=year, **more,
            )  # fmt: skip
            session.add(card)
            session.flush()
            session.execute(
                update(StripeCustomer)
                .where(StripeCustomer.user_id == self.id, StripeCustomer.default_card_id.is_(None))
                .values(default_card_id=card.id)
            )
            return card.id

    def keeps_address(self, place: Place = HOME) -> int:
        with self.shop.app_context():
            return add_address(self.id, place)

    def ordered(self, *things: str, status: OrderStatus = OrderStatus.paid, **more: Any) -> int:
        """An order of theirs; its number."""
        with self.shop.app_context(), transaction() as session:
            order = Order(
                public_id=secrets.token_hex(16), user_id=self.id, email=self.email, email_key=self.email, status=status,
                source=OrderSource.cart, checkout_token=secrets.token_hex(16), currency="eur", subtotal=2400 * len(things),
                total=2400 * len(things), hold_until=now(), livemode=False, **more,
            )  # fmt: skip
            order.lines = [
                OrderLine(
                    name=thing, sku=thing, unit_price=2400, quantity=1, total=2400, stock_taken=True,
                    picture_path=f"demo/{thing.lower()}.svg",
                )
                for thing in things
            ]  # fmt: skip
            session.add(order)
            session.flush()
            return order.number

    # What the database says

    def cards(self) -> list[tuple[str, bool]]:
        """Last four digits of each card, and whether it was removed."""
        with self.shop.app_context():
            end_read()
            rows = current_session().scalars(
                select(SavedCard).where(SavedCard.user_id == self.id).order_by(SavedCard.id)
            )
            return [(card.last4, card.removed_at is not None) for card in rows]

    def default_card_id(self) -> int | None:
        with self.shop.app_context():
            return current_session().scalar(
                select(StripeCustomer.default_card_id).where(StripeCustomer.user_id == self.id)
            )

    def book(self) -> list[tuple[str, bool]]:
        """Street of each address, and whether parcels go there."""
        with self.shop.app_context():
            return [(address.line1, address.is_default) for address in addresses_of(self.id)]
