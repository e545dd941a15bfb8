"""A start looks at the database that is there, makes none, and never stands in the way of making its tables."""

from pathlib import Path

import pytest
from sqlalchemy import select, update

from config import BadSettingError
from storefront.core.database import current_session, end_read, transaction
from storefront.core.installation import Installation
from storefront.orders.models import Order
from storefront.payments.modes import check_at_start
from tests.apps import bare_app
from tests.payments.conftest import Books

LIVE = {
    "STRIPE_SECRET_KEY": "sk_live_shop",
    "STRIPE_PUBLISHABLE_KEY": "pk_live_shop",
    "BASE_URL": "https://shop.test",
    "STRIPE_API_BASE": "https://api.stripe.com",
}


def test_looking_makes_no_database(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"

    with bare_app(f"sqlite:///{file}") as app, app.app_context():
        check_at_start()

    assert not file.exists()


def test_without_tables_it_starts_so_that_they_can_be_made(empty_database_url: str) -> None:
    if empty_database_url.startswith("sqlite"):
        Path(empty_database_url.removeprefix("sqlite:///")).touch()

    with bare_app(empty_database_url) as app, app.app_context():
        check_at_start()

        # Nothing is left open that would have to be undone first.
        assert current_session().scalar(select(1)) == 1
        end_read()


def test_orders_paid_for_real_and_test_keys_do_not_go_together(books: Books) -> None:
    books.paid()
    check_at_start()
    with transaction() as session:
        session.execute(update(Order).values(livemode=True))

    with pytest.raises(BadSettingError, match="STRIPE_SECRET_KEY is a test key"):
        check_at_start()


@pytest.mark.parametrize(
    ("other", "noted"), [({}, "https://shop.test"), ({"STAGING_COPY": "1"}, ""), ({"STAGING_COPY": "true"}, "")]
)
def test_the_first_start_with_live_keys_says_where_the_shop_is(
    database_url: str, other: dict[str, str], noted: str
) -> None:
    with bare_app(database_url, **(LIVE | other)) as app, app.app_context():
        check_at_start()

        assert current_session().scalars(select(Installation.base_url)).one() == noted
        end_read()
