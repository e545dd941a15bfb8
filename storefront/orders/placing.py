"""Placing an order: the row with its token first, then stock; all of it, or nothing."""

import datetime as dt
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, false, insert, or_, select

from storefront.catalog import stock
from storefront.core.clock import now
from storefront.core.database import current_session, upsert
from storefront.core.errors import ConflictError, InvalidRequestError
from storefront.core.money import Money
from storefront.discounts import redemption
from storefront.orders.models import (
    OPEN_STATUSES,
    FulfilmentStatus,
    Order,
    OrderLine,
    OrderSource,
    OrderStatus,
    OrderTax,
)
from storefront.orders.totals import PricedLine, PricingContext, TaxLine, Totals, destination_of
from storefront.shipping_and_tax.calculated_tax import TaxCalculationUsedError

HOLD = dt.timedelta(minutes=30)


class TotalChangedError(ConflictError):
    """The button showed another total."""

    words = "The price has changed. Nothing was charged."


class AlreadyPlacedError(Exception):
    """This button has been pressed before: there is an order for it."""


@dataclass(frozen=True)
class Buyer:
    """Who buys: a user, or nobody known; where their mail goes; and where they are, as a keyed hash to count by."""

    user_id: int | None
    email: str
    email_key: str
    placed_from: str | None = None


@dataclass(frozen=True)
class OrderRequest:
    """What a pay button stands for: exactly this, at exactly this total, once."""

    checkout_token: str
    expected_total: int
    source: OrderSource
    cart_id: int | None
    buyer: Buyer
    address: dict[str, str] | None
    livemode: bool
    shipping_rate_id: int | None = None
    discount_code: str | None = None

    @property
    def deal(self) -> PricingContext:
        """What its price depends on beside the goods."""
        return PricingContext(
            destination=destination_of(self.address),
            shipping_rate_id=self.shipping_rate_id,
            discount_code=self.discount_code,
            user_id=self.buyer.user_id,
            email_key=self.buyer.email_key,
            cart_id=self.cart_id,
        )


@dataclass(frozen=True)
class PlacedOrder:
    """A placed order, as far as paying for it needs to know."""

    order_id: int
    public_id: str
    total: Money
    tax_calculation: str | None = None


def place_order(wanted: OrderRequest, totals: Totals) -> PlacedOrder:
    """Place it inside the running transaction.

    Raises AlreadyPlacedError where this button already has an order, TotalChangedError where it showed another
    total, ConflictError where it showed another way of delivery, SoldOutError where stock is short, DiscountUsedUpError where
    somebody was faster with the last use of a code, and TaxCalculationUsedError where another order has the tax's calculation; the
    transaction is then to be given up.
    """
    if totals.total.minor != wanted.expected_total:
        code = totals.code_refused
        raise TotalChangedError(code.words if code and not code.may_count_later else None)
    if totals.way and wanted.shipping_rate_id not in {None, totals.way.rate_id}:
        raise ConflictError(f"It would come another way now: {totals.way.name}. Nothing was charged.")
    public_id = secrets.token_hex(16)
    order_id = _write_order(wanted, totals, public_id)
    if order_id is None:
        raise _why_nothing_was_written(wanted, totals)
    counted = stock.take(totals.lines)
    current_session().execute(insert(OrderLine), [_line(order_id, line, counted) for line in totals.lines])
    if totals.taxes:
        current_session().execute(insert(OrderTax), [_tax(order_id, tax) for tax in totals.taxes])
    if totals.discount_id is not None:
        redemption.take_use(totals.discount_id, order_id, wanted.deal)
    return PlacedOrder(order_id, public_id, totals.total, totals.tax_calculation)


def check_deliverable(totals: Totals) -> None:
    """Raise InvalidRequestError where nothing is sent there, or where nobody knows what it will cost."""
    if totals.refusal:
        raise InvalidRequestError(totals.refusal)
    if totals.tax_unknown and totals.tax_question is None:
        raise InvalidRequestError("Please tell us your country: the tax depends on it.")


