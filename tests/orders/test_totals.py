"""Totals of any cart add up, are never below zero, and are the same wherever they are told: page, intent, Session, invoice."""

import dataclasses
import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from storefront.catalog.models import Product, Variant
from storefront.core.database import transaction
from storefront.core.money import Money, smallest_step
from storefront.discounts.models import Discount
from storefront.discounts.rules import DiscountKind, DiscountRules, shares_of_discount
from storefront.invoices.models import Invoice
from storefront.invoices.rendering import tell
from storefront.orders.models import Order
from storefront.orders.pricing import before_tax
from storefront.orders.totals import Destination, PricedLine, PricingContext, Totals
from storefront.payments.ledger.models import Payment
from storefront.shipping_and_tax.models import ShippingRate, ShippingZone, TaxRate
from storefront.shipping_and_tax.rules import Rate, ShippingAndTaxRules, TaxRule
from storefront.shipping_and_tax.tax import taxed_at, taxes_on
from tests.journeys.hosted import goes_to_stripe
from tests.orders.codes import offer
from tests.people import Shopper
from tests.stack import Sandbox, Shop

CURRENCIES = ("eur", "usd", "jpy", "kwd", "isk", "ugx", "huf")
CLASSES = ("standard", "reduced", "zero")
RULES = (
    TaxRule("DE", "", "standard", "VAT 19 %", 19_000),
    TaxRule("DE", "", "reduced", "VAT 7 %", 7_000),
    TaxRule("DE", "", "reduced", "Levy 0.175 %", 175),
)


# By themselves


@st.composite
def carts(draw: st.DrawFn) -> tuple[list[PricedLine], DiscountRules, ShippingAndTaxRules]:
    """Any cart, what is taken off it, and the shop's terms, in any currency."""
    currency = draw(st.sampled_from(CURRENCIES))
    amounts = st.integers(0, 900_000).map(lambda units: units * smallest_step(currency))
    lines = draw(st.lists(st.tuples(amounts, st.integers(1, 99), st.sampled_from(CLASSES)), min_size=1, max_size=7))
    off = draw(st.sampled_from(DiscountKind))
    value = draw(st.integers(0, 10_000)) if off is DiscountKind.percent else draw(amounts)
    rates = (Rate(1, "Parcel", price_minor=draw(amounts), free_from_minor=draw(st.none() | amounts)),)
    terms = ShippingAndTaxRules(
        currency, prices_include_tax=draw(st.booleans()), rates=rates, taxes=draw(st.sampled_from([RULES, ()]))
    )
    priced = [
        PricedLine(
            number, quantity, "Thing", "", Money(price, currency), "", "", requires_shipping=True, tax_class=kind
        )
        for number, (price, quantity, kind) in enumerate(lines, 1)
    ]
    return priced, DiscountRules("CODE", off, value), terms


def totalled(lines: list[PricedLine], off: DiscountRules, terms: ShippingAndTaxRules) -> Totals:
    """As pricing does it, with the discount given instead of read."""
    shares = shares_of_discount([line.total.minor for line in lines], off, step=smallest_step(terms.currency))
    reduced = [dataclasses.replace(line, discount_minor=share) for line, share in zip(lines, shares, strict=True)]
    deal = PricingContext(Destination("DE"))
    untaxed = dataclasses.replace(
        before_tax(lines, deal, terms), lines=tuple(reduced), discount=Money(sum(shares), terms.currency)
    )
    return dataclasses.replace(untaxed, taxes=taxes_on(untaxed, terms, taxed_at(untaxed, terms, deal.destination)))


@given(carts())
@settings(max_examples=300)
def test_every_part_of_a_total_adds_up(cart: tuple[list[PricedLine], DiscountRules, ShippingAndTaxRules]) -> None:
    totals = totalled(*cart)

    on_top = sum(tax.amount.minor for tax in totals.taxes if not tax.included)
    left = sum(line.left.minor for line in totals.lines)
    assert totals.total.minor == left + totals.shipping.minor + on_top
    assert totals.total.minor == totals.subtotal.minor - totals.discount.minor + totals.shipping.minor + on_top
    assert totals.total.minor % smallest_step(totals.total.currency) == 0
    assert min(totals.total.minor, *(line.left.minor for line in totals.lines)) >= 0
    within = sum(tax.amount.minor for tax in totals.taxes if tax.included)
    assert 0 <= within <= totals.total.minor


# Wherever they are told

BY_CURRENCY: list[dict[str, str]] = [
    {"CURRENCY": "eur"},
    {"CURRENCY": "usd", "PRICES_INCLUDE_TAX": "no", "STRIPE_TAX": "yes"},
    {"CURRENCY": "jpy", "PRICES_INCLUDE_TAX": "no"},
    {"CURRENCY": "kwd", "PRICES_INCLUDE_TAX": "no", "STRIPE_TAX": "yes"},
    {"CURRENCY": "isk", "PRICES_INCLUDE_TAX": "no"},
    {"CURRENCY": "ugx", "STRIPE_TAX": "yes"},
    {"CURRENCY": "huf", "PRICES_INCLUDE_TAX": "no"},
]
NUMBERS = itertools.count(1)


@dataclasses.dataclass(frozen=True)
class Wish:
    """A cart to be made: prices in the currency's steps, with quantities and tax classes; what is taken off; delivery."""

    lines: tuple[tuple[int, int, str], ...]
    kind: DiscountKind
    percent: int
    parcel: int


