"""What does not load: Stripe's script, the frame with the card's fields, a host that the policy does not allow."""

import time

import pytest
from playwright.sync_api import expect

from storefront.core.mail.models import OutboundMail
from storefront.web.operations.models import BlockedHost
from tests.journeys.browser.phone import Phone
from tests.people import Shopper
from tests.stack import Shop

NOT_LOADED = "The card fields could not be loaded."


@pytest.mark.parametrize("blocked", ["/js/stripe.js", "/frames/card"])
def test_card_fields_that_do_not_load_say_so_and_can_be_loaded_again(
    shop: Shop, phone: Phone, bob: Shopper, blocked: str
) -> None:
    phone.belongs_to(bob)
    phone.puts_in_cart("Teapot")
    phone.pardoned.append("net::ERR_FAILED")
    blocked = shop.sandbox.url + blocked
    phone.page.route(blocked, lambda route: route.abort())
    phone.opens("/checkout")
    phone.types_address()

    again = phone.page.get_by_role("button", name="Load the card fields again")
    expect(again).to_be_visible(timeout=30_000)
    expect(phone.page.locator("[data-card-fault]")).to_contain_text(
        f"{NOT_LOADED} Try again, or pay on Stripe’s own page instead."
    )
    phone.page.unroute(blocked)
    again.click()
    phone.types_card()
    phone.page.locator("#checkout-pay .pay").click()

    phone.sees("paid")


def test_a_blocked_host_of_stripes_reaches_the_owner_once(shop: Shop, phone: Phone) -> None:
    phone.pardoned.append("Content Security Policy")
    phone.opens("/")
    for number in range(2):
        phone.page.evaluate(f"new Image().src = 'https://q.stripe.com/{number}.png'")
    deadline = time.monotonic() + 20
    while not shop.all(BlockedHost) and time.monotonic() < deadline:
        phone.page.wait_for_timeout(500)

    assert shop.all(BlockedHost.directive, BlockedHost.host) == [("img-src", "q.stripe.com")]
    assert [key for key in shop.all(OutboundMail.dedupe_key) if "csp:" in key] == ["alarm:csp:img-src:q.stripe.com"]
