"""What Stripe would not charge is refused before anything is placed: too much, too little, or too fine for the currency."""

import pytest
from sqlalchemy import update

from storefront.catalog.models import Variant
from storefront.core.database import transaction
from storefront.core.money import Money, largest_charge
from storefront.orders.models import Order
from tests.journeys.guests import guest, types
from tests.people import Shopper
from tests.stack import Sandbox, Shop

TOO_MUCH = "The most we can charge a card at once is 999.999,99 €. Please order less, or in several orders."


def costs(shop: Shop, thing: str, minor: int) -> None:
    with shop.inside(), transaction() as session:
        session.execute(update(Variant).where(Variant.id == shop.products[thing]).values(price_minor=minor))


def nothing_happened(shop: Shop, sandbox: Sandbox) -> bool:
    return shop.count(Order) == 0 and shop.stock("Mug") == 40 and not shop.intents_at_stripe()


def test_one_click_over_the_limit(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    costs(shop, "Mug", 100_000_000)

    answer = alice.presses(alice.one_click_button("Mug"))

    assert TOO_MUCH in answer.page.text
    assert nothing_happened(shop, sandbox)


def test_a_cart_over_the_limit_says_so_and_has_no_button(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    costs(shop, "Mug", 60_000_000)
    alice.puts_in_cart("Mug")
    button = alice.cart_button()
    alice.puts_in_cart("Mug")

    page = alice.opens("/cart").page
    button.fields["expected_total"] = "120000000"
    pressed = alice.presses(button)

    assert TOO_MUCH in page.text
    assert not [form for form in page.forms if form.action == "/checkout/one-click"]
    assert TOO_MUCH in pressed.page.text
    assert nothing_happened(shop, sandbox)


@pytest.mark.parametrize("path", ["/checkout/pay", "/checkout/hosted"])
def test_a_guests_checkout_over_the_limit(shop: Shop, sandbox: Sandbox, path: str) -> None:
    gita = guest(shop)
    gita.puts_in_cart("Mug")
    costs(shop, "Mug", 100_000_000)
    _, fields = gita.opens("/checkout").page.form("/checkout/pay").pressed()

    answer = gita.sends(path, fields | types(gita, confirmation_token=sandbox.confirmation_token()))

    assert TOO_MUCH in answer.page.text
    assert nothing_happened(shop, sandbox)


def test_exactly_the_limit_is_charged(shop: Shop, alice: Shopper) -> None:
    costs(shop, "Mug", 99_999_999)

    assert alice.presses(alice.one_click_button("Mug")).state == "paid"
    assert shop.charged() == [Money(99_999_999, "eur")]


@pytest.mark.parametrize(
    ("currency", "minor"),
    [("eur", 99_999_999), ("jpy", 99_999_999), ("kwd", 99_999_990), ("isk", 99_999_900), ("idr", 999_999_999_999)],
)
def test_the_largest_charge_of_a_currency(currency: str, minor: int) -> None:
    largest = largest_charge(currency)

    assert largest == Money(minor, currency)
    assert largest.is_chargeable
    assert not Money(minor + 100, currency).is_chargeable


def test_what_is_off_the_currencys_step_cannot_be_charged() -> None:
    assert not Money(10_505, "kwd").is_chargeable
    assert Money(10_500, "kwd").is_chargeable
    assert not Money(150, "isk").is_chargeable
