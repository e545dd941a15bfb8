import threading
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from storefront.catalog.models import Variant
from storefront.catalog.stock import SoldOutError, put_back, take
from storefront.catalog.version import bump_version, catalogue_version
from storefront.core.database import current_session, end_read, transaction
from tests.apps import bare_app
from tests.catalog.goods import put, stock_of


@dataclass(frozen=True)
class Line:
    variant_id: int | None
    quantity: int


def test_taking_lessens_stock_and_says_what_is_counted(shop: None) -> None:
    counted, uncounted = put("Teapot", prices=(1, 1), stocks=(5, None))

    with transaction():
        told = take([Line(uncounted, 2), Line(counted, 2)])

    assert told == {counted}
    assert (stock_of(counted), stock_of(uncounted)) == (3, None)


def test_two_lines_of_one_variant_are_taken_together(shop: None) -> None:
    (variant,) = put("Teapot", stocks=(3,))

    with pytest.raises(SoldOutError) as refused, transaction():
        take([Line(variant, 2), Line(variant, 2)])

    assert (refused.value.variant_id, refused.value.left) == (variant, 3)
    assert stock_of(variant) == 3


def test_what_is_short_takes_nothing_at_all(shop: None) -> None:
    first, second = put("Teapot", prices=(1, 1), stocks=(5, 0))

    with pytest.raises(SoldOutError, match="this has just sold out"), transaction():
        take([Line(first, 1), Line(second, 1)])

    assert stock_of(first) == 5


def test_a_variant_that_is_no_more_is_sold_out(shop: None) -> None:
    with pytest.raises(SoldOutError), transaction():
        take([Line(4711, 1)])


def test_giving_back_adds_to_counted_stock_only(shop: None) -> None:
    counted, uncounted = put("Teapot", prices=(1, 1), stocks=(0, None))

    with transaction():
        put_back([Line(counted, 2), Line(uncounted, 2), Line(None, 1)])

    assert (stock_of(counted), stock_of(uncounted)) == (2, None)


@pytest.mark.parametrize(
    ("stock", "quantity", "shows"),
    [(10, 6, False), (10, 7, True), (3, 1, True), (1, 1, True)],
)
def test_the_version_rises_only_when_few_are_left(shop: None, stock: int, quantity: int, *, shows: bool) -> None:
    (variant,) = put("Teapot", stocks=(stock,))
    before = catalogue_version()

    with transaction():
        take([Line(variant, quantity)])
    taken = catalogue_version()
    with transaction():
        put_back([Line(variant, quantity)])

    assert (taken - before, catalogue_version() - taken) == (int(shows), int(shows))


def test_the_last_one_is_sold_once(database_url: str) -> None:
    with bare_app(database_url) as app:
        with app.app_context():
            (variant,) = put("Teapot", stocks=(4,))
        sold: list[int] = []

        def buy() -> None:
            with app.app_context():
                try:
                    with transaction():
                        take([Line(variant, 1)])
                    sold.append(1)
                except SoldOutError:
                    pass

        buyers = [threading.Thread(target=buy) for _ in range(8)]
        for buyer in buyers:
            buyer.start()
        for buyer in buyers:
            buyer.join()

        with app.app_context():
            assert (len(sold), stock_of(variant)) == (4, 0)


def test_two_carts_of_the_same_things_do_not_wait_for_each_other(database_url: str) -> None:
    with bare_app(database_url) as app:
        with app.app_context():
            one, other = put("Teapot", prices=(1, 1), stocks=(40, 40))

        def buy(first: int, second: int) -> None:
            with app.app_context():
                for _ in range(10):
                    with transaction():
                        take([Line(first, 1), Line(second, 1)])

        buyers = [threading.Thread(target=buy, args=pair) for pair in [(one, other), (other, one)] * 2]
        for buyer in buyers:
            buyer.start()
        for buyer in buyers:
            buyer.join()

        with app.app_context():
            end_read()
            left = current_session().scalars(select(Variant.stock)).all()
        assert left == [0, 0]


def test_a_raised_version_is_seen_inside_the_transaction_and_after_it(shop: None) -> None:
    before = catalogue_version()

    with transaction():
        bump_version()
        inside = catalogue_version()

    assert (inside, catalogue_version()) == (before + 1, before + 1)
