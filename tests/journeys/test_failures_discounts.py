"""Cases 37 and 38: one single-use code and two buyers; totals that a discount makes too small to charge, or nothing."""

import pytest
import requests
from sqlalchemy import update

from storefront.core.database import transaction
from storefront.core.money import Money
from storefront.discounts.models import Discount, DiscountUse
from storefront.discounts.rules import DiscountKind
from storefront.orders.models import Order, OrderLine
from storefront.shipping_and_tax.models import ShippingRate, ShippingZone
from tests.journeys.hosted import DECLINED, goes_to_stripe, press_hosted
from tests.orders.codes import offer
from tests.people import HOME, Answer, Shopper
from tests.stack import Sandbox, Shop

DECLINING = "pm_card_chargeCustomerFail"


def offers(shop: Shop, off: int, *, code: str = "ONCE", most_uses: int | None = 1) -> None:
    """A code that takes so much off, for so many orders."""
    with shop.inside():
        offer(code, kind=DiscountKind.amount, value=off, most_uses=most_uses)


def types_code(person: Shopper, code: str = "ONCE") -> Answer:
    """In the cart."""
    return person.presses(person.opens("/cart").page.form("/cart/discount"), typed={"discount_code": code})


def used(shop: Shop) -> tuple[int, list[bool]]:
    """What the code counts, and of each order that had it whether it holds it."""
    [count] = shop.all(Discount.uses)
    return count, [released is None for released in shop.all(DiscountUse.released_at)]


def pays(person: Shopper, card: str = "pm_card_visa", **typed: str) -> Answer:
    """At the checkout, with a new card; what is answered at once."""
    form = person.opens("/checkout").page.form("/checkout/pay")
    token = person.shop.sandbox.confirmation_token(card)
    return person.presses(form, typed=HOME | {"name": person.name, "confirmation_token": token} | typed)


def takes(person: Shopper, road: str, **typed: str) -> Answer:
    """Pay for the cart in one of the three ways."""
    if road == "one click":
        return person.presses(person.cart_button())
    return pays(person, **typed) if road == "checkout" else press_hosted(person)


def both_have_it(alice: Shopper, bob: Shopper) -> None:
    for person in (alice, bob):
        person.puts_in_cart("Teapot")
        assert types_code(person).status == 200


def test_37_at_the_checkout(shop: Shop, alice: Shopper, bob: Shopper) -> None:
    offers(shop, 400)
    both_have_it(alice, bob)

    alices = alice.opens(pays(alice, DECLINING).redirect)
    bobs = bob.opens(pays(bob).redirect)
    stale = alice.tries_again(alices.page)

    assert (alices.state, bobs.state) == ("declined", "paid")
    assert (stale.status, stale.state) == (409, "declined")
    assert "The code ONCE was used up in the meantime." in stale.page.text
    assert shop.charged() == [Money(2000, "eur")]
    assert used(shop) == (1, [False, True])
    asked = alice.opens("/checkout").page.form("/checkout/pay")
    assert asked.fields["expected_total"] == "2400"
    # The old order is closed, and the new one has today's total.
    assert alice.opens(pays(alice).redirect).state == "paid"
    assert shop.orders() == [(2000, "canceled"), (2000, "paid"), (2400, "paid")]


def test_37_on_stripes_page(shop: Shop, alice: Shopper, bob: Shopper) -> None:
    offers(shop, 400)
    both_have_it(alice, bob)
    page = goes_to_stripe(alice)
    assert page.at_stripe().amount_total == 2000

    page.pays(DECLINED)
    assert used(shop) == (1, [True]), "the page is still open, and may still be paid"
    assert bob.cart_button().fields["expected_total"] == "2400"
    shop.sandbox.stripe.v1.checkout.sessions.expire(page.session)
    shop.settle()
    assert used(shop) == (0, [False])

    bobs = goes_to_stripe(bob)
    back = bob.opens(bobs.pays())
    shop.settle()

    assert back.state == "paid"
    assert shop.orders() == [(2000, "canceled"), (2000, "paid")]
    assert shop.charged() == [Money(2000, "eur")]
    assert used(shop) == (1, [False, True])
    assert alice.cart_button().fields["expected_total"] == "2400"


