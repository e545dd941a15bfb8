"""Who signed out is out: a copy of the cookie pays nothing, and shows nothing of what was ordered before."""

from tests.journeys.guests import guest, pays
from tests.people import PASSWORD, Shopper
from tests.stack import Shop


def test_a_copied_cookie_pays_nothing_once_they_signed_out(shop: Shop, alice: Shopper) -> None:
    thief = alice.another_tab()
    form = thief.opens("/products/mug").page.form("/checkout/one-click")
    assert "Visa" in thief.opens("/account/cards").page.text

    alice.sends("/auth/logout", {}, htmx=False)

    answer = thief.presses(form)
    assert "/auth/login" in answer.redirect or "Sign in" in answer.html
    assert "Visa" not in thief.opens("/account/cards").html
    assert (shop.orders(), shop.charged()) == ([], [])


def test_a_copied_cookie_shows_no_guests_order_once_they_signed_out(shop: Shop) -> None:
    gita = guest(shop)
    gita.puts_in_cart("Mug")
    assert pays(gita).state == "paid"
    gita.presses(gita.sees_order().page.form("/account"), htmx=False, typed={"password": PASSWORD})
    thief = gita.another_tab()
    before = thief.sees_order(shop.order_ids()[0]).page.text

    gita.sends("/auth/logout", {}, htmx=False)

    assert "Lindenstraße 4" in before
    assert "Lindenstraße 4" not in thief.sees_order(shop.order_ids()[0]).page.text
    # Nor when it is used to sign in as somebody else.
    form = thief.opens("/auth/register").page.form("/auth/register")
    thief.presses(form, htmx=False, typed={"name": "T", "email": "t@example.org", "password": PASSWORD})
    assert "Lindenstraße 4" not in thief.sees_order(shop.order_ids()[0]).page.text


def test_a_browser_that_was_signed_out_from_elsewhere_is_a_guests_again(shop: Shop) -> None:
    alice = Shopper(shop, "Alice Archer", "alice@example.org")
    alice.registers()
    phone = Shopper(shop, "Alice Archer", "alice@example.org")
    phone.signs_in()
    phone.sends("/account/profile/sessions", {}, htmx=False)
    alice.puts_in_cart("Mug")

    paid = pays(alice)

    assert paid.state == "paid"
    assert "Lindenstraße 4" in alice.sees_order(shop.order_ids()[0]).page.text
