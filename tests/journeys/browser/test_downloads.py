"""What is downloaded: bought with one click, fetched, paid back, refused."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.digital.goods import BOOKLET, give_back, refund_fails, sells_booklet, used
from tests.journeys.browser.phone import Phone
from tests.people import Shopper
from tests.stack import Sandbox, Shop

BUTTON = re.compile("Download ?: Glazes")


@pytest.fixture
def shop_settings(tmp_path: Path) -> dict[str, str]:
    return {"FILES_DIR": str(tmp_path / "private")}


def downloaded(page: Page) -> tuple[str, bytes]:
    """Press the button; what the browser saved, under which name."""
    with page.expect_download() as coming:
        page.get_by_role("link", name=BUTTON).click()
    return coming.value.suggested_filename, Path(coming.value.path()).read_bytes()


def test_it_is_downloaded_refunded_and_refused(
    shop: Shop, sandbox: Sandbox, alice: Shopper, phone: Phone, tmp_path: Path
) -> None:
    sells_booklet(shop, tmp_path)
    phone.belongs_to(alice)
    phone.buys("Notebook")
    phone.sees_receipt("8,90 €")
    phone.follows("To your downloads")
    files = phone.page.locator("#downloads")
    expect(files).to_contain_text("10 of 10 downloads left")
    expect(phone.page.locator("#timeline")).not_to_contain_text("Packed")

    assert downloaded(phone.page) == ("Glazes & Brände.pdf", BOOKLET)
    phone.page.reload()
    expect(files).to_contain_text("9 of 10 downloads left")
    open_before = phone.another_tab()
    open_before.opens(f"/orders/{shop.order_ids()[0]}")

    give_back(shop)
    shop.settle()
    open_before.pardoned.append("403")
    open_before.page.get_by_role("link", name=BUTTON).click()
    expect(open_before.page.get_by_role("heading", level=1)).to_have_text("This is closed")
    expect(open_before.page.locator("main")).to_contain_text("Its order was paid back")
    phone.page.reload()
    expect(files).to_contain_text("Closed: the order was paid back.")
    expect(files.get_by_role("link")).to_have_count(0)


def test_it_opens_again_when_the_refund_fails(
    shop: Shop, sandbox: Sandbox, alice: Shopper, phone: Phone, tmp_path: Path
) -> None:
    sells_booklet(shop, tmp_path)
    alice.buys("Notebook")
    give_back(shop)
    phone.belongs_to(alice)
    phone.opens(f"/orders/{shop.order_ids()[0]}")
    expect(phone.page.locator("#downloads")).to_contain_text("Closed")

    refund_fails(shop, sandbox)
    phone.page.reload()

    assert downloaded(phone.page) == ("Glazes & Brände.pdf", BOOKLET)
    assert used(shop) == [1]


def test_without_scripts_the_same_button_saves_it(
    shop: Shop, alice: Shopper, open_phone: Callable[..., Phone], tmp_path: Path
) -> None:
    sells_booklet(shop, tmp_path)
    phone = open_phone(java_script_enabled=False)
    phone.belongs_to(alice)
    phone.opens("/products/notebook")

    phone.panel.locator(".pay").first.click()

    expect(phone.page.locator("#downloads")).to_contain_text("10 of 10 downloads left")
    assert downloaded(phone.page) == ("Glazes & Brände.pdf", BOOKLET)
