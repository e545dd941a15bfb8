"""A guest becomes a customer: what was bought goes along once the e-mail is proven, and never before."""

import re
from collections.abc import Iterator

import pytest

from storefront.core.database import transaction
from storefront.core.money import Money
from storefront.customers.models import Address, User
from storefront.orders.models import Order
from tests.journeys.guests import guest, pays
from tests.people import PASSWORD, Answer, Shopper
from tests.stack import Sandbox, Shop


@pytest.fixture
def gita(shop: Shop) -> Iterator[Shopper]:
    """Has bought a mug as a guest."""
    person = guest(shop)
    person.puts_in_cart("Mug")
    assert pays(person).state == "paid"
    shop.settle()
    yield person
    person.browser.close()


def makes_account(
    person: Shopper, public_id: str | None = None, *, password: str = PASSWORD, htmx: bool = True
) -> Answer:
    """The password on the order's page, and the page where that leads."""
    answer = person.presses(person.sees_order(public_id).page.form("/account"), htmx=htmx, typed={"password": password})
    return person.opens(answer.redirect) if answer.redirect else answer


def link_to_prove(shop: Shop) -> str:
    shop.work()
    found = re.search(rf"{re.escape(shop.url)}/auth/verify/\S+", shop.letter("verify_email"))
    assert found
    return found[0]


def proves(person: Shopper, link: str) -> Answer:
    return person.presses(person.opens(link).page.form(link.removeprefix(person.shop.url)), htmx=False)


def owners(shop: Shop) -> list[int | None]:
    return shop.all(Order.user_id)


@pytest.mark.parametrize("htmx", [True, False])
def test_a_password_is_all_it_takes(shop: Shop, gita: Shopper, *, htmx: bool) -> None:
    waits = makes_account(gita, htmx=htmx)
    before = (owners(shop), "K-1001" in gita.opens("/account/orders").page.text)

    done = proves(gita, link_to_prove(shop))

    assert "We have written to gita@example.org" in waits.page.text
    assert "Lindenstraße 4" in waits.page.text  # it is still the browser that placed it
    assert before == ([None], False)
    assert shop.all(User.name, User.email) == [("Gita Green", "gita@example.org")]
    assert "What you ordered without an account is in it now." in done.page.text
    assert owners(shop) == shop.all(User.id)
    assert "K-1001" in gita.opens("/account/orders").page.text
    assert shop.all(Address.city, Address.is_default) == [("Berlin", True)]
    assert 'id="make-account-title"' not in gita.sees_order().html


def test_the_mail_may_be_read_on_another_device(shop: Shop, gita: Shopper) -> None:
    makes_account(gita)
    phone = guest(shop, "Gita on her phone")

    link = link_to_prove(shop)
    phone.presses(phone.opens(link).page.form(link.removeprefix(shop.url)), htmx=False, typed={"password": PASSWORD})

    assert owners(shop) == shop.all(User.id)
    assert "K-1001" in gita.opens("/account/orders").page.text
    assert "Lindenstraße 4" not in phone.sees_order().page.text  # a proof is not a login


def test_all_that_was_bought_with_the_e_mail_goes_along(shop: Shop, gita: Shopper) -> None:
    tablet = guest(shop, "Gita on her tablet")
    for thing in ("Notebook", "Teapot"):
        tablet.puts_in_cart(thing)
        pays(tablet, email="GITA@example.org")
    tablet.puts_in_cart("Mug")
    pays(tablet, "pm_card_visa_chargeDeclined", email="gita@example.org")
    other = guest(shop, "Otto")
    other.puts_in_cart("Mug")
    pays(other)

    makes_account(gita, shop.order_ids()[0])
    proves(gita, link_to_prove(shop))

    [user] = shop.all(User.id)
    # The open one stays with the browser that is paying it.
    assert owners(shop) == [user, user, user, None, None]


def test_33_a_strangers_e_mail_brings_nothing_before_it_is_proven(shop: Shop, gita: Shopper) -> None:
    mallory = Shopper(shop, "Mallory", gita.email)
    mallory.registers()
    shop.settle()
    mallory.sends("/auth/logout", {}, htmx=False)
    mallory.signs_in()

    assert owners(shop) == [None]
    assert "K-1001" not in mallory.opens("/account/orders").page.text
    assert "Lindenstraße 4" not in mallory.sees_order().page.text
    assert "Lindenstraße 4" in gita.sees_order().page.text


def test_proven_by_a_new_password_too(shop: Shop, gita: Shopper) -> None:
    """Whoever had the account before reads no mail: from then on they are out, and the orders are with who does."""
    Shopper(shop, "Mallory", gita.email).registers()
    gita.presses(gita.opens("/auth/password-reset").page.form("/password-reset"), typed={"email": gita.email})
    shop.work()
    found = re.search(r"/auth/password-reset/\S+", shop.letter("reset_password"))
    assert found

    gita.presses(gita.opens(found[0]).page.form(found[0]), htmx=False, typed={"password": "another battery"})

    assert owners(shop) == shop.all(User.id)


