"""What an order is called."""

import pytest

from storefront.orders.labels import label, number_of
from tests.apps import bare_app


@pytest.mark.parametrize(
    ("shop_name", "called"),
    [
        ("Kiesel", "K-1043"),
        ("die Töpferei", "D-1043"),
        ("östlich", "Ö-1043"),
        ("3 Eichen", "E-1043"),
        ("ßtein", "S-1043"),
        ("24/7", "N-1043"),
    ],
)
def test_an_order_bears_the_shops_letter(sqlite_url: str, shop_name: str, called: str) -> None:
    with bare_app(sqlite_url, SHOP_NAME=shop_name) as app, app.app_context():
        assert label(1043) == called
        assert number_of(called) == 1043


@pytest.mark.parametrize(
    "written", ["K-1043", "k-1043", " K-1043 ", "K1043", "K 1043", "k – 1043", "#1043", "#K-1043", "1043", "Z-1043"]
)
def test_a_number_is_read_however_it_is_written(written: str) -> None:
    assert number_of(written) == 1043


@pytest.mark.parametrize(
    "written", ["", "K-", "K", "KK-1043", "1043a", "-1043", "10 43", "1043\n1044", "٣", "99999999999", "1.5"]
)
def test_what_is_no_number_is_none(written: str) -> None:
    assert number_of(written) is None
