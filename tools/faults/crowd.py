"""Who comes to a schedule, and what is on the shelf: rows and cards made ready some other day, so to speak."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask.sessions import SecureCookieSessionInterface

from storefront.cards.models import SavedCard, StripeCustomer
from storefront.catalog.models import Product, Variant
from storefront.core.clock import now
from storefront.core.database import transaction
from storefront.core.email_addresses import key_of
from storefront.customers.login_sessions import begin_session
from storefront.customers.models import Address, User
from storefront.customers.people import user_by_id
from storefront.discounts.lookup import normalised_code as key_of_code
from storefront.discounts.models import Discount
from storefront.discounts.rules import DiscountKind
from storefront.stripe.objects import card_facts
from tests.people import HOME
from tools.faults.plan import Good, Person, Plan
from tools.faults.stack import Stack


@dataclass(frozen=True)
class Stocked:
    """A product as it stood at the beginning."""

    variant_id: int
    handle: str
    price: int
    stock: int | None


@dataclass(frozen=True)
class Known:
    """A customer as the shop knows them, with the cookie of their browser."""

    name: str
    email: str
    user_id: int
    customer: str
    cookie: tuple[str, str] | None


def stock_up(stack: Stack, goods: tuple[Good, ...], mark: str) -> list[Stocked]:
    """Put what this schedule sells on the shelf."""
    with stack.inside(), transaction() as session:
        variants = [Variant(sku=f"{good.handle}-{mark}", price_minor=good.price, stock=good.stock) for good in goods]
        session.add_all(
            Product(handle=one.sku, title=f"Good {number}", variants=[one]) for number, one in enumerate(variants)
        )
        session.flush()
        return [Stocked(one.id, one.sku, one.price_minor, one.stock) for one in variants]


def offer_code(stack: Stack, plan: Plan, mark: str) -> str:
    """A code that takes a tenth off, for hardly anybody; empty where the plan has none."""
    code = f"CODE-{plan.seed}-{mark}" if plan.code_uses else ""
    if code:
        terms = {"kind": DiscountKind.percent, "value": 1000, "most_uses": plan.code_uses}
        with stack.inside(), transaction() as session:
            session.add(Discount(code=code, code_key=key_of_code(code), **terms))
    return code


def let_in(stack: Stack, people: Iterable[Person], mark: str) -> list[Known]:
    """These people: joined, at Stripe, with an address and their cards, and signed in. Their e-mails bear the mark."""
    return [_let_in(stack, person, f"{person.name.lower()}-{mark}@example.org") for person in people]


def _let_in(stack: Stack, person: Person, email: str) -> Known:
    name = f"{person.name} Archer"
    if person.is_guest:
        return Known(name, email, 0, "", None)
    customer, cards = _at_stripe(stack, person, email)
    with stack.inside(), transaction() as session:
        user = User(email=email, email_key=key_of(email), password_hash="none", name=name)
        session.add(user)
        session.flush()
        _write_down(session, user, customer, cards)
        user_id = user.id
    return Known(name, email, user_id, customer, _cookie(stack, user_id))


def _at_stripe(stack: Stack, person: Person, email: str) -> tuple[str, list[dict[str, Any]]]:
    stripe = stack.sandbox.stripe.v1
    customer = stripe.customers.create({"email": email, "name": person.name}).id
    cards = [
        stripe.payment_methods.attach(card, {"customer": customer}).to_dict(for_json=True) for card in person.cards
    ]
    return customer, cards


def _write_down(session: Any, user: User, customer: str, cards: list[dict[str, Any]]) -> None:
    session.add(Address(user_id=user.id, is_default=True, **(HOME | {"name": user.name})))
    saved = []
    for card in cards:
        facts = card_facts(card["id"], card["card"])
        saved.append(
            SavedCard(
                user_id=user.id, livemode=False, stripe_payment_method_id=card["id"], brand=facts.brand, last4=facts.last4,
                exp_month=facts.exp_month, exp_year=facts.exp_year, funding=facts.funding, fingerprint=facts.fingerprint,
            )
        )  # fmt: skip
    session.add_all(saved)
    session.flush()
    session.add(
        StripeCustomer(
            user_id=user.id, livemode=False, stripe_id=customer, idempotency_key=customer, request={}, synced_at=now(),
            default_card_id=saved[0].id,
        )
    )  # fmt: skip


def _cookie(stack: Stack, user_id: int) -> tuple[str, str]:
    with stack.inside():
        user = user_by_id(user_id)
        assert user is not None
        begin_session(user, "Unknown device")
    signer = SecureCookieSessionInterface().get_signing_serializer(stack.app)
    assert signer is not None
    kept = {"_user_id": user.get_id(), "_fresh": True, "_permanent": True, "proved_at": now().timestamp()}
    return stack.app.config["SESSION_COOKIE_NAME"], signer.dumps(kept)
