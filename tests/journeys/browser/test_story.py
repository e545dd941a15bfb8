"""The story that the shop is for: registers, pays with a new card and keeps it, comes back, and one click is enough."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

from storefront.cards.consent import consent
from storefront.cards.models import SavedCard
from storefront.catalog.importing import Imported, import_file
from storefront.core.mail.models import OutboundMail
from storefront.core.money import Money
from storefront.payments.ledger.models import PaymentAttempt
from tests.catalog.goods import APPAREL
from tests.journeys.browser.phone import Phone
from tests.stack import OWNER, Shop

ALICE = "alice@example.org"


@dataclass(frozen=True)
class Thing:
    """What is bought: its title, and its price in cents."""

    title: str
    price: int

    def costs(self, times: int = 1) -> str:
        return str(Money(self.price * times, "eur"))


OWN = (Thing("Teapot", 2400), Thing("Mug", 1250), Thing("Notebook", 890))
SHOPIFYS = (Thing("Ocean Blue Shirt", 5000), Thing("Classic Varsity Top", 6000), Thing("Yellow Wool Jumper", 8000))


@pytest.fixture
def database_url(database_engine: str, request: pytest.FixtureRequest) -> str:
    """These are told on both databases."""
    url: str = request.getfixturevalue(f"{database_engine}_url")
    return url


def test_a_customer_pays_keeps_the_card_comes_back_and_buys_with_one_click(
    shop: Shop, open_phone: Callable[..., Phone]
) -> None:
    tell_story(shop, open_phone, OWN)

    assert shop.stock("Mug") == 39
    assert shop.stock("Notebook") == 39


def test_the_same_with_things_from_shopifys_file(shop: Shop, open_phone: Callable[..., Phone], tmp_path: Path) -> None:
    bring_in_apparel(shop, tmp_path)

    tell_story(shop, open_phone, SHOPIFYS)


def tell_story(shop: Shop, open_phone: Callable[..., Phone], goods: tuple[Thing, Thing, Thing]) -> None:
    first, second, third = goods

    registers_and_pays_with_new_card(open_phone(), first)
    another_day = open_phone()
    another_day.signs_in(ALICE, "Alice Archer")
    buys_with_one_click(another_day, second)
    buys_cart_with_one_click(another_day, third)
    buys_past_order_again(another_day, first)
    shop.settle()

    totals = [2 * first.price, second.price, third.price, 2 * first.price]
    assert shop.orders() == [(total, "paid") for total in totals]
    assert shop.all(PaymentAttempt.number, PaymentAttempt.state) == [(1, "succeeded")] * 4
    assert shop.charged() == [Money(total, "eur") for total in totals]
    assert keeps_one_card_with_consent(shop)
    assert mails_sent(shop, "receipt") == [(ALICE, "sent")] * 4
    assert mails_sent(shop, "order_for_owner") == [(OWNER, "sent")] * 4
    assert shop.failed_jobs() == []


def registers_and_pays_with_new_card(phone: Phone, thing: Thing) -> None:
    phone.registers("Alice Archer", ALICE)
    phone.opens("/")
    phone.follows(thing.title)
    phone.page.get_by_role("button", name="Add to cart").click()
    phone.follows("View cart")
    phone.page.get_by_role("button", name=f"One {thing.title} more").click()
    expect(phone.page.locator(".sums__total")).to_contain_text(thing.costs(2))
    phone.follows("Buy now")
    phone.pays_with_new_card()
    phone.sees_receipt(thing.costs(2))


def buys_with_one_click(phone: Phone, thing: Thing) -> None:
    phone.opens("/")
    phone.follows(thing.title)
    chooses_where_there_is_a_choice(phone)
    page = phone.page.url
    button = phone.panel.locator(".pay")
    expect(button).to_have_accessible_name(f"Buy now · {thing.costs()} · Visa ending in 4242")
    expect(phone.panel.locator("#one-click-line")).to_contain_text("to Lindenstraße 4")
    button.click()
    phone.sees_receipt(thing.costs())
    assert phone.page.url == page


def chooses_where_there_is_a_choice(phone: Phone) -> None:
    """Nothing is preselected: of each option the first is taken."""
    pickers = phone.page.locator("fieldset:has(input[type=radio])")
    for place in range(pickers.count()):
        pickers.nth(place).get_by_role("radio").first.check()
        expect(pickers.nth(place).get_by_role("radio").first).to_be_checked()
    if pickers.count():
        phone.page.wait_for_url("**?variant=*")


def buys_cart_with_one_click(phone: Phone, thing: Thing) -> None:
    phone.puts_in_cart(thing.title)
    phone.follows("View cart")
    phone.clicks_buy_now()
    phone.sees_receipt(thing.costs())
    expect(phone.masthead.locator(".masthead__count")).to_have_count(0)


def buys_past_order_again(phone: Phone, thing: Thing) -> None:
    phone.opens("/account/orders")
    phone.follows("K-1001")
    phone.page.get_by_role("button", name="Buy again").click()
    expect(phone.panel.locator(".receipt__head")).to_contain_text(f"Paid · {thing.costs(2)}")


def bring_in_apparel(shop: Shop, folder: Path) -> None:
    """Shopify's own example. Its pictures are where nobody answers, so they are drawn."""
    copy = folder / "apparel.csv"
    example = APPAREL.read_text(encoding="utf-8")
    copy.write_text(example.replace("https://burst.shopifycdn.com", "http://127.0.0.1:1"), encoding="utf-8")
    shop.app.instance_path = str(folder / "instance")
    with shop.inside():
        assert import_file(copy) == Imported(products=20, variants=22, problems=(), drawn=20)


def keeps_one_card_with_consent(shop: Shop) -> bool:
    [card] = shop.all(SavedCard)
    return (card.brand, card.last4, card.consent_words, card.consent_at is None) == (
        "visa",
        "4242",
        str(consent(is_customer=True)),
        False,
    )


def mails_sent(shop: Shop, kind: str) -> list[tuple[str, str]]:
    """Where mails of this kind went, and how that stands."""
    rows = shop.all(OutboundMail.kind, OutboundMail.to, OutboundMail.state)
    return [(to, state) for sort, to, state in rows if sort == kind]
