"""Filling the demo shop: goods, delivery, a customer who can buy with one click, and the owner. Again is safe."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from flask import current_app
from sqlalchemy import select

from config import read_settings
from storefront import create_app
from storefront.cards.customers import customer_to_charge, request_customer
from storefront.cards.models import SavedCard
from storefront.cards.saved_cards import saved_cards_of
from storefront.catalog.stock_levels import stock_from
from storefront.core.clock import now
from storefront.core.database import current_session, transaction
from storefront.customers.joining import join, newcomer
from storefront.customers.models import Address, Role, User
from storefront.customers.people import user_by_email
from storefront.customers.proving import mark_verified
from storefront.demo.documents import bring_papers
from storefront.demo.people import CARDS, CUSTOMER, DISCOUNTS, OWNER, Person
from storefront.demo.sandbox_api import SandboxApi
from storefront.discounts.admin import EVERYTHING, create_discount, every_discount
from storefront.extensions import db
from storefront.invoices.seller import Seller, change_seller, seller_today
from storefront.payments.ledger.models import Source
from storefront.payments.ledger.record import record
from storefront.shipping_and_tax.file import read_terms_file
from storefront.shipping_and_tax.write import replace_terms, zones_today
from storefront.stripe.objects import card_update

GOODS: Final = Path(__file__).parent / "goods" / "products.json"
TERMS: Final = Path(__file__).parent / "goods" / "terms.toml"
CONSENT: Final = "Keep this card for my next orders."
SELLER: Final = Seller(
    name="Kiesel, Imke Petersen & Mara Lindt GbR",
    address=("Speicherlinie 4", "24937 Flensburg", "Germany"),
    vat_id="DE000000000",
    email="shop@kiesel.example",
)


def stock_shop(environment: Mapping[str, str]) -> None:
    """Everything a visitor finds; what they did before is kept."""
    app = create_app(read_settings(environment))
    with app.app_context():
        stock_from(GOODS)
        bring_papers()
        _agree_on_terms()
        _offer_discounts()
        _say_who_sells()
        _welcome(OWNER, Role.owner)
        mara = _welcome(CUSTOMER, Role.customer)
        _keep_cards(mara)
        db.session.remove()
        db.engine.dispose()


def _agree_on_terms() -> None:
    """Where the shop delivers and which taxes there are; what was changed since stays."""
    if not zones_today():
        replace_terms(read_terms_file(TERMS.read_text(encoding="utf-8"), current_app.config["SETTINGS"].currency))


def _say_who_sells() -> None:
    """An invoice without a seller is none. The VAT ID is one that no tax office gives out."""
    if not seller_today().address:
        change_seller(SELLER)


def _offer_discounts() -> None:
    known = {discount.code for discount in every_discount()}
    for offer, _ in DISCOUNTS:
        if offer.code not in known:
            create_discount(offer, EVERYTHING)


def _welcome(person: Person, role: Role) -> int:
    known = user_by_email(person.email)
    if known is not None:
        return known.id
    joining = newcomer(person.name, person.email, person.password)
    with transaction() as session:
        user = join(joining, role=role)
        user_id = user.id
        if person.address:
            session.add(Address(user_id=user_id, name=person.name, is_default=True, **person.address))
        if role is Role.customer:
            request_customer(user)
    mark_verified(current_session().get_one(User, user_id))
    return user_id


def _keep_cards(user_id: int) -> None:
    if saved_cards_of(user_id):
        return
    customer = customer_to_charge(user_id)
    if customer is None:
        return
    sandbox = SandboxApi(current_app.config["SETTINGS"].stripe_api_base)
    for one in CARDS:
        told = card_update(sandbox.keep_card(customer, one.test_token), Source.api)
        assert told is not None
        record(told)
    with transaction() as session:
        for card in session.scalars(select(SavedCard).where(SavedCard.user_id == user_id)):
            card.consent_at, card.consent_words = now(), CONSENT
