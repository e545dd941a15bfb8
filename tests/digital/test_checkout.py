"""A cart of things that are only downloaded: no address, no delivery."""

from collections.abc import Callable
from pathlib import Path

import pytest

from storefront.customers.models import Address
from storefront.orders.models import Order
from tests.digital.goods import BOOKLET, grants, sells_booklet
from tests.digital.test_fetching import fetches, mailed
from tests.journeys.test_shipping_and_tax import agree
from tests.people import HOME, Shopper
from tests.reading import Form
from tests.stack import Shop

GIVEN = [("Glazes & Brände.pdf", None)]
ADDRESS = {"name", "line1", "postal_code", "city", "country"}


@pytest.fixture
def dora(someone: Callable[[str], Shopper], shop: Shop, tmp_path: Path) -> Shopper:
    """Has neither address nor card, and the booklet in her cart."""
    sells_booklet(shop, tmp_path)
    dora = someone("Dora Dean")
    dora.puts_in_cart("Notebook")
    return dora


def form_of(person: Shopper) -> Form:
    return person.opens("/checkout").page.form("/checkout/pay")


def pays(person: Shopper, **typed: str) -> str | None:
    token = person.shop.sandbox.confirmation_token("pm_card_visa")
    answer = person.presses(form_of(person), typed={"confirmation_token": token} | typed)
    return person.opens(answer.redirect).state if answer.redirect else None


def test_a_customer_is_asked_for_no_address(shop: Shop, dora: Shopper) -> None:
    page = dora.opens("/checkout").page
    assert not ADDRESS & set(form_of(dora).fields)
    assert "Delivery address" not in page.text
    assert "For the receipt and your files" in page.text

    assert pays(dora) == "paid"

    assert shop.all(Order.shipping_address, Order.shipping) == [(None, 0)]
    assert shop.count(Address) == 0
    assert grants(shop) == GIVEN
    assert fetches(dora).content == BOOKLET


def test_a_guest_needs_an_e_mail_alone(shop: Shop, dora: Shopper) -> None:
    guest = Shopper(shop, "Gus Grey", "gus@example.org")
    guest.puts_in_cart("Notebook")

    assert pays(guest, email="no e-mail") is None
    assert shop.orders() == []
    assert pays(guest, email="gus@example.org") == "paid"

    assert shop.all(Order.email, Order.user_id) == [("gus@example.org", None)]
    assert fetches(guest).content == BOOKLET
    elsewhere = Shopper(shop, "Gus Grey", "gus@example.org")
    assert fetches(elsewhere, mailed(shop)).status_code == 200
    for one in (guest, elsewhere):
        one.browser.close()


def test_stripes_page_needs_none_either(shop: Shop, dora: Shopper) -> None:
    page = dora.opens("/checkout").page.form("/checkout/pay")

    answer = dora.presses(page, {"formaction": "/checkout/hosted"})

    assert "/pay/" in answer.redirect
    assert shop.orders() == [(890, "pending")]


def test_with_something_to_send_it_is_asked_for(shop: Shop, dora: Shopper) -> None:
    dora.puts_in_cart("Teapot")

    assert set(form_of(dora).fields) >= ADDRESS
    assert pays(dora) is None
    assert pays(dora, **HOME) == "paid"
    assert grants(shop) == GIVEN


class TestWhereTaxComesOnTop:
    """Which one depends on the country."""

    @pytest.fixture
    def shop_settings(self, tmp_path: Path) -> dict[str, str]:
        return {"FILES_DIR": str(tmp_path / "private"), "PRICES_INCLUDE_TAX": "0"}

    def test_an_address_is_asked_for_all_the_same(self, shop: Shop, dora: Shopper) -> None:
        assert set(form_of(dora).fields) >= ADDRESS

        assert pays(dora, **HOME) == "paid"

        assert grants(shop) == GIVEN

    def test_a_country_chosen_in_the_cart_is_told_by_no_button(self, shop: Shop, dora: Shopper) -> None:
        agree(shop)
        dora.has_card()
        dora.sends("/cart/delivery", {"country": "FR"})

        page = dora.opens("/cart").page

        assert "/checkout/one-click" not in [form.action for form in page.forms]
        assert pays(dora, **HOME | {"country": "FR"}) == "paid"
