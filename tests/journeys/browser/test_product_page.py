"""The product page: a choice, the way back, and a login that has run out."""

import pytest
from playwright.sync_api import expect

from storefront.catalog.models import Product, ProductImage, Variant
from storefront.core.database import transaction
from storefront.orders.models import OrderLine
from tests.journeys.browser.phone import Phone
from tests.people import PASSWORD, Shopper
from tests.stack import Shop


@pytest.fixture
def jug(shop: Shop) -> dict[str, int]:
    """There is a blue and a dearer white one, each with a picture of its own; their ids."""
    colours = {"Blue": (3100, "demo/bowl-blue.svg"), "White": (3900, "demo/bowl-chalk.svg")}
    with shop.inside(), transaction() as session:
        product = Product(handle="jug", title="Jug", options=["Glaze"])
        for place, (colour, (price, path)) in enumerate(colours.items()):
            picture = ProductImage(path=path, alt=f"{colour} jug", position=place)
            product.pictures.append(picture)
            product.variants.append(
                Variant(
                    sku=f"jug-{place}",
                    option_values=[colour],
                    price_minor=price,
                    stock=5,
                    picture=picture,
                    position=place,
                )
            )
        session.add(product)
        session.flush()
        return {one.option_values[0]: one.id for one in product.variants}


def test_another_variant_changes_price_picture_and_button(
    shop: Shop, phone: Phone, alice: Shopper, jug: dict[str, int]
) -> None:
    phone.belongs_to(alice)
    phone.opens("/products/jug")
    expect(phone.panel.locator(".pay")).to_contain_text("from 31,00 €")

    phone.page.get_by_label("Blue").check()
    expect(phone.panel.locator(".pay")).not_to_contain_text("from")
    phone.page.get_by_label("White").check()

    expect(phone.page.locator(".product__title")).to_contain_text("39,00 €")
    expect(phone.page.locator("#product-picture img")).to_have_attribute("alt", "White jug")
    expect(phone.panel.locator(".pay")).to_contain_text("39,00 €")
    expect(phone.page.get_by_label("White")).to_be_focused()
    phone.clicks_buy_now()
    phone.sees_receipt("39,00 €")
    assert shop.orders() == [(3900, "paid")]
    assert shop.all(OrderLine.variant_id) == [jug["White"]]


def test_the_chosen_variant_is_what_goes_into_the_cart(
    shop: Shop, phone: Phone, alice: Shopper, jug: dict[str, int]
) -> None:
    phone.belongs_to(alice)
    phone.opens("/products/jug")

    phone.page.get_by_label("White").check()
    expect(phone.panel.locator(".pay")).to_contain_text("39,00 €")
    phone.page.get_by_role("button", name="Add to cart").click()
    phone.follows("View cart")

    expect(phone.page.locator(".sums__total")).to_contain_text("39,00 €")


def test_going_back_after_a_choice_and_a_click_shows_a_page(phone: Phone, alice: Shopper, jug: dict[str, int]) -> None:
    phone.belongs_to(alice)
    phone.opens("/products/jug")
    phone.page.get_by_label("White").check()
    expect(phone.page).to_have_url(f"{phone.shop.url}/products/jug?variant={jug['White']}")
    phone.clicks_buy_now()
    phone.sees_receipt("39,00 €")
    phone.panel.get_by_role("link", name="K-1001").click()
    expect(phone.page).to_have_title("Order K-1001 · Kiesel")

    phone.page.go_back()

    expect(phone.page).to_have_title("Jug · Kiesel")
    expect(phone.masthead).to_be_visible()
    expect(phone.page.get_by_label("White")).to_be_checked()
    expect(phone.panel.locator(".pay")).to_contain_text("39,00 €")


def test_a_login_that_has_run_out_leads_to_the_whole_login_page_and_back(
    shop: Shop, phone: Phone, alice: Shopper
) -> None:
    phone.belongs_to(alice)
    phone.opens("/products/mug")
    phone.context.clear_cookies()

    phone.clicks_buy_now()

    expect(phone.page).to_have_url(f"{shop.url}/auth/login?next=/products/mug")
    expect(phone.masthead).to_have_count(1)
    expect(phone.page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert shop.orders() == []
    phone.page.get_by_label("E-mail").fill(alice.email)
    phone.page.get_by_label("Password").fill(PASSWORD)
    phone.page.get_by_role("button", name="Sign in").click()
    expect(phone.page).to_have_url(f"{shop.url}/products/mug")
    phone.clicks_buy_now()
    phone.sees_receipt("12,50 €")
