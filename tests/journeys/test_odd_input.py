"""What no page of ours sends, and what a page of ours sends too late: an answer, and never a broken shop."""

import pytest

from storefront.catalog.models import Variant
from storefront.core.database import transaction
from tests.journeys.guests import guest, types
from tests.people import HOME, Shopper
from tests.stack import Shop

TOO_LARGE = "2147483648"


@pytest.mark.parametrize("field", ["variant_id", "card_id", "address_id", "shipping_rate_id"])
def test_a_button_with_a_number_that_no_row_has(shop: Shop, alice: Shopper, field: str) -> None:
    answer = alice.presses(alice.one_click_button(), typed={field: TOO_LARGE})

    assert answer.status == 404
    assert shop.orders() == []


@pytest.mark.parametrize("field", ["card_id", "address_id", "shipping_rate_id"])
def test_the_same_at_the_checkout(shop: Shop, alice: Shopper, field: str) -> None:
    alice.puts_in_cart("Mug")
    form = alice.opens("/checkout").page.form("/checkout/pay")

    answer = alice.presses(form, typed=HOME | {"name": "Alice", "card_id": "1", field: TOO_LARGE})

    assert answer.status == 404
    assert shop.orders() == []


@pytest.mark.parametrize("number", [TOO_LARGE, "9" * 30])
def test_an_address_with_a_number_that_no_row_has(alice: Shopper, number: str) -> None:
    paths = (f"/account/addresses/{number}", f"/cart/items/{number}/removal", f"/account/cards/{number}/removal")

    # Where no route leads, files are looked for, and those are only read.
    assert {alice.sends(path, {}).status for path in paths} == {404, 405}
    assert alice.opens(f"/account/addresses/{number}").status == 404


def test_where_nothing_is_sold_any_more_the_cart_says_so(shop: Shop) -> None:
    gita = guest(shop)
    gita.puts_in_cart("Mug")
    form = gita.opens("/checkout").page.form("/checkout/pay")
    with shop.inside(), transaction() as session:
        session.get_one(Variant, shop.products["Mug"]).product.published = False

    looks = gita.opens("/checkout")
    token = shop.sandbox.confirmation_token()
    pressed = gita.presses(form, htmx=False, typed=types(gita, confirmation_token=token))

    for answer in (looks, pressed):
        assert (answer.status, answer.url) == (200, f"{shop.url}/cart")
        assert "Mug is no longer sold. Please take it out." in answer.page.text
    assert shop.orders() == []
    gita.browser.close()


def test_an_e_mail_that_no_mail_reaches_is_asked_for_again(shop: Shop) -> None:
    gita = guest(shop)
    gita.puts_in_cart("Mug")
    form = gita.opens("/checkout").page.form("/checkout/pay")

    answer = gita.presses(form, typed=types(gita, email="jürgen@example.org", card_id="1"))

    assert answer.status == 422
    assert "it should read like name@example.org" in answer.page.text
    assert shop.orders() == []
    gita.browser.close()
