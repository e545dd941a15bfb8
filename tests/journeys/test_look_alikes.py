"""Domains that look alike are two people; one mailbox spelt in two ways is one."""

import re
from typing import Any

import pytest

from storefront.cards.models import StripeCustomer
from storefront.customers.models import User
from storefront.orders.models import Order
from tests.journeys.guests import goes_to_stripe, guest, pays
from tests.people import PASSWORD, Answer, Shopper
from tests.stack import Shop


def of(shop: Shop, name: str, email: str) -> Shopper:
    return Shopper(shop, name, email)


def proves(person: Shopper) -> Answer:
    """Follow the link that was mailed last, and press its button."""
    person.shop.work()
    found = re.search(rf"{re.escape(person.shop.url)}/auth/verify/\S+", person.shop.letter("verify_email"))
    assert found
    return person.presses(person.opens(found[0]).page.form(found[0].removeprefix(person.shop.url)), htmx=False)


def joins(person: Shopper, email: str) -> Answer:
    form = person.opens("/auth/register").page.form("/auth/register")
    return person.presses(form, htmx=False, typed={"name": person.name, "email": email, "password": PASSWORD})


def test_a_stranger_with_a_domain_that_looks_alike_gets_nothing(shop: Shop) -> None:
    bert = of(shop, "Bert", "bert@weiss.example")
    bert.puts_in_cart("Mug")
    assert pays(bert).state == "paid"
    shop.settle()
    stranger = of(shop, "Another Bert", "bert@weiß.example")
    joins(stranger, stranger.email)

    proven = proves(stranger)

    assert "confirm" in proven.page.text.lower() or "yours" in proven.page.text
    assert shop.all(Order.email, Order.user_id) == [("bert@weiss.example", None)]
    assert "K-1001" not in stranger.opens("/account/orders").page.text
    assert "Lindenstraße" not in stranger.sees_order().page.text
    assert shop.all(User.email_key) == ["bert@xn--wei-7ka.example"]


@pytest.mark.parametrize("email", ["anna@xn--mller-kva.example", "Anna@MÜLLER.example", "anna@mu\u0308ller.example"])
def test_one_mailbox_is_one_account(shop: Shop, email: str) -> None:
    anna = of(shop, "Anna", "anna@müller.example")
    joins(anna, anna.email)

    again = joins(of(shop, "Anna", email), email)
    elsewhere = of(shop, "Anna", email).signs_in()

    assert "account with this e-mail already" in again.page.text
    assert shop.all(User.email) == ["anna@müller.example"]
    assert "Sign in" not in elsewhere.page.text


def test_the_orders_of_a_mailbox_come_along_however_it_was_spelt(shop: Shop) -> None:
    anna = of(shop, "Anna", "anna@xn--mller-kva.example")
    anna.puts_in_cart("Mug")
    assert pays(anna).state == "paid"
    shop.settle()
    joins(anna, "Anna@müller.example")

    proves(anna)

    assert shop.all(Order.user_id) == shop.all(User.id)


def test_an_order_is_found_by_its_own_mailbox_alone(shop: Shop) -> None:
    bert = of(shop, "Bert", "bert@weiss.example")
    bert.puts_in_cart("Mug")
    assert pays(bert).state == "paid"

    def asks(email: str) -> None:
        form = guest(shop).opens("/orders/find").page.form("/orders/find")
        guest(shop).presses(form, htmx=False, typed={"email": email, "number": "K-1001"})

    asks("bert@weiß.example")
    before = shop.mails("order_link")
    asks("Bert@WEISS.example")

    assert before == []
    assert shop.mails("order_link") == [("order_link", "bert@weiss.example")]


def test_stripe_and_mail_servers_are_told_the_domain_in_ascii(shop: Shop) -> None:
    anna = of(shop, "Anna", "anna@müller.example")
    joins(anna, anna.email)
    shop.settle()
    gerd = of(shop, "Gerd", "gerd@weiß.example")
    gerd.puts_in_cart("Mug")
    goes_to_stripe(gerd)

    customers = [params(request)["email"] for request in shop.sandbox.requests("POST", "/v1/customers")]
    sessions = [params(request)["customer_email"] for request in shop.sandbox.requests("POST", "/v1/checkout/sessions")]

    assert customers[-1:] == ["anna@xn--mller-kva.example"]
    assert sessions[-1:] == ["gerd@xn--wei-7ka.example"]
    assert shop.count(StripeCustomer) == 1


def params(request: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = request["params"]
    return told
