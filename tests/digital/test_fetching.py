"""Fetching what was bought: who is let in, how often, and what is said to the others."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

from storefront.core.mail.models import OutboundMail
from storefront.digital import assets, links
from storefront.digital.fetching import forget_clients
from storefront.digital.folder import files_folder
from storefront.digital.models import Asset, Download, Grant
from storefront.orders.models import Order
from tests.digital.goods import (
    BOOKLET,
    URL,
    decides,
    dispute,
    give_back,
    refund_fails,
    sells_booklet,
    sells_link,
    used,
)
from tests.people import Shopper, at_once
from tests.stack import Sandbox, Shop

PDF = "application/pdf"
MAILED = re.compile(r"http://\S+/downloads/order/\S+")


def button(person: Shopper, name: str = "Download") -> str:
    """Where the button of that name on their newest order's page leads."""
    found = re.search(rf'href="([^"]+)"[^>]*>{name}<', person.sees_order().html)
    assert found, person.sees_order().page.text
    return person.shop.url + found[1]


def fetches(person: Shopper, url: str = "", verb: str = "GET", **headers: str) -> requests.Response:
    """What comes back, with everything on the way followed."""
    return person.browser.request(verb, url or button(person), headers=headers, timeout=20)


def words(answer: requests.Response) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", answer.text.partition("<main")[2].partition("</main")[0]).split())


def mailed(shop: Shop, kind: str = "receipt") -> str:
    shop.settle()
    found = MAILED.search(shop.letter(kind))
    assert found, shop.letter(kind)
    return found[0]


@dataclass
class Bought:
    """Alice has just bought the booklet."""

    shop: Shop
    alice: Shopper
    asset: int = 0
    terms: dict[str, int | None] = field(default_factory=dict)


@pytest.fixture
def bought(shop: Shop, alice: Shopper, tmp_path: Path) -> Bought:
    asset = sells_booklet(shop, tmp_path)
    assert alice.buys("Notebook").state == "paid"
    return Bought(shop, alice, asset)


def test_the_whole_story(shop: Shop, sandbox: Sandbox, bought: Bought) -> None:
    alice = bought.alice
    assert "10 of 10 downloads left" in alice.sees_order().page.text

    whole = fetches(alice)

    assert (whole.status_code, whole.content) == (200, BOOKLET)
    page = alice.sees_order().page.text
    assert "9 of 10 downloads left" in page
    assert "Ready to download" in page
    assert "Packed" not in page
    assert "On its way" not in page

    give_back(shop)
    shop.settle()
    refused = fetches(alice, whole.url)
    assert refused.status_code == 403
    assert "Its order was paid back" in words(refused)
    assert BOOKLET not in refused.content
    assert "Closed: the order was paid back." in alice.sees_order().page.text

    refund_fails(shop, sandbox)
    assert fetches(alice, whole.url).content == BOOKLET


def test_a_file_comes_with_what_browsers_need_to_know(bought: Bought) -> None:
    answer = fetches(bought.alice)

    headers = answer.headers
    assert headers["Content-Type"] == PDF
    assert headers["Content-Length"] == str(len(BOOKLET))
    assert headers["Content-Disposition"].startswith("attachment; ")
    assert f"filename*=UTF-8''{quote('Glazes & Brände.pdf', safe='!#$&+^`|~')}" in headers["Content-Disposition"]
    assert headers["Cache-Control"] == "private, no-store, no-transform"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["X-Robots-Tag"] == "noindex"
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["ETag"].strip('"') == bought.shop.all(Asset.sha256)[0]
    assert "Last-Modified" in headers
    assert "Content-Encoding" not in headers


def test_a_page_that_is_sold_is_sent_as_it_is(shop: Shop, alice: Shopper, tmp_path: Path) -> None:
    written = tmp_path / "course.html"
    written.write_text("<script>alert(1)</script>" * 200)
    with shop.inside():
        assets.add_file("notebook", written, assets.Terms())
    alice.buys("Notebook")

    answer = fetches(alice, **{"Accept-Encoding": "gzip, br"})

    assert answer.text == written.read_text()
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Content-Disposition"] == "attachment; filename=course.html"


