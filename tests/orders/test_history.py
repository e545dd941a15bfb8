"""A customer's orders, as frozen rows."""

import datetime as dt
from collections.abc import Iterator

import pytest

from storefront.core.clock import now
from storefront.core.database import transaction
from storefront.core.money import Money
from storefront.customers.models import User
from storefront.orders.history import PAGE_SIZE, PastLine, PastOrder, orders_of
from storefront.orders.models import FulfilmentStatus, Order, OrderLine, OrderSource, OrderStatus
from tests.apps import bare_app
from tests.catalog.goods import counted_statements


@pytest.fixture
def alice(database_url: str) -> Iterator[int]:
    with bare_app(database_url) as app, app.app_context():
        yield joined("alice@example.org")


def joined(email: str) -> int:
    with transaction() as session:
        user = User(email=email, email_key=email, password_hash="none", name=email.title())
        session.add(user)
        session.flush()
        return user.id


def ordered(user_id: int, *things: tuple[str, int]) -> int:
    with transaction() as session:
        order = Order(
            public_id=f"order-{now().timestamp()}", user_id=user_id, email="a@b.example", email_key="a@b.example",
            source=OrderSource.cart, checkout_token=f"token-{now().timestamp()}", currency="eur", subtotal=500, total=500,
            hold_until=now(), livemode=False,
        )  # fmt: skip
        for name, quantity in things:
            order.lines.append(
                OrderLine(
                    name=name,
                    sku=name,
                    unit_price=500,
                    quantity=quantity,
                    total=500,
                    stock_taken=True,
                    picture_path=f"{name}.svg",
                )
            )
        session.add(order)
        session.flush()
        return order.number


def past(
    *lines: PastLine,
    status: OrderStatus = OrderStatus.paid,
    fulfilment: FulfilmentStatus = FulfilmentStatus.unfulfilled,
) -> PastOrder:
    return PastOrder(
        id=1, public_id="one", number=1001, placed_at=dt.datetime(2036, 1, 1, tzinfo=dt.UTC), status=status, fulfilment_status=fulfilment,
        total=Money(2400, "eur"), lines=lines,
    )  # fmt: skip


def thing(name: str, quantity: int = 1, *, picture: str = "", is_sent: bool = True) -> PastLine:
    return PastLine(name, quantity, picture, requires_shipping=is_sent)


def test_orders_come_with_their_lines_newest_first(alice: int) -> None:
    first = ordered(alice, ("Teapot", 1))
    second = ordered(alice, ("Mug", 2), ("Bowl", 1))

    page = orders_of(alice)

    assert [(order.number, [(line.name, line.quantity) for line in order.lines]) for order in page.orders] == [
        (second, [("Mug", 2), ("Bowl", 1)]),
        (first, [("Teapot", 1)]),
    ]
    assert page.orders[0].total == Money(500, "eur")
    assert page.older_than is None


def test_bobs_orders_are_his(alice: int) -> None:
    bob = joined("bob@example.org")
    his = ordered(bob, ("Mug", 1))

    assert orders_of(alice).orders == ()
    assert [order.number for order in orders_of(bob).orders] == [his]


def test_a_full_page_leads_on_only_where_there_is_more(alice: int) -> None:
    numbers = [ordered(alice, ("Mug", 1)) for _ in range(PAGE_SIZE)]
    assert orders_of(alice).older_than is None

    numbers.append(ordered(alice, ("Mug", 1)))
    newest = orders_of(alice)
    rest = orders_of(alice, older_than=newest.older_than)

    assert [order.number for order in (*newest.orders, *rest.orders)] == numbers[::-1]
    assert rest.older_than is None


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("teapot", [1, 0]),
        ("MUG", [0]),
        (" lamp", [2]),
        ("100%", [2]),
        ("%", [2]),
        ("_", []),
        ("nothing", []),
        ("", [2, 1, 0]),
    ],
)
def test_orders_are_found_by_what_was_bought(alice: int, wanted: str, found: list[int]) -> None:
    numbers = [
        ordered(alice, ("Teapot No. 3", 1), ("Mug", 1)),
        ordered(alice, ("Teapot No. 3", 1)),
        ordered(alice, ("Dome lamp, 100% wool", 1)),
    ]

    assert [order.number for order in orders_of(alice, wanted).orders] == [numbers[one] for one in found]


