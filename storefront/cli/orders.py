"""`flask orders`, until there are pages for it."""

import click
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from storefront.cli.printing import OwnersCommands, in_plain_words, order_number, show_table
from storefront.core.database import current_session
from storefront.orders import fulfilment
from storefront.orders.labels import label
from storefront.orders.models import Order, OrderStatus

NEWEST = 50
HEADS = ("number", "placed (UTC)", "status", "parcel", "total", "for", "what")

orders = OwnersCommands("orders", short_help="List orders; note that one was sent.")


@orders.command("list")
@click.option("--status", type=click.Choice([status.value for status in OrderStatus]), help="Only these.")
def list_orders(status: str | None) -> None:
    """List the newest 50 orders, the newest first."""
    wanted = select(Order).options(selectinload(Order.lines)).order_by(Order.id.desc()).limit(NEWEST)
    if status:
        wanted = wanted.where(Order.status == OrderStatus(status))
    rows = [_row(order) for order in current_session().scalars(wanted)]
    show_table(HEADS, rows, empty="No orders." if status is None else f"No order is {status.replace('_', ' ')}.")


@orders.command("ship")
@click.argument("number")
@click.option("--tracking", default="", help="The parcel's number, or the address where it can be followed.")
def ship(number: str, tracking: str) -> None:
    """Note that order NUMBER (K-1043 or 1043) was sent, and write to the customer."""
    with in_plain_words():
        parcel = fulfilment.ship(order_number(number), tracking)
    click.echo(f"{label(parcel.order_number)} was sent. We write to {parcel.email}.")


@orders.command("deliver")
@click.argument("number")
def deliver(number: str) -> None:
    """Note that the parcel of order NUMBER (K-1043 or 1043) has arrived."""
    with in_plain_words():
        fulfilment.deliver(order_number(number))
    click.echo(f"{label(order_number(number))} is noted as delivered.")


def _row(order: Order) -> tuple[str, ...]:
    return (
        label(order.number),
        f"{order.placed_at:%Y-%m-%d %H:%M}",
        order.status.replace("_", " "),
        order.fulfilment_status.value,
        str(order.total_money),
        order.email,
        ", ".join(f"{line.quantity} × {line.name}" for line in order.lines),
    )