def test_a_known_e_mail_is_offered_its_login(shop: Shop, alice: Shopper) -> None:
    proves(alice, link_to_prove(shop))
    someone = guest(shop, "Alice Archer")
    someone.puts_in_cart("Mug")
    paid = pays(someone)
    offered = someone.sees_order().page.text

    someone.signs_in()

    assert paid.state == "paid"
    assert "There is an account with alice@example.org." in offered
    assert owners(shop) == [alice.user_id]
    assert "K-1001" in someone.opens("/account/orders").page.text


def test_signing_in_with_an_e_mail_that_is_not_proven_waits(shop: Shop, alice: Shopper) -> None:
    someone = guest(shop, "Alice Archer")
    someone.puts_in_cart("Mug")
    pays(someone)
    someone.signs_in()
    waits = (owners(shop), someone.sees_order().page.text)

    proves(alice, link_to_prove(shop))

    assert waits[0] == [None]
    assert "We have written to alice@example.org" in waits[1]
    assert owners(shop) == [alice.user_id]


def test_two_who_were_faster(shop: Shop, gita: Shopper) -> None:
    form = gita.sees_order().page.form("/account")
    Shopper(shop, "Mallory", gita.email).registers()

    answer = gita.presses(form, htmx=False, typed={"password": PASSWORD})

    assert answer.url == f"{shop.url}/orders/{shop.order_ids()[0]}"
    assert "There is an account with gita@example.org." in answer.page.text
    assert shop.count(User) == 1


@pytest.mark.parametrize("htmx", [True, False])
def test_a_short_password_is_said_beside_the_field(shop: Shop, gita: Shopper, *, htmx: bool) -> None:
    answer = makes_account(gita, password="short", htmx=htmx)

    assert answer.status == 422
    assert "Please take 8 letters or more" in answer.page.text
    assert shop.count(User) == 0


def test_an_account_for_what_needed_no_address(shop: Shop) -> None:
    person = guest(shop, "Nora")
    person.puts_in_cart("Mug")
    pays(person)
    with shop.inside() as session, transaction():
        session.query(Order).one().shipping_address = None

    makes_account(person)

    assert shop.all(User.name) == ["nora"]


def test_nobody_else_makes_one_of_it(shop: Shop, gita: Shopper, bob: Shopper) -> None:
    path = f"/orders/{shop.order_ids()[0]}/account"

    assert [who.sends(path, {"password": PASSWORD}).status for who in (bob, guest(shop, "Mallory"))] == [404, 404]
    assert shop.count(User) == 1


def test_one_of_somebody_signed_in_is_none_of_this(shop: Shop, alice: Shopper) -> None:
    alice.buys()

    assert alice.sends(f"/orders/{shop.order_ids()[0]}/account", {"password": PASSWORD}).status == 404
    assert 'id="make-account-title"' not in alice.sees_order().html


def test_a_process_that_dies_after_the_proof_is_no_harm(
    shop: Shop, gita: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    from storefront.web.auth import views  # noqa: PLC0415  what the dead process did not get to

    makes_account(gita)
    link = link_to_prove(shop)
    monkeypatch.setattr(views, "claim_orders_and_cards", lambda _user_id: 0)
    proves(gita, link)
    before = owners(shop)

    shop.work()

    assert before == [None]
    assert owners(shop) == shop.all(User.id)


def test_a_new_e_mail_brings_its_orders(shop: Shop, gita: Shopper, bob: Shopper) -> None:
    bob.sends("/account/profile/email", {"email": gita.email}, htmx=False)
    shop.work()
    found = re.search(r"/account/email/\S+", shop.letter("change_email"))
    assert found
    before = owners(shop)

    bob.presses(bob.opens(found[0]).page.form(found[0]), htmx=False)

    assert before == [None]
    assert owners(shop) == [bob.user_id]


def test_what_a_guests_order_may_still_be_paid_for_is_not_bought_again(
    shop: Shop, sandbox: Sandbox, bob: Shopper
) -> None:
    bob.puts_in_cart("Mug")
    tab = guest(shop, bob.name)
    tab.puts_in_cart("Teapot")
    tab.puts_in_cart("Notebook")
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=2)
    unknown = pays(tab)
    tab.puts_in_cart("Notebook", 2)

    tab.signs_in()
    cart = tab.opens("/cart").page
    second = tab.presses(tab.cart_button())
    shop.clock.forward(minutes=2)
    sandbox.release_webhooks()
    shop.settle()

    assert (unknown.state, second.state) == ("checking", "paid")
    assert "Teapot is in your order K-1001, which may still be paid." in cart.text
    assert bob.orders() == [("Mug", "paid"), ("Notebook", "paid")]
    assert shop.charged() == [Money(2400 + 890, "eur"), Money(1250 + 2 * 890, "eur")]
