"""What a customer put into carts, and ordered: as data."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from storefront.carts.models import Cart, CartLine
from storefront.catalog.models import Variant
from storefront.core.database import current_session
from storefront.core.money import Money
from storefront.orders.labels import label
from storefront.orders.models import Order, OrderLine, OrderTax

Facts = dict[str, Any]
_ORDER = (
    "status", "fulfilment_status", "source", "email", "shipping_address", "shipping_name", "arrives_on", "tracking", "discount_code",
    "placed_at", "paid_at", "shipped_at", "canceled_at",
)  # fmt: skip
_SUMS = ("subtotal", "discount", "shipping", "tax", "total")


def money(minor: int, currency: str) -> Facts:
    """An amount for machines and for people."""
    return {"minor": minor, "currency": currency, "written": str(Money(minor, currency))}


def order_facts(order: Order) -> Facts:
    """An order with its lines."""
    known: Facts = {"number": label(order.number), "public_id": order.public_id}
    known |= {field: getattr(order, field) for field in _ORDER}
    known |= {field: money(getattr(order, field), order.currency) for field in _SUMS}
    return known | {
        "lines": [_line(line, order.currency) for line in order.lines],
        "taxes": [_tax(tax, order.currency) for tax in order.taxes],
    }


def carts_of(user_id: int) -> list[Facts]:
    """Their carts, with what is in them."""
    contents = selectinload(Cart.lines).selectinload(CartLine.variant).selectinload(Variant.product)
    carts = select(Cart).where(Cart.user_id == user_id).options(contents).order_by(Cart.id)
    return [
        {
            "state": cart.state,
            "country": cart.country,
            "region": cart.region,
            "created_at": cart.created_at,
            "updated_at": cart.updated_at,
            "lines": [
                {"name": line.variant.product.title, "sku": line.variant.sku, "quantity": line.quantity}
                for line in cart.lines
            ],
        }
        for cart in current_session().scalars(carts)
    ]


def _line(line: OrderLine, currency: str) -> Facts:
    return {
        "name": line.name,
        "sku": line.sku,
        "quantity": line.quantity,
        "unit_price": money(line.unit_price, currency),
        "total": money(line.total, currency),
    }


def _tax(tax: OrderTax, currency: str) -> Facts:
    return {
        "name": tax.name,
        "base": money(tax.base, currency),
        "amount": money(tax.amount, currency),
        "included": tax.included,
    }