def test_an_order_is_found_by_its_number_however_it_is_written(alice: int) -> None:
    first, second = ordered(alice, ("Mug", 1)), ordered(alice, (f"Mug No. {1001}", 1))
    ordered(joined("bob@example.org"), ("Mug", 1))

    for written in (f"K-{second}", f"k{second}", f"#{second}", str(second)):
        assert [order.number for order in orders_of(alice, written).orders] == [second]
    # A number can also be a part of a name.
    assert [order.number for order in orders_of(alice, str(first)).orders] == [second, first]


def test_what_was_found_is_paged_too(alice: int) -> None:
    for _ in range(PAGE_SIZE + 1):
        ordered(alice, ("Mug", 1))
        ordered(alice, ("Bowl", 1))

    newest = orders_of(alice, "mug")
    rest = orders_of(alice, "mug", older_than=newest.older_than)

    assert {order.things for order in (*newest.orders, *rest.orders)} == {"Mug"}
    assert (len(newest.orders), len(rest.orders)) == (PAGE_SIZE, 1)


def test_three_orders_take_two_statements_like_one(alice: int) -> None:
    for _ in range(3):
        ordered(alice, ("Mug", 1), ("Bowl", 1))
        with counted_statements() as sent:
            orders_of(alice)
        assert len(sent) == 2


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (OrderStatus.pending, "Waiting for your bank"),
        (OrderStatus.failed, "Not paid"),
        (OrderStatus.paid, "Paid, being packed"),
        (OrderStatus.partially_refunded, "Partly refunded"),
        (OrderStatus.refunded, "Refunded"),
        (OrderStatus.canceled, "Canceled"),
    ],
)
def test_an_order_says_how_it_stands(status: OrderStatus, words: str) -> None:
    assert past(thing("Mug"), status=status).status_words == words


@pytest.mark.parametrize(
    ("fulfilment", "words"),
    [
        (FulfilmentStatus.unfulfilled, "Paid, being packed"),
        (FulfilmentStatus.fulfilled, "Paid, on its way"),
        (FulfilmentStatus.delivered, "Delivered"),
    ],
)
def test_a_paid_order_says_where_its_parcel_is(fulfilment: FulfilmentStatus, words: str) -> None:
    assert past(thing("Mug"), fulfilment=fulfilment).status_words == words


def test_what_is_not_sent_is_not_packed() -> None:
    assert past(thing("Gift card", is_sent=False)).status_words == "Paid"


@pytest.mark.parametrize(
    ("status", "is_open"), [("pending", True), ("failed", True), ("paid", False), ("canceled", False)]
)
def test_an_open_order_can_still_be_paid(status: str, is_open: bool) -> None:  # noqa: FBT001  a table of facts
    assert past(status=OrderStatus(status)).is_open is is_open


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], ""),
        ([("Mug", 1)], "Mug"),
        ([("Mug", 2), ("Bowl", 1)], "2 × Mug · Bowl"),
        ([("Mug", 1), ("Bowl", 1), ("Tin", 1)], "Mug · Bowl · Tin"),
        ([("Mug", 1), ("Bowl", 1), ("Tin", 1), ("Jug", 1)], "Mug · Bowl · 2 more"),
    ],
)
def test_things_are_told_shortly(names: list[tuple[str, int]], said: str) -> None:
    assert past(*(thing(name, quantity) for name, quantity in names)).things == said


def test_each_picture_is_shown_once() -> None:
    order = past(
        thing("Mug", picture="mug.svg"),
        thing("Big mug", picture="mug.svg"),
        thing("Voucher"),
        thing("Tin", picture="tin.svg"),
    )

    assert order.pictures == ("mug.svg", "tin.svg")