def test_a_download_that_broke_off_goes_on_and_counts_once(shop: Shop, bought: Bought) -> None:
    alice = bought.alice
    url = fetches(alice).url
    tag = fetches(alice, url, "HEAD").headers["ETag"]
    shop.clock.forward(hours=5)

    rest = fetches(alice, url, Range="bytes=1000-", **{"If-Range": tag})
    last = fetches(alice, url, Range="bytes=-7")

    assert (rest.status_code, rest.content) == (206, BOOKLET[1000:])
    assert rest.headers["Content-Range"] == f"bytes 1000-{len(BOOKLET) - 1}/{len(BOOKLET)}"
    assert last.content == BOOKLET[-7:]
    assert used(shop) == [1]


def test_pressing_twice_counts_once_and_another_day_counts_again(shop: Shop, bought: Bought) -> None:
    fetches(bought.alice)
    fetches(bought.alice, Range="bytes=0-")
    assert used(shop) == [1]

    shop.clock.forward(hours=2)
    fetches(bought.alice)

    assert used(shop) == [2]


def test_another_browser_counts_by_itself(shop: Shop, bought: Bought) -> None:
    url = fetches(bought.alice).url

    fetches(bought.alice, url, **{"User-Agent": "another"})
    fetches(bought.alice, url, Range="bytes=5-", **{"User-Agent": "a third"})

    assert used(shop) == [3]
    assert shop.all(Download.first_byte) == [0, 0, 5]


def test_asking_for_less_than_the_file_counts_nothing(shop: Shop, bought: Bought) -> None:
    alice, tag = bought.alice, f'"{bought.shop.all(Asset.sha256)[0]}"'
    url = f"{shop.url}/downloads/{token(shop)}"

    assert fetches(alice, url, "HEAD").status_code == 200
    assert fetches(alice, url, **{"If-None-Match": tag}).status_code == 304
    assert fetches(alice, url, Range="bytes=999999-").status_code == 416

    assert used(shop) == [0]


def token(shop: Shop) -> str:
    with shop.inside():
        return links.to_file(shop.all(Grant.id)[0])


def test_so_often_and_no_more(shop: Shop, alice: Shopper, tmp_path: Path) -> None:
    sells_booklet(shop, tmp_path, max_downloads=2)
    alice.buys("Notebook")
    url = fetches(alice).url
    fetches(alice, url, **{"User-Agent": "another"})

    one_more = fetches(alice, url, **{"User-Agent": "a third"})

    assert one_more.status_code == 403
    assert "All the downloads of this file are used" in words(one_more)
    assert used(shop) == [2]
    assert fetches(alice, url, Range="bytes=10-").content == BOOKLET[10:]
    page = alice.sees_order().page.text
    assert "All downloads are used" in page
    assert "downloads left" not in page


def test_many_at_once_are_no_more_than_the_limit(shop: Shop, alice: Shopper, tmp_path: Path) -> None:
    sells_booklet(shop, tmp_path, max_downloads=2)
    alice.buys("Notebook")
    url = f"{shop.url}/downloads/{token(shop)}"
    browsers: list[Callable[[], Any]] = [
        partial(fetches, alice.another_tab(), url, **{"User-Agent": f"browser {one}"}) for one in range(6)
    ]

    answers = at_once(browsers)

    assert sorted(answer.status_code for answer in answers) == [200, 200, 403, 403, 403, 403]
    assert used(shop) == [2]


def test_its_time_may_be_over(shop: Shop, alice: Shopper, tmp_path: Path) -> None:
    sells_booklet(shop, tmp_path, days=3)
    alice.buys("Notebook")
    assert "until" in alice.sees_order().page.text
    shop.clock.forward(hours=73)

    answer = fetches(alice, f"{shop.url}/downloads/{token(shop)}")

    assert answer.status_code == 410
    assert "Its time is over" in words(answer)
    assert used(shop) == [0]


def test_an_old_link_offers_a_fresh_one_to_who_bought(shop: Shop, bought: Bought, bob: Shopper) -> None:
    url = fetches(bought.alice).url
    shop.clock.forward(hours=25)

    old, strange = fetches(bought.alice, url), fetches(bob, url)

    assert old.status_code == strange.status_code == 410
    fresh = re.search(r'href="([^"]+)"[^>]*>Download it now<', old.text)
    assert fresh
    assert fetches(bought.alice, shop.url + fresh[1]).content == BOOKLET
    assert "Download it now" not in strange.text
    assert shop.order_ids()[0] not in strange.text
    assert "Open your order, or our mail about it" in words(strange)