def test_the_page_of_stripe_lists_what_is_left(shop: Shop, alice: Shopper) -> None:
    offers(shop, 400)
    alice.puts_in_cart("Teapot", 3)
    types_code(alice)

    page = goes_to_stripe(alice)

    listed = shop.sandbox.stripe.v1.checkout.sessions.line_items.list(page.session).data
    assert [(one.description, one.quantity, one.amount_total) for one in listed] == [
        ("Teapot · ONCE", 1, 2266),
        ("Teapot · ONCE", 2, 4534),
    ]
    assert page.at_stripe().amount_total == 6800


def test_a_code_typed_at_the_checkout_is_asked_about_before_it_is_charged(shop: Shop, alice: Shopper) -> None:
    offers(shop, 400)
    alice.puts_in_cart("Teapot")

    asked = pays(alice, discount_code="once", city="Hamburg")

    assert asked.status == 409
    assert shop.orders() == []
    assert 'value="Hamburg"' in asked.html
    assert "Code ONCE applied." in asked.page.text
    assert 'name="expected_total" value="2000"' in asked.html
    assert alice.opens(pays(alice).redirect).state == "paid"
    assert shop.charged() == [Money(2000, "eur")]
    assert used(shop) == (1, [True])


def test_a_wrong_code_at_the_checkout_is_a_fault_of_the_form(shop: Shop, alice: Shopper) -> None:
    alice.puts_in_cart("Teapot")

    for htmx in (True, False):
        form = alice.opens("/checkout").page.form("/checkout/pay")
        token = shop.sandbox.confirmation_token()
        typed = HOME | {"name": "Alice", "confirmation_token": token, "discount_code": "NONE", "city": "Hamburg"}
        answer = alice.presses(form, htmx=htmx, typed=typed)

        assert answer.status == 422
        assert "We don’t recognise the code “NONE”." in answer.page.text
        assert 'value="NONE"' in answer.html
        assert 'value="Hamburg"' in answer.html
    assert shop.orders() == []
    assert alice.opens(pays(alice).redirect).state == "paid"
    assert shop.charged() == [Money(2400, "eur")]


def test_a_code_is_used_at_the_checkout_with_a_button_of_its_own(shop: Shop, alice: Shopper) -> None:
    offers(shop, 400)
    alice.puts_in_cart("Teapot")
    typed = {"then": "checkout", "discount_code": "ONCE", "city": "Hamburg", "email": "other@example.org"}

    for htmx in (True, False):
        answer = alice.sends("/cart/discount", typed, htmx=htmx)

        assert answer.status == 200
        assert "Code ONCE applied." in answer.page.text
        assert 'name="expected_total" value="2000"' in answer.html
        assert 'value="Hamburg"' in answer.html


def test_whose_address_has_used_it_is_told_before_paying(shop: Shop, alice: Shopper, bob: Shopper) -> None:
    with shop.inside():
        offer("MINE", kind=DiscountKind.amount, value=400, once=True)
    for person in (alice, bob):
        person.puts_in_cart("Teapot")
        types_code(person, "MINE")
    alice.presses(alice.cart_button())

    asked = pays(bob, email=alice.email)

    assert asked.status == 409
    assert "You have used the code MINE before" in asked.page.text
    assert 'name="expected_total" value="2400"' in asked.html
    assert shop.orders() == [(2000, "paid")]


@pytest.mark.parametrize("road", ["one click", "checkout", "hosted"])
def test_38_a_total_under_the_least_that_can_be_charged_is_refused(shop: Shop, alice: Shopper, road: str) -> None:
    offers(shop, 2370)
    alice.puts_in_cart("Teapot")
    types_code(alice)

    answer = takes(alice, road)

    assert answer.status == 422
    assert "With the code ONCE it comes to 0,30 €, but the least we can charge a card is 0,50 €." in answer.page.text
    assert shop.orders() == []
    assert shop.intents_at_stripe() == []
    assert used(shop) == (0, [])


