"""Taking from the shelf and putting back, so that nothing is ever sold twice."""

from collections import Counter
from collections.abc import Iterable
from typing import Protocol

from sqlalchemy import or_, select, update

from storefront.catalog.facts import LOW_STOCK
from storefront.catalog.models import Variant
from storefront.catalog.version import bump_version
from storefront.core.database import current_session
from storefront.core.errors import ConflictError


class Line(Protocol):
    """So many of one variant: a cart's line, an order's line."""

    @property
    def variant_id(self) -> int | None: ...

    @property
    def quantity(self) -> int: ...


class SoldOutError(ConflictError):
    """There are fewer than were asked for: `left` of them, perhaps none."""

    words = "Sorry, this has just sold out. You have not been charged."

    def __init__(self, variant_id: int, left: int) -> None:
        super().__init__(f"Only {left} left. Nothing was charged." if left else None)
        self.variant_id = variant_id
        self.left = left


def take(lines: Iterable[Line]) -> frozenset[int]:
    """Take all of it, inside the running transaction; returns the ids of those variants that are counted.

    Raises SoldOutError where there is not enough; the transaction is then to be given up.
    """
    counted: dict[int, int] = {}
    for variant_id, quantity in _by_variant(lines):
        left = _take_one(variant_id, quantity)
        if left is not None:
            counted[variant_id] = left
    if any(left <= LOW_STOCK for left in counted.values()):
        bump_version()
    return frozenset(counted)


def put_back(lines: Iterable[Line]) -> None:
    """Put back, inside the running transaction, what `take` said was counted; doing it once is the caller's promise."""
    shows = False
    for variant_id, quantity in _by_variant(lines):
        left = _give_back_one(variant_id, quantity)
        shows = shows or (left is not None and left - quantity <= LOW_STOCK)
    if shows:
        bump_version()


def _by_variant(lines: Iterable[Line]) -> list[tuple[int, int]]:
    # Ascending ids: two orders of the same things must not wait for each other in a circle.
    wanted: Counter[int] = Counter()
    for line in lines:
        if line.variant_id is not None:
            wanted[line.variant_id] += line.quantity
    return sorted(wanted.items())


def _take_one(variant_id: int, quantity: int) -> int | None:
    taken = current_session().execute(
        update(Variant)
        .where(Variant.id == variant_id, or_(Variant.stock.is_(None), Variant.stock >= quantity))
        .values(stock=Variant.stock - quantity)
        .returning(Variant.stock)
        .execution_options(synchronize_session=False)
    )
    row = taken.one_or_none()
    if row is None:
        raise SoldOutError(variant_id, _left(variant_id))
    return row[0]


def _give_back_one(variant_id: int, quantity: int) -> int | None:
    given = current_session().execute(
        update(Variant)
        .where(Variant.id == variant_id, Variant.stock.is_not(None))
        .values(stock=Variant.stock + quantity)
        .returning(Variant.stock)
        .execution_options(synchronize_session=False)
    )
    return given.scalar_one_or_none()


def _left(variant_id: int) -> int:
    return current_session().scalar(select(Variant.stock).where(Variant.id == variant_id)) or 0