def test_anothers_download_is_not_there(shop: Shop, bought: Bought, bob: Shopper, tmp_path: Path) -> None:
    order, grant = shop.order_ids()[0], shop.all(Grant.id)[0]
    bob.buys("Notebook")
    bobs = shop.order_ids()[1]

    assert fetches(bob, f"{shop.url}/orders/{order}/downloads/{grant}").status_code == 404
    assert fetches(bob, f"{shop.url}/orders/{bobs}/downloads/{grant}").status_code == 404
    assert fetches(bob, f"{shop.url}/orders/{bobs}/downloads/{10**30}").status_code == 404
    assert "Glazes" not in bob.sees_order(order).html


@pytest.mark.parametrize("tampered", ["x", "..%2f..%2fshop.db", "%00", "eyJhIjoxfQ.aaaa.bbbb", "W10.aQ.c"])
def test_a_link_that_is_not_ours_is_not_there(shop: Shop, bought: Bought, tampered: str) -> None:
    answer = fetches(bought.alice, f"{shop.url}/downloads/{tampered}")

    assert answer.status_code in {400, 404}
    assert used(shop) == [0]


def test_a_link_is_good_for_what_it_was_made_for(shop: Shop, bought: Bought) -> None:
    with shop.inside():
        for_mail = links.to_all(shop.all(Order.id)[0])

    assert fetches(bought.alice, f"{shop.url}/downloads/{for_mail}").status_code == 404
    assert fetches(bought.alice, f"{shop.url}/downloads/order/{token(shop)}").status_code == 404
    cut = fetches(bought.alice, f"{shop.url}/downloads/{token(shop)[:-1]}")
    assert cut.status_code == 404
    assert "Perhaps it was cut off on its way" in words(cut)


def test_a_lost_dispute_closes_its_files(shop: Shop, sandbox: Sandbox, bought: Bought) -> None:
    url = fetches(bought.alice).url
    opened = dispute(shop, sandbox)
    assert fetches(bought.alice, url).status_code == 200

    decides(shop, sandbox, opened, "lost")

    refused = fetches(bought.alice, url)
    assert refused.status_code == 403
    assert "Your bank took the money for this order back" in words(refused)
    assert "Closed: your bank took the money back." in bought.alice.sees_order().page.text


def test_a_link_leads_there_and_counts(shop: Shop, alice: Shopper) -> None:
    sells_link(shop)
    alice.buys("Notebook")

    answer = alice.browser.get(button(alice, "Open"), timeout=20, allow_redirects=False)
    led = alice.browser.get(shop.url + answer.headers["Location"], timeout=20, allow_redirects=False)

    assert (led.status_code, led.headers["Location"]) == (303, URL)
    assert led.headers["Cache-Control"].startswith("private, no-store")
    assert "videos.example" in alice.sees_order().page.text
    assert used(shop) == [1]


def test_a_lost_file_is_said_in_words_and_the_owner_hears_once_a_day(shop: Shop, bought: Bought) -> None:
    url = fetches(bought.alice).url
    with shop.inside():
        (files_folder() / shop.all(Asset.path)[0]).unlink()
    shop.clock.forward(hours=2)

    first, again = fetches(bought.alice, url), fetches(bought.alice, url)

    assert first.status_code == again.status_code == 503
    assert "The file is missing on our side" in words(first)
    assert used(shop) == [1]
    shop.settle()
    assert shop.mails("owner_alarm") == [("owner_alarm", "olive@kiesel.example")]
    assert "Glazes & Brände.pdf" in shop.letter("owner_alarm")


def test_the_mail_leads_to_the_files_without_a_login(shop: Shop, bought: Bought) -> None:
    mail = mailed(shop)
    somebody = Shopper(shop, "Nobody", "nobody@example.org")

    page = fetches(somebody, mail)

    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "What came with order" in words(page)
    assert "Lindenstraße" not in page.text
    found = re.search(r'href="([^"]+)"[^>]*>Download<', page.text)
    assert found
    assert fetches(somebody, shop.url + found[1]).content == BOOKLET
    # Opening the page alone, as mail scanners do, counts nothing.
    assert used(shop) == [1]
    assert "Glazes & Brände.pdf, 10 KB" in shop.letter("receipt")
    somebody.browser.close()


