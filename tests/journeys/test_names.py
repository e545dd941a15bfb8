"""Names and addresses: what nobody can see is no name, and no line break stays in one."""

import pytest

from storefront.customers.models import Address, User
from storefront.orders.models import Order
from tests.journeys.guests import guest, pays, types
from tests.people import HOME, PASSWORD, Shopper
from tests.stack import Shop

NOTHING = ["\u200b\u200b", "\u3164", "\u202e\u2066", "\u2028"]


def forms_of(shopper: Shopper, name: str) -> dict[str, int]:
    """Every form that takes a name, with what it answered."""
    return {
        "profile": shopper.sends("/account/profile/name", {"name": name}).status,
        "address": shopper.sends("/account/addresses", HOME | {"name": name}).status,
    }


@pytest.mark.parametrize("name", NOTHING)
def test_a_name_that_nobody_sees_is_refused(shop: Shop, alice: Shopper, name: str) -> None:
    before = (shop.all(User.name), shop.count(Address))

    assert forms_of(alice, name) == {"profile": 422, "address": 422}
    assert (shop.all(User.name), shop.count(Address)) == before


@pytest.mark.parametrize("name", NOTHING)
def test_nobody_joins_or_buys_under_one(shop: Shop, name: str) -> None:
    gita = guest(shop)
    joined = gita.sends("/auth/register", {"name": name, "email": "gita@example.org", "password": PASSWORD})
    gita.puts_in_cart("Mug")
    form = gita.opens("/checkout").page.form("/checkout/pay")
    bought = gita.presses(form, typed=types(gita, name=name, confirmation_token=shop.sandbox.confirmation_token()))

    assert (joined.status, bought.status) == (422, 422)
    assert (shop.count(User), shop.count(Order)) == (0, 0)


@pytest.mark.parametrize("field", ["line1", "city"])
def test_an_address_that_nobody_sees_is_refused(shop: Shop, alice: Shopper, field: str) -> None:
    before = shop.count(Address)

    assert alice.sends("/account/addresses", HOME | {field: "\u200b"}).status == 422
    assert shop.count(Address) == before


def test_line_breaks_and_turns_of_writing_do_not_stay(shop: Shop, alice: Shopper) -> None:
    alice.sends("/account/profile/name", {"name": "Alice\r\nBcc: all@example.org \u202eArcher"})
    gita = guest(shop)
    gita.puts_in_cart("Mug")
    pays(gita, name="Gita\u2028Green", line1="Lindenstra\u00dfe\n 4")

    assert "Alice Bcc: all@example.org Archer" in shop.all(User.name)
    [address] = [one for one in shop.all(Order.shipping_address) if one]
    assert (address["name"], address["line1"]) == ("Gita Green", "Lindenstra\u00dfe 4")