def find_existing_orders(wanted: OrderRequest, variant_ids: Iterable[int]) -> tuple[Order | None, Order | None]:
    """The order that this button has already, and the buyer's newest open one with one of these variants in it.

    Both in one question: every click asks it.
    """
    of_button = Order.checkout_token == wanted.checkout_token
    has_one = exists().where(OrderLine.order_id == Order.id, OrderLine.variant_id.in_(variant_ids))
    alike = and_(Order.user_id == wanted.buyer.user_id, Order.status.in_(OPEN_STATUSES), has_one)
    met = current_session().scalars(select(Order).where(or_(of_button, alike)).order_by(Order.id.desc())).all()
    mine = next((order for order in met if order.checkout_token == wanted.checkout_token), None)
    return mine, next((order for order in met if order is not mine), None)


def _write_order(wanted: OrderRequest, totals: Totals, public_id: str) -> int | None:
    at = now()
    row = upsert(Order).values(
        public_id=public_id,
        user_id=wanted.buyer.user_id,
        email=wanted.buyer.email,
        email_key=wanted.buyer.email_key,
        cart_id=wanted.cart_id,
        placed_from=wanted.buyer.placed_from,
        status=OrderStatus.pending,
        fulfilment_status=FulfilmentStatus.unfulfilled,
        source=wanted.source,
        checkout_token=wanted.checkout_token,
        currency=totals.total.currency,
        subtotal=totals.subtotal.minor,
        discount=totals.discount.minor,
        discount_code=totals.discount_name,
        shipping=totals.shipping.minor,
        tax=totals.tax.minor,
        total=totals.total.minor,
        shipping_address=wanted.address if totals.is_sent else None,
        shipping_name=totals.shipping_name,
        shipping_rate_id=totals.shipping_rate_id,
        arrives_on=totals.arrives_on,
        hold_until=at + HOLD,
        placed_at=at,
        tracking="",
        tax_calculation=totals.tax_calculation,
        has_downloads=any(line.has_assets for line in totals.lines),
        livemode=wanted.livemode,
    )
    # No index is named, so that a conflict in any of them is waited for without holding on to what was half written: with one
    # named, two presses of the same button may meet in two indexes, each wait for the other, and Postgres end one as a deadlock.
    return current_session().scalar(row.on_conflict_do_nothing().returning(Order.id))


def _why_nothing_was_written(wanted: OrderRequest, totals: Totals) -> AlreadyPlacedError | TaxCalculationUsedError:
    """Why nothing was written: this button has an order already, its cart has an open one, or another order has the tax."""
    if totals.tax_calculation is None:
        return AlreadyPlacedError()
    mine = or_(Order.checkout_token == wanted.checkout_token, _is_open_in(wanted.cart_id))
    met = exists().where(mine)
    return AlreadyPlacedError() if current_session().scalar(select(met)) else TaxCalculationUsedError()


def _is_open_in(cart_id: int | None) -> ColumnElement[bool]:
    return and_(Order.cart_id == cart_id, Order.status.in_(OPEN_STATUSES)) if cart_id is not None else false()


def _line(order_id: int, line: PricedLine, counted: frozenset[int]) -> dict[str, object]:
    return {
        "order_id": order_id,
        "variant_id": line.variant_id,
        "product_handle": line.product_handle,
        "picture_path": line.picture_path,
        "name": line.name,
        "sku": line.sku,
        "unit_price": line.unit.minor,
        "quantity": line.quantity,
        "total": line.total.minor,
        "discount": line.discount_minor,
        "stock_taken": line.variant_id in counted,
        "requires_shipping": line.requires_shipping,
    }


def _tax(order_id: int, tax: TaxLine) -> dict[str, object]:
    return {
        "order_id": order_id,
        "name": tax.name,
        "percentage": tax.percentage,
        "base": tax.base.minor,
        "amount": tax.amount.minor,
        "included": tax.included,
    }