WISHES = st.builds(
    Wish,
    # The least line is more than the least charge in any of these currencies, even at half the price.
    lines=st.lists(
        st.tuples(st.integers(40_000, 99_999), st.integers(1, 3), st.sampled_from(CLASSES)), min_size=1, max_size=3
    ).map(tuple),
    kind=st.sampled_from(DiscountKind),
    percent=st.integers(1, 4_999),
    parcel=st.integers(0, 9_999),
)


def has_terms(shop: Shop, wish: Wish) -> str:
    """The shop's taxes and delivery, and a code."""
    currency = shop.app.config["SETTINGS"].currency
    step = smallest_step(currency)
    with shop.inside(), transaction() as session:
        for table in (TaxRate, ShippingZone):
            session.execute(delete(table))
        session.add_all(
            TaxRate(country=one.country, tax_class=one.tax_class, name=one.name, percentage=one.percentage)
            for one in RULES
        )
        parcel = ShippingRate(name="Parcel", price_minor=wish.parcel * step, days=2)
        session.add(ShippingZone(name="Everywhere", everywhere=True, rates=[parcel]))
    value = wish.percent if wish.kind is DiscountKind.percent else wish.percent * step
    with shop.inside():
        offer(f"CODE{next(NUMBERS)}", kind=wish.kind, value=value)
        return str(select_one(shop, select(Discount.code).order_by(Discount.id.desc())))


def select_one(shop: Shop, query: Any) -> Any:
    with shop.inside() as session:
        return session.scalar(query.limit(1))


def fills_cart(person: Shopper, wish: Wish, code: str) -> None:
    """New things at these prices, put in by the form, and the code."""
    shop = person.shop
    step = smallest_step(shop.app.config["SETTINGS"].currency)
    with shop.inside(), transaction() as session:
        things = [
            Product(
                handle=f"thing-{next(NUMBERS)}", title=f"Thing {number}",
                variants=[Variant(sku=f"t{next(NUMBERS)}", price_minor=price * step, stock=None, tax_category=kind)],
            )
            for number, (price, _, kind) in enumerate(wish.lines)
        ]  # fmt: skip
        session.add_all(things)
        session.flush()
        variants = [thing.variants[0].id for thing in things]
    for variant, (_, quantity, _) in zip(variants, wish.lines, strict=True):
        person.sends("/cart/items", {"variant_id": str(variant), "quantity": str(quantity)})
    assert person.sends("/cart/discount", {"discount_code": code}).status == 200


def pays(person: Shopper) -> None:
    """One click on the cart: its total is final, however the tax is worked out."""
    answer = person.presses(person.cart_button())
    assert answer.state == "paid", answer.html


def told_by_rows(order: Order) -> None:
    """The order's own parts add up."""
    on_top = sum(tax.amount for tax in order.taxes if not tax.included)
    goods = sum(line.total for line in order.lines)
    assert goods == order.subtotal
    assert order.total == order.subtotal - order.discount + order.shipping + order.tax
    assert order.tax == on_top
    assert order.total >= 0


def check_paid(shop: Shop, person: Shopper) -> None:
    """Page, intent, payment and invoice of the newest order say the same."""
    with shop.inside() as session:
        order = session.scalars(select(Order).order_by(Order.id.desc()).limit(1)).one()
        told_by_rows(order)
        payment = session.scalars(select(Payment).where(Payment.order_id == order.id)).one()
        invoice = session.scalars(select(Invoice).where(Invoice.order_id == order.id)).one()
        paper = tell(invoice, paid_with="", about=None)
        total, intent, public_id = order.total_money, payment.stripe_payment_intent_id, order.public_id
        assert (payment.amount, invoice.amount) == (total.minor, total.minor)
        assert paper["total"] == ("Total", str(total))
    charged = shop.sandbox.stripe.v1.payment_intents.retrieve(intent or "")
    assert (charged.amount, charged.amount_received, charged.currency) == (total.minor, total.minor, total.currency)
    assert " ".join(str(total).split()) in " ".join(person.opens(f"/orders/{public_id}").page.text.split())


def check_cart_and_checkout(person: Shopper, currency: str) -> None:
    """Both pages say one total, in words and on their buttons."""
    cart, checkout = person.opens("/cart").page, person.opens("/checkout").page
    buttons = [cart.form("/checkout/one-click"), checkout.form("/checkout/pay")]
    shown = {int(button.fields["expected_total"]) for button in buttons}
    assert len(shown) == 1
    words = " ".join(str(Money(shown.pop(), currency)).split())
    assert all(words in " ".join(page.text.split()) for page in (cart, checkout))


def check_session(shop: Shop, person: Shopper) -> None:
    """Stripe's page asks for what the order costs, line by line."""
    session = goes_to_stripe(person).at_stripe()
    lines = shop.sandbox.stripe.v1.checkout.sessions.line_items.list(session.id, {"limit": 100}).data
    with shop.inside() as rows:
        order = rows.scalars(select(Order).order_by(Order.id.desc()).limit(1)).one()
        told_by_rows(order)
        total = order.total
    assert (session.amount_total, sum(line.amount_total for line in lines)) == (total, total)


@pytest.mark.parametrize("shop_settings", BY_CURRENCY, ids=lambda one: "-".join(one.values()))
@settings(
    max_examples=2, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(wish=WISHES)
def test_the_total_is_the_same_on_page_intent_session_and_invoice(
    shop: Shop, sandbox: Sandbox, alice: Shopper, wish: Wish
) -> None:
    code = has_terms(shop, wish)

    fills_cart(alice, wish, code)
    check_cart_and_checkout(alice, shop.app.config["SETTINGS"].currency)
    pays(alice)
    check_paid(shop, alice)
    fills_cart(alice, wish, code)
    check_session(shop, alice)
    alice.sends(f"/orders/{shop.order_ids()[-1]}/cancellation", {})