@pytest.mark.parametrize("road", ["one click", "checkout", "hosted"])
def test_38_a_total_of_nothing_needs_no_payment_and_uses_the_code(
    shop: Shop, sandbox: Sandbox, alice: Shopper, bob: Shopper, road: str
) -> None:
    offers(shop, 5000)
    both_have_it(alice, bob)

    answer = takes(alice, road, confirmation_token="")
    answer = alice.opens(answer.redirect) if answer.redirect else answer
    shop.settle()

    assert answer.state == "paid"
    assert shop.orders() == [(0, "paid")]
    assert shop.all(Order.subtotal, Order.discount) == [(2400, 2400)]
    assert (sandbox.requests(), shop.charged()) == ([], [])
    assert used(shop) == (1, [True])
    assert bob.cart_button().fields["expected_total"] == "2400"
    assert alice.mails("receipt") == ["receipt"]


def test_what_was_taken_off_is_told_wherever_the_order_is(shop: Shop, alice: Shopper) -> None:
    offers(shop, 400)
    alice.puts_in_cart("Teapot", 2)
    alice.puts_in_cart("Mug")
    types_code(alice)

    checkout = alice.opens("/checkout").page.text
    alice.presses(alice.cart_button())
    shop.settle()
    order = alice.sees_order().page.text
    letter = shop.letter("receipt")

    for told in (checkout, order, letter):
        assert "Discount ONCE" in told
        assert "−4,00 €" in " ".join(told.split())
    assert shop.charged() == [Money(5650, "eur")]
    assert shop.all(OrderLine.discount) == [317, 83]


def test_what_is_put_in_while_the_order_is_paid_has_no_code_any_more(shop: Shop, alice: Shopper) -> None:
    offers(shop, 400, most_uses=None)
    alice.puts_in_cart("Teapot")
    types_code(alice)
    asked = alice.cart_button()
    asked.fields["card_id"] = str(alice.has_card(DECLINING))
    declined = alice.presses(asked)
    alice.puts_in_cart("Mug")

    alice.tries_again(declined.page)

    assert alice.cart_button().fields["expected_total"] == "1250"
    assert shop.orders() == [(2000, "paid")]


def test_an_ended_code_still_counts_for_an_order_that_has_it(shop: Shop, alice: Shopper) -> None:
    offers(shop, 400)
    alice.puts_in_cart("Teapot")
    types_code(alice)
    asked = alice.cart_button()
    asked.fields["card_id"] = str(alice.has_card(DECLINING))
    declined = alice.presses(asked)
    with shop.inside(), transaction() as session:
        session.execute(update(Discount).values(is_active=False))

    paid = alice.tries_again(declined.page)

    assert paid.state == "paid"
    assert shop.charged() == [Money(2000, "eur")]


def test_a_guest_who_has_used_it_is_told_before_paying(shop: Shop) -> None:
    with shop.inside():
        offer("MINE", kind=DiscountKind.amount, value=400, once=True)
    guests = [Shopper(shop, "Gwen Guest", "gwen@example.org", requests.Session()) for _ in range(2)]
    for guest in guests:
        guest.puts_in_cart("Teapot")
        types_code(guest, "MINE")

    pays(guests[0], email="gwen@example.org")
    answer = pays(guests[1], email="Gwen@Example.org")

    for guest in guests:
        guest.browser.close()
    assert answer.status == 409
    assert "You have used the code MINE before" in answer.page.text
    assert shop.orders() == [(2000, "paid")]
    assert used(shop) == (1, [True])


def test_free_delivery_is_told_wherever_the_order_is(shop: Shop, alice: Shopper) -> None:
    with shop.inside(), transaction() as session:
        parcel = ShippingRate(name="Parcel", price_minor=490)
        session.add(ShippingZone(name="Everywhere", everywhere=True, rates=[parcel]))
    with shop.inside():
        offer("SHIPFREE", kind=DiscountKind.free_shipping, value=0, most_uses=1)
    alice.puts_in_cart("Teapot")
    before = alice.cart_button().fields["expected_total"]
    types_code(alice, "SHIPFREE")

    paid = alice.presses(alice.cart_button())
    shop.settle()

    assert (before, paid.state) == ("2890", "paid")
    assert shop.charged() == [Money(2400, "eur")]
    assert shop.all(Order.discount, Order.discount_code, Order.shipping) == [(0, "SHIPFREE", 0)]
    assert used(shop) == (1, [True])
    for told in (alice.sees_order().page.text, shop.letter("receipt")):
        assert "Parcel (SHIPFREE)" in told
