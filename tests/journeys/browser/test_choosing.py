"""Choosing by hand: a colour, a size, and what is said to who forgets; all of it visible in forced colours too."""

import re

import pytest
from playwright.sync_api import Locator, expect

from storefront.catalog.models import Product, Variant
from storefront.core.database import transaction
from storefront.orders.models import OrderLine
from tests.journeys.browser.phone import Phone
from tests.people import Shopper
from tests.stack import Shop

SHIRT = {("Blue", "S"): (2400, 5), ("Blue", "M"): (2400, 0), ("Sand", "S"): (2600, 5), ("Sand", "L"): (2600, 5)}


@pytest.fixture
def shirt(shop: Shop) -> dict[tuple[str, ...], int]:
    with shop.inside(), transaction() as session:
        product = Product(handle="shirt", title="Shirt", options=["Colour", "Size"])
        for place, (options, (price, stock)) in enumerate(SHIRT.items()):
            sku = "-".join(options)
            variant = Variant(sku=sku, option_values=list(options), price_minor=price, stock=stock, position=place)
            product.variants.append(variant)
        session.add(product)
        session.flush()
        return {tuple(one.option_values): one.id for one in product.variants}


def test_colour_and_size_are_chosen_one_after_the_other(
    shop: Shop, phone: Phone, alice: Shopper, shirt: dict[tuple[str, ...], int]
) -> None:
    phone.belongs_to(alice)
    phone.pardoned.append("422")  # is noted by browsers
    phone.opens("/products/shirt")
    page = phone.page
    page.get_by_role("button", name="Buy now · from 24,00").click()
    expect(page.get_by_role("group", name="Colour")).to_be_focused()
    expect(page.get_by_role("group", name="Colour")).to_have_accessible_description("Choose a colour")

    page.get_by_role("group", name="Colour").get_by_label("Sand").check()
    expect(page.get_by_label("Sand")).to_be_focused()
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("group", name="Size")).to_have_accessible_description("Choose a size")
    expect(page.get_by_label("Sand")).to_be_checked()
    page.get_by_label("L", exact=True).check()

    expect(page).to_have_url(f"{shop.url}/products/shirt?variant={shirt['Sand', 'L']}")
    phone.clicks_buy_now()
    phone.sees_receipt("26,00 €")
    assert shop.all(OrderLine.variant_id) == [shirt["Sand", "L"]]


def test_a_guest_without_scripts_picks_and_puts_in(open_phone: object, shirt: dict[tuple[str, ...], int]) -> None:
    plain = open_phone(java_script_enabled=False)  # type: ignore[operator]
    plain.pardoned.append("422")
    plain.opens("/products/shirt")
    page = plain.page

    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_text("Choose a colour")).to_be_visible()
    page.get_by_label("Sand").check()
    page.get_by_label("S", exact=True).check()
    page.get_by_role("button", name="Add to cart").click()

    expect(page.locator("#cart-lines")).to_contain_text("Sand, S")
    plain.opens("/products/shirt")
    page.locator("noscript summary").click()
    page.locator(f"noscript a[href$='variant={shirt['Sand', 'L']}']").click()
    expect(page.get_by_label("L", exact=True)).to_be_checked()


def look(label: Locator) -> dict[str, str]:
    """What an eye sees of it, that is still there when the browser forces its colours."""
    looks: dict[str, str] = label.evaluate(
        """one => Object.fromEntries(["backgroundColor", "color", "borderTopColor", "borderTopWidth", "outlineWidth", "textDecorationLine"]
             .map((name) => [name, getComputedStyle(one)[name]]))"""
    )
    return looks


def test_the_chosen_one_is_seen_in_forced_colours(phone: Phone, shirt: dict[tuple[str, ...], int]) -> None:
    phone.page.emulate_media(forced_colors="active")

    phone.opens(f"/products/shirt?variant={shirt['Sand', 'L']}")

    size = phone.page.get_by_role("group", name="Size")
    chosen, other = size.locator("label", has_text=re.compile("^L")), size.locator("label", has_text=re.compile("^S"))
    assert look(chosen)["backgroundColor"] != look(other)["backgroundColor"]
    assert look(chosen)["color"] != look(chosen)["backgroundColor"]
    chosen.locator("input").focus()
    assert look(chosen)["outlineWidth"] == "3px"


def test_what_only_a_colour_said_has_an_edge_in_forced_colours(phone: Phone, alice: Shopper) -> None:
    phone.page.emulate_media(forced_colors="active")
    phone.belongs_to(alice)
    phone.pardoned.append("422")
    page = phone.page

    phone.opens("/account/cards")
    assert look(page.locator(".tag").first)["borderTopWidth"] == "1px"
    assert look(page.locator(".desk nav [aria-current]"))["textDecorationLine"] == "underline"
    alice.buys("Teapot")
    alice.puts_in_cart("Mug")
    page.reload()
    assert look(page.locator(".masthead__count"))["borderTopWidth"] == "1px"
    phone.opens(f"/orders/{phone.shop.order_ids()[-1]}")
    page.locator("[aria-current='step']").evaluate(
        "one => one.removeAttribute('aria-current')"
    )  # as it is once it is over
    dots = [page.locator(".timeline > li:not([aria-current], .timeline__next)"), page.locator(".timeline__next")]
    done, coming = (one.first.evaluate("one => getComputedStyle(one, '::before').backgroundColor") for one in dots)
    assert done != coming
    phone.opens("/orders/find")
    page.get_by_role("button", name=re.compile("link")).click()
    expect(page.locator("[aria-invalid]").first).to_be_visible()
    assert look(page.locator("[aria-invalid]").first)["borderTopWidth"] == "3px"
