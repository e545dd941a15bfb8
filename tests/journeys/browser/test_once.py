"""One click is one request and one order, however often and from wherever it is pressed."""

from playwright.sync_api import Route, expect

from storefront.core.money import Money
from tests.journeys.browser.phone import VISA, Phone
from tests.people import Shopper
from tests.stack import Shop

ONE_CLICK = "**/checkout/one-click"
# What the browser and htmx write into the console when a connection breaks.
BROKEN = ("net::ERR_FAILED", "htmx:sendError", "htmx:afterRequest")


def test_one_click_is_one_request(shop: Shop, phone: Phone, alice: Shopper) -> None:
    phone.belongs_to(alice)
    phone.opens("/products/mug")
    phone.page.wait_for_load_state("networkidle")
    asked = phone.asked_meanwhile()

    phone.clicks_buy_now()
    phone.sees_receipt("12,50 €")
    phone.page.wait_for_timeout(500)

    assert [(one.method, one.url) for one in asked] == [("POST", f"{shop.url}/checkout/one-click")]
    assert len(shop.sandbox.requests()) == 1


def test_a_cards_number_goes_to_stripe_alone(shop: Shop, phone: Phone, alice: Shopper) -> None:
    phone.belongs_to(alice)
    phone.puts_in_cart("Mug")
    phone.opens("/checkout")
    asked = phone.asked_meanwhile()

    phone.pays_with_new_card()
    phone.sees_receipt("12,50 €")

    with_number = [one.url for one in asked if VISA in f"{one.url} {one.post_data}"]
    assert with_number == [f"{shop.sandbox.url}/v1/confirmation_tokens"]


def test_a_double_click_is_one_order(shop: Shop, phone: Phone, alice: Shopper) -> None:
    phone.belongs_to(alice)
    phone.opens("/products/mug")

    phone.panel.locator(".pay").dblclick()

    phone.sees_receipt("12,50 €")
    shop.settle()
    assert shop.orders() == [(1250, "paid")]
    assert shop.charged() == [Money(1250, "eur")]


def test_the_cart_in_two_tabs_is_one_order(shop: Shop, phone: Phone, alice: Shopper) -> None:
    phone.belongs_to(alice)
    phone.puts_in_cart("Mug")
    other = phone.another_tab()
    for tab in (phone, other):
        tab.opens("/cart")
    shop.sandbox.fault("delay", seconds=1)

    phone.clicks_buy_now()
    other.clicks_buy_now()

    for tab in (phone, other):
        tab.sees_receipt("12,50 €")
    shop.settle()
    assert shop.orders() == [(1250, "paid")]
    assert shop.charged() == [Money(1250, "eur")]


def test_when_the_line_is_dead_the_button_stays_and_may_be_pressed_again(
    shop: Shop, phone: Phone, alice: Shopper
) -> None:
    phone.belongs_to(alice)
    phone.opens("/products/mug")
    phone.pardoned += BROKEN
    phone.page.route(ONE_CLICK, lambda route: route.abort())

    phone.clicks_buy_now()
    expect(phone.panel.get_by_text("Press again: you will not pay twice")).to_be_visible()
    expect(phone.said).to_contain_text("Press again")
    assert shop.orders() == []
    phone.page.unroute(ONE_CLICK)
    phone.clicks_buy_now()

    phone.sees_receipt("12,50 €")
    assert shop.orders() == [(1250, "paid")]
    assert shop.charged() == [Money(1250, "eur")]


def test_when_the_answer_is_lost_pressing_again_shows_the_order_that_was_paid(
    shop: Shop, phone: Phone, alice: Shopper
) -> None:
    phone.belongs_to(alice)
    phone.opens("/products/mug")
    phone.pardoned += BROKEN
    phone.page.route(ONE_CLICK, lose_answer)

    phone.clicks_buy_now()
    expect(phone.panel.get_by_text("Press again: you will not pay twice")).to_be_visible()
    assert shop.orders() == [(1250, "paid")]
    phone.page.unroute(ONE_CLICK)
    phone.clicks_buy_now()

    expect(phone.panel).to_contain_text("You have bought this already")
    expect(phone.panel).to_contain_text("Nothing was charged a second time")
    assert shop.orders() == [(1250, "paid")]
    assert shop.charged() == [Money(1250, "eur")]


def lose_answer(route: Route) -> None:
    route.fetch()
    route.abort()
