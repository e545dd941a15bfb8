"""A customer's past orders: frozen rows, two statements a page however many there are."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import or_, select

from storefront.core.database import current_session
from storefront.core.money import Money
from storefront.orders.labels import number_of
from storefront.orders.models import OPEN_STATUSES, FulfilmentStatus, Order, OrderLine, OrderStatus

PAGE_SIZE: Final = 20
_NAMED: Final = 3

_PAID_WORDS: Final = {
    FulfilmentStatus.unfulfilled: "Paid, being packed",
    FulfilmentStatus.fulfilled: "Paid, on its way",
    FulfilmentStatus.delivered: "Delivered",
}
_WORDS: Final = {
    OrderStatus.pending: "Waiting for your bank",
    OrderStatus.failed: "Not paid",
    OrderStatus.partially_refunded: "Partly refunded",
    OrderStatus.refunded: "Refunded",
    OrderStatus.canceled: "Canceled",
}


@dataclass(frozen=True)
class PastLine:
    """One thing of an order, as it was called then."""

    name: str
    quantity: int
    picture_path: str
    requires_shipping: bool


@dataclass(frozen=True)
class PastOrder:
    """An order as its list shows it."""

    id: int
    public_id: str
    number: int
    placed_at: dt.datetime
    status: OrderStatus
    fulfilment_status: FulfilmentStatus
    total: Money
    lines: tuple[PastLine, ...]
    has_downloads: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it can still be paid."""
        return self.status in OPEN_STATUSES

    @property
    def status_words(self) -> str:
        """How it stands, in the customer's words."""
        if self.status is not OrderStatus.paid:
            return _WORDS[self.status]
        if not any(line.requires_shipping for line in self.lines):
            return "Paid"
        return _PAID_WORDS[self.fulfilment_status]

    @property
    def can_download(self) -> bool:
        """Whether something of it is there to be downloaded."""
        return self.has_downloads and self.status in {OrderStatus.paid, OrderStatus.partially_refunded}

    @property
    def things(self) -> str:
        """Teapot No. 3, harbour blue · 2 × Linen shirt · 2 more. Names have commas of their own."""
        names = [line.name if line.quantity == 1 else f"{line.quantity} × {line.name}" for line in self.lines]
        shown = names if len(names) <= _NAMED else [*names[: _NAMED - 1], f"{len(names) - _NAMED + 1} more"]
        return " · ".join(shown)

    @property
    def pictures(self) -> tuple[str, ...]:
        """The paths of its pictures, each once."""
        return tuple(dict.fromkeys(line.picture_path for line in self.lines if line.picture_path))


@dataclass(frozen=True)
class OrderPage:
    """Some of a customer's orders, the newest first; `older_than` leads on to the rest, where there is one."""

    orders: tuple[PastOrder, ...]
    older_than: int | None


@dataclass(frozen=True)
class Contact:
    """Who an order is for, and where it goes, where it goes anywhere."""

    email: str
    address: dict[str, str] | None


def last_contact_of(cart_id: int) -> Contact | None:
    """What was told with the newest order of this cart; for whoever holds the cart."""
    newest = select(Order.email, Order.shipping_address).where(Order.cart_id == cart_id).order_by(Order.id.desc())
    found = current_session().execute(newest.limit(1)).first()
    return Contact(*found) if found else None


def orders_of(user_id: int, wanted: str = "", *, older_than: int | None = None) -> OrderPage:
    """One page of their orders: the newest, or those before the order of number `older_than`.

    `wanted` leaves only the order of that number, and those with a thing that is called so.
    """
    rows = _rows(user_id, wanted, older_than)
    shown = rows[:PAGE_SIZE]
    lines = _lines([row.id for row in shown])
    orders = tuple(_past(row, lines.get(row.id, ())) for row in shown)
    return OrderPage(orders, orders[-1].number if len(rows) > PAGE_SIZE else None)


def _rows(user_id: int, wanted: str, older_than: int | None) -> Sequence[Order]:
    mine = select(Order).where(Order.user_id == user_id)
    if wanted:
        called_so = Order.lines.any(OrderLine.name.icontains(wanted, autoescape=True))
        mine = mine.where(or_(called_so, Order.number == number_of(wanted)))
    if older_than is not None:
        mine = mine.where(Order.number < older_than)
    return current_session().scalars(mine.order_by(Order.number.desc()).limit(PAGE_SIZE + 1)).all()


def _lines(order_ids: Sequence[int]) -> dict[int, tuple[PastLine, ...]]:
    wanted = select(OrderLine).where(OrderLine.order_id.in_(order_ids)).order_by(OrderLine.id)
    found: dict[int, tuple[PastLine, ...]] = {}
    for line in current_session().scalars(wanted):
        told = PastLine(line.name, line.quantity, line.picture_path, line.requires_shipping)
        found[line.order_id] = (*found.get(line.order_id, ()), told)
    return found


def _past(row: Order, lines: tuple[PastLine, ...]) -> PastOrder:
    return PastOrder(
        id=row.id,
        public_id=row.public_id,
        number=row.number,
        placed_at=row.placed_at,
        status=row.status,
        fulfilment_status=row.fulfilment_status,
        total=row.total_money,
        lines=lines,
        has_downloads=row.has_downloads,
    )
