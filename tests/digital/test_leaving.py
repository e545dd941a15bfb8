"""Taking data along, and leaving, with files bought."""

from pathlib import Path

from storefront.digital.models import Download
from storefront.privacy.erase import delete_account
from storefront.privacy.export import everything_of
from tests.digital.goods import BOOKLET, give_back, sells_booklet, used
from tests.digital.test_fetching import fetches
from tests.people import Shopper
from tests.stack import Shop


def test_what_was_given_and_fetched_is_theirs_to_take(shop: Shop, alice: Shopper, bob: Shopper, tmp_path: Path) -> None:
    sells_booklet(shop, tmp_path)
    bob.buys("Notebook")
    alice.buys("Teapot")
    alice.buys("Notebook")
    fetches(alice)

    with shop.inside():
        orders = dict(everything_of(alice.user_id))["orders"]

    assert [len(order["downloads"]) for order in orders] == [0, 1]
    [given] = orders[1]["downloads"]
    assert (given["name"], given["max_downloads"], given["revoked_at"]) == ("Glazes & Brände.pdf", 10, None)
    assert len(given["downloaded_at"]) == 1
    assert alice.browser.post(f"{shop.url}/account/export").status_code == 200


def test_who_left_is_not_told_by_their_browser_any_more(shop: Shop, alice: Shopper, tmp_path: Path) -> None:
    sells_booklet(shop, tmp_path)
    alice.buys("Notebook")
    url = fetches(alice).url
    shop.settle()

    with shop.inside():
        delete_account(alice.user_id)

    assert shop.all(Download.client_hash) == [""]
    assert used(shop) == [1]
    # What was paid for stays theirs.
    assert fetches(alice, url).content == BOOKLET


def test_the_mail_about_all_the_money_says_that_the_files_are_closed(
    shop: Shop, alice: Shopper, tmp_path: Path
) -> None:
    sells_booklet(shop, tmp_path)
    alice.buys("Notebook")

    give_back(shop, 400)
    shop.settle()
    assert "downloads of this order are closed" not in shop.letter("refunded")
    give_back(shop, 490, token="twice")
    shop.settle()

    assert "downloads of this order are closed" in shop.letter("refunded")
