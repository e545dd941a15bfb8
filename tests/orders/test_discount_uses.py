"""A code is used as often as it may be, and never lost: taken, free again, taken again."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import insert, inspect
from sqlalchemy.exc import IntegrityError

from storefront.carts.models import Cart
from storefront.core.clock import now
from storefront.core.database import end_read, transaction
from storefront.customers.models import User
from storefront.discounts import redemption
from storefront.discounts.lookup import find_discount
from storefront.discounts.models import DiscountUse
from storefront.discounts.redemption import DiscountUsedUpError
from storefront.extensions import db
from storefront.orders.totals import PricingContext
from tests.apps import bare_app
from tests.orders.codes import holders, offer, order, take, uses


@pytest.fixture(autouse=True)
def shop(database_url: str) -> Iterator[None]:
    with bare_app(database_url) as app, app.app_context():
        yield


def user(name: str) -> int:
    with transaction() as session:
        row = User(email=name, email_key=name, password_hash="", name=name)
        session.add(row)
        session.flush()
        return row.id


def test_it_is_used_as_often_as_it_may_be() -> None:
    code = offer(most_uses=2)
    take(code, order(1), "alice")
    take(code, order(2), "bob")

    with pytest.raises(DiscountUsedUpError, match="The code TEN was used up in the meantime"):
        take(code, order(3), "carol")

    assert (uses(), holders()) == (2, [1, 2])


def test_an_order_uses_one_code_once() -> None:
    code = offer()
    take(code, order(1))

    with pytest.raises(DiscountUsedUpError):
        take(code, 1)

    assert (uses(), holders()) == (1, [1])


def test_without_a_limit_it_is_counted_all_the_same() -> None:
    code = offer()

    for number in (1, 2, 3):
        take(code, order(number))

    assert uses() == 3


def test_once_per_customer_is_meant_by_account_and_by_address() -> None:
    code = offer(once=True)
    alice = user("alice")
    take(code, order(1), "alice", alice)

    for number, email, user_id in ((3, "alice", None), (4, "other", alice)):
        with pytest.raises(DiscountUsedUpError):
            take(code, order(number), email, user_id)
    take(code, order(2), "bob")

    assert uses() == 2


def test_guests_are_not_one_customer() -> None:
    code = offer(once=True)
    take(code, order(1), "alice")
    take(code, order(2), "bob")
    with transaction():
        redemption.release_use(2)
        redemption.retake_use(2, "TEN")

    assert holders() == [1, 2]


def test_freed_twice_is_freed_once() -> None:
    code = offer(most_uses=3)
    take(code, order(1), "alice")
    take(code, order(2), "bob")

    for _ in range(3):
        with transaction():
            redemption.release_use(1)

    assert (uses(), holders()) == (1, [2])


def test_an_order_without_a_code_frees_nothing() -> None:
    offer()
    order(1)

    with transaction():
        redemption.release_use(1)
        redemption.retake_use(1, "TEN")
        assert redemption.count_late_use(1) is False

    assert uses() == 0


def test_what_is_free_can_be_taken_again_unless_somebody_was_faster() -> None:
    code = offer(most_uses=1)
    take(code, order(1), "alice")
    with transaction():
        redemption.release_use(1)
    with transaction():
        redemption.retake_use(1, "TEN")
        redemption.retake_use(1, "TEN")
    assert (uses(), holders()) == (1, [1])

    with transaction():
        redemption.release_use(1)
    take(code, order(2), "bob")
    with pytest.raises(DiscountUsedUpError, match="used up in the meantime"), transaction():
        redemption.retake_use(1, "TEN")

    assert (uses(), holders()) == (1, [2])


def test_taken_again_it_is_still_once_per_customer() -> None:
    code = offer(once=True)
    take(code, order(1), "alice")
    with transaction():
        redemption.release_use(1)
    take(code, order(2), "alice")

    with pytest.raises(DiscountUsedUpError), transaction():
        redemption.retake_use(1, "TEN")

    assert (uses(), holders()) == (1, [2])


@pytest.mark.parametrize(("most", "over"), [(1, True), (2, False), (None, False)])
def test_money_that_came_counts_whatever_the_maximum(most: int | None, *, over: bool) -> None:
    code = offer(most_uses=most)
    take(code, order(1), "alice")
    with transaction():
        redemption.release_use(1)
    take(code, order(2), "bob")

    with transaction():
        assert redemption.count_late_use(1) is over
    with transaction():
        assert redemption.count_late_use(1) is False

    assert (uses(), holders()) == (2, [1, 2])


def test_money_that_came_counts_for_a_customer_who_used_it_again_meanwhile() -> None:
    code = offer(once=True)
    take(code, order(1), "alice")
    with transaction():
        redemption.release_use(1)
    take(code, order(2), "alice")

    with transaction():
        assert redemption.count_late_use(1) is True

    assert (uses(), holders()) == (2, [1, 2])
    with pytest.raises(DiscountUsedUpError):
        take(code, order(3), "alice")


def test_a_carts_own_open_order_does_not_stand_in_its_way() -> None:
    with transaction() as session:
        session.add(Cart(checkout_token="t"))
    code = offer(once=True, most_uses=1)
    take(code, order(1, cart_id=1))

    own = find_discount(PricingContext(discount_code=" ten", email_key="alice@example.org", cart_id=1), [])
    other = find_discount(PricingContext(discount_code="Ten", email_key="alice@example.org", cart_id=2), [])
    strangers = find_discount(PricingContext(discount_code="TEN"), [])
    end_read()

    assert own is not None
    assert (own.standing.uses, own.standing.is_used_before) == (0, False)
    assert other is not None
    assert (other.standing.uses, other.standing.is_used_before) == (1, True)
    assert strangers is not None
    assert strangers.standing.is_used_before is False


@pytest.mark.parametrize("column", ["user_id", "email_key"])
def test_the_database_itself_allows_a_customer_one_use(column: str) -> None:
    code = offer(once=True)
    alice = user("alice")
    rows: list[dict[str, object]] = [
        {"discount_id": code, "order_id": order(number), "user_id": None, "email_key": None, "once_per_customer": True, "taken_at": now()}
        | {column: alice if column == "user_id" else "alice"}
        for number in (1, 2)
    ]  # fmt: skip

    with pytest.raises(IntegrityError), transaction() as session:
        session.execute(insert(DiscountUse), rows)


def test_the_index_is_there_on_this_database_and_for_held_uses_only() -> None:
    indexes = {one["name"]: one for one in inspect(db.engine).get_indexes("discount_uses")}

    for name in ("uq_discount_uses_once_user", "uq_discount_uses_once_email"):
        where = next(value for key, value in indexes[name]["dialect_options"].items() if key.endswith("_where"))
        assert indexes[name]["unique"]
        assert "released_at IS NULL" in str(where)
        assert "once_per_customer" in str(where)


def test_many_at_once_use_it_as_often_as_it_may_be(database_url: str) -> None:
    with bare_app(database_url) as app:
        with app.app_context():
            code = offer("MANY", most_uses=3)
            orders = [order(number) for number in range(1, 9)]
        gone: list[int] = []

        def buy(order_id: int) -> None:
            with app.app_context():
                try:
                    take(code, order_id, f"buyer-{order_id}")
                except DiscountUsedUpError:
                    gone.append(order_id)

        buyers = [threading.Thread(target=buy, args=(one,)) for one in orders]
        for buyer in buyers:
            buyer.start()
        for buyer in buyers:
            buyer.join()

        assert len(gone) == 5
        assert uses() == 3