def test_an_old_mail_sends_a_fresh_one_to_the_same_address(shop: Shop, bought: Bought) -> None:
    mail = mailed(shop)
    shop.clock.forward(hours=31 * 24)
    somebody = Shopper(shop, "Nobody", "nobody@example.org")

    old = somebody.opens(mail)
    assert old.status == 410
    sent = somebody.presses(old.page.form("/renewal"), htmx=False)

    assert "We sent it to the address of the order" in sent.page.text
    assert [to for kind, to in shop.mails("downloads")] == [bought.alice.email]
    assert fetches(somebody, mailed(shop, "downloads")).status_code == 200
    more = [somebody.presses(old.page.form("/renewal"), htmx=False).status for _ in range(3)]
    assert more == [200, 200, 429]
    somebody.browser.close()


def test_a_refunded_order_sends_no_fresh_link(shop: Shop, bought: Bought) -> None:
    mail = mailed(shop)
    give_back(shop)
    shop.settle()

    page = fetches(bought.alice, mail)
    assert "Closed: the order was paid back." in words(page)
    assert "/downloads/" not in page.text.partition("<main")[2].partition("</main")[0]


def test_what_was_removed_stays_with_those_who_have_it(shop: Shop, bought: Bought) -> None:
    with shop.inside():
        assert assets.remove(bought.asset) == 1

    assert fetches(bought.alice).content == BOOKLET


def test_who_fetched_it_is_forgotten_after_a_few_days(shop: Shop, bought: Bought) -> None:
    fetches(bought.alice)
    assert len(shop.all(Download.client_hash)[0]) == 32
    shop.clock.forward(hours=49)

    with shop.inside():
        forget_clients()

    assert shop.all(Download.client_hash) == [""]
    assert used(shop) == [1]


class TestBehindAnotherServer:
    """It sends the file; the shop says which, and counts."""

    @pytest.fixture(params=["x-accel-redirect:/private-files/", "x-sendfile"])
    def shop_settings(self, tmp_path: Path, request: pytest.FixtureRequest) -> dict[str, str]:
        return {"FILES_DIR": str(tmp_path / "private"), "FILES_ACCEL": request.param}

    def test_it_is_told_which_file(
        self, shop: Shop, bought: Bought, shop_settings: dict[str, str], tmp_path: Path
    ) -> None:
        answer = fetches(bought.alice)

        path = shop.all(Asset.path)[0]
        assert answer.content == b""
        assert answer.headers["Content-Type"] == PDF
        assert "Br%C3%A4nde.pdf" in answer.headers["Content-Disposition"]
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        if shop_settings["FILES_ACCEL"] == "x-sendfile":
            assert answer.headers["X-Sendfile"] == str(tmp_path / "private" / path)
        else:
            assert answer.headers["X-Accel-Redirect"] == f"/private-files/{path}"
        fetches(bought.alice, answer.url, Range="bytes=4-")
        assert used(shop) == [1]

    def test_it_is_told_nothing_where_nobody_may(self, shop: Shop, bought: Bought) -> None:
        url = fetches(bought.alice).url
        give_back(shop)
        shop.settle()

        refused = fetches(bought.alice, url)

        assert refused.status_code == 403
        assert not {"X-Sendfile", "X-Accel-Redirect"} & set(refused.headers)


def test_the_list_of_orders_leads_to_them_while_they_are_open(shop: Shop, bought: Bought) -> None:
    listed = bought.alice.opens("/account/orders")
    assert f"/orders/{shop.order_ids()[0]}#downloads" in listed.html

    give_back(shop)
    shop.settle()

    assert "#downloads" not in bought.alice.opens("/account/orders").html


def test_the_receipt_on_the_spot_leads_to_them(shop: Shop, alice: Shopper, tmp_path: Path) -> None:
    sells_booklet(shop, tmp_path)

    answer = alice.buys("Notebook")

    assert f'href="/orders/{shop.order_ids()[0]}#downloads"' in answer.html
    assert "To your downloads" not in alice.buys("Teapot").html


def test_mails_are_only_about_what_there_is(shop: Shop, alice: Shopper) -> None:
    alice.buys("Teapot")
    shop.settle()

    assert "/downloads/" not in shop.letter("receipt")
    assert shop.count(OutboundMail)
