"""The list of past orders."""

import datetime as dt
import html
import re

import pytest
from flask.testing import FlaskClient

from storefront.core.clock import now
from storefront.orders import history
from storefront.orders.models import OrderStatus
from tests.account.people import Customer
from tests.doors import HTMX


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_orders_are_shown_the_newest_first(alice: Customer) -> None:
    first = alice.ordered("Teapot")
    second = alice.ordered("Mug", "Bowl", status=OrderStatus.failed)

    part = words(alice.sees_part("/account/orders").text)

    assert f"K-{second} , Mug · Bowl" in part
    assert part.index(f"K-{second}") < part.index(f"K-{first}")
    assert "48,00 € Not paid" in part
    assert "Try to pay again : order" in part
    assert "24,00 € Paid, being packed" in part


def test_an_order_shows_its_pictures_and_leads_to_its_page(alice: Customer) -> None:
    alice.ordered("Mug", "Bowl")

    part = alice.sees_part("/account/orders").text

    assert re.findall(r'src="(.*?)"', part) == ["/static/demo/mug.svg", "/static/demo/bowl.svg"]
    assert len(set(re.findall(r'href="(/elsewhere/orders.show/[0-9a-f]{32})"', part))) == 1


def test_an_order_is_dated(alice: Customer) -> None:
    placed = now() - dt.timedelta(days=900)
    alice.ordered("Mug", placed_at=placed)

    assert f"{placed.astimezone():%Y}, {placed.astimezone():%H:%M}" in words(alice.sees("/account/orders").text)


def test_without_orders_it_says_so_kindly(alice: Customer) -> None:
    assert "Nothing ordered yet." in words(alice.sees("/account/orders").text)


def test_many_orders_are_paged(alice: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "PAGE_SIZE", 2)
    numbers = [alice.ordered("Mug") for _ in range(3)]

    newest = alice.sees("/account/orders").text
    older = alice.sees(f"/account/orders?before={numbers[1]}").text
    beyond = alice.sees(f"/account/orders?before={numbers[0]}").text

    assert f'href="/account/orders?before={numbers[1]}"' in newest
    assert f"K-{numbers[0]}" not in newest
    assert f"K-{numbers[0]}" in older
    assert "Older orders" not in older
    assert "Nothing older than that." in beyond
    assert alice.sees(f"/account/orders?before={'9' * 30}").status_code == 200


def test_orders_are_searched(alice: Customer) -> None:
    teapot, mug = alice.ordered("Teapot"), alice.ordered("Mug")

    by_name = words(alice.sees_part("/account/orders?q=teap").text)
    by_number = words(alice.sees(f"/account/orders?q=k-{mug}").text)
    nothing = alice.sees("/account/orders?q=<b>piano").text

    assert (f"K-{teapot}" in by_name, f"K-{mug}" in by_name) == (True, False)
    assert (f"K-{teapot}" in by_number, f"K-{mug}" in by_number) == (False, True)
    assert "or a thing called “<b>piano”" in words(nothing)
    assert 'value="&lt;b&gt;piano"' in nothing


def test_what_is_searched_for_stays_while_paging(alice: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "PAGE_SIZE", 1)
    numbers = [alice.ordered("Mug"), alice.ordered("Bowl"), alice.ordered("Mug")]

    newest = alice.sees("/account/orders?q=mug").text
    older = alice.sees(f"/account/orders?q=mug&before={numbers[2]}").text

    assert f'href="/account/orders?q=mug&amp;before={numbers[2]}"' in newest
    assert f"K-{numbers[0]}" in older
    assert f"K-{numbers[1]}" not in older
    assert 'href="/account/orders?q=mug"' in older


def test_an_order_can_be_ordered_again_unless_it_is_open(alice: Customer) -> None:
    paid, failed = alice.ordered("Mug"), alice.ordered("Bowl", status=OrderStatus.failed)

    part = alice.sees_part("/account/orders").text

    assert f'id="again-form-{paid}"' in part
    assert f'id="again-form-{failed}"' not in part


def test_bobs_orders_are_not_there_for_alice(alice: Customer, bob: Customer) -> None:
    his = bob.ordered("Mug")

    for seen in (alice.sees("/account/orders"), alice.sees_part("/account/orders")):
        assert f"K-{his}" not in seen.text
        assert "Nothing ordered yet." in seen.text


def test_the_list_and_its_part_are_the_same(alice: Customer) -> None:
    alice.ordered("Mug")

    assert alice.sees_part("/account/orders").text.strip() in alice.sees("/account/orders").text


def test_three_orders_cost_as_much_sql_as_one(alice: Customer) -> None:
    alice.ordered("Mug")
    with_one = alice.statements_for("/account/orders")
    alice.ordered("Mug", "Bowl")
    alice.ordered("Teapot")

    assert alice.statements_for("/account/orders") == with_one


def test_the_account_begins_with_the_orders(alice: Customer) -> None:
    answer = alice.sees("/account")

    assert (answer.status_code, answer.location) == (303, "/account/orders")


@pytest.mark.parametrize("path", ["/account", "/account/orders"])
def test_nobody_signed_in_is_led_to_the_login(stranger: FlaskClient, path: str) -> None:
    seen = stranger.get(path)
    in_place = stranger.get(path, headers=HTMX)

    assert (seen.status_code, seen.location) == (303, f"/auth/login?next={path}")
    assert in_place.status_code == 204


def test_what_is_private_is_kept_by_nobody(alice: Customer) -> None:
    for path in ("/account/orders", "/account/cards", "/account/addresses", "/account/profile"):
        assert alice.sees(path).headers["Cache-Control"] == "private, no-store"
