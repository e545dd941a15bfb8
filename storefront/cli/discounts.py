"""`flask shop discounts`: codes to give away."""

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from storefront.cli.printing import in_plain_words, minor_units, show_table
from storefront.core.clock import now
from storefront.core.money import Money
from storefront.discounts import admin
from storefront.discounts.admin import DiscountedGoods
from storefront.discounts.models import Discount
from storefront.discounts.rules import DiscountKind, DiscountRules

_TIMES = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"])

discounts = AppGroup("discounts", short_help="Offer discount codes; see how often they were used; end one.")


@discounts.command("create")
@click.argument("code")
@click.option("--percent", help="So many percent off, such as 10 or 12.5.")
@click.option("--amount", help="So much off, such as 5.00.")
@click.option("--free-shipping", is_flag=True, help="Delivery costs nothing.")
@click.option("--from", "counts_from", type=_TIMES, help="From when on, in UTC; else from now on.")
@click.option("--until", "counts_until", type=_TIMES, help="Until when, in UTC; else until you end it.")
@click.option("--minimum", help="Only for goods of so much in all, such as 40.00.")
@click.option("--uses", "most_uses", type=click.IntRange(min=1), help="For so many orders in all.")
@click.option("--once-per-customer", is_flag=True, help="Once for each customer, by account and by e-mail.")
@click.option("--product", "products", multiple=True, metavar="HANDLE", help="Only for this product. May be repeated.")
@click.option("--variant", "variants", multiple=True, metavar="SKU", help="Only for this variant. May be repeated.")
@click.option(
    "--collection", "collections", multiple=True, metavar="HANDLE", help="Only for this collection. Likewise."
)
def create(code: str, **said: Any) -> None:
    """Offer CODE: with one of --percent, --amount and --free-shipping."""
    goods = DiscountedGoods(said["products"], said["variants"], said["collections"])
    with in_plain_words():
        admin.create_discount(_offer(code, said), goods, once_per_customer=said["once_per_customer"])
    click.echo(f"{code} counts from now on." if said["counts_from"] is None else f"{code} is ready.")


@discounts.command("list")
def show() -> None:
    """Every code there is or was, and how often it was used."""
    rows = [
        (one.code, _takes(one), f"{one.uses} of {one.most_uses}" if one.most_uses else str(one.uses), _counts(one))
        for one in admin.every_discount()
    ]
    show_table(("code", "takes off", "used", "counts"), rows, empty="There are no codes.")


@discounts.command("end")
@click.argument("code")
def end(code: str) -> None:
    """Let CODE count no more. Orders that have it keep it."""
    with in_plain_words():
        admin.end_discount(code)
    click.echo(f"{code} counts no more.")


def _offer(code: str, said: dict[str, Any]) -> DiscountRules:
    currency: str = current_app.config["SETTINGS"].currency
    kind, value = _kind(said, currency)
    return DiscountRules(
        code=code,
        kind=kind,
        value=value,
        counts_from=_utc(said["counts_from"]),
        counts_until=_utc(said["counts_until"]),
        minimum=minor_units(said["minimum"], currency) if said["minimum"] else 0,
        most_uses=said["most_uses"],
    )


def _kind(said: dict[str, Any], currency: str) -> tuple[DiscountKind, int]:
    if [bool(said[way]) for way in ("percent", "amount", "free_shipping")].count(True) != 1:
        raise click.UsageError("Say what it does: one of --percent, --amount and --free-shipping.")
    if said["percent"]:
        return DiscountKind.percent, _hundredths(said["percent"])
    if said["amount"]:
        return DiscountKind.amount, minor_units(said["amount"], currency)
    return DiscountKind.free_shipping, 0


def _hundredths(written: str) -> int:
    try:
        hundredths = Decimal(written.strip().rstrip("%").replace(",", ".")) * 100
    except InvalidOperation:
        hundredths = Decimal("NaN")
    if not hundredths.is_finite() or hundredths != hundredths.to_integral_value():
        raise click.ClickException(f"{written!r} is no percentage. For example: 10 or 12.5")
    return int(hundredths)


def _utc(typed: dt.datetime | None) -> dt.datetime | None:
    return typed.replace(tzinfo=dt.UTC) if typed else None


def _takes(discount: Discount) -> str:
    currency: str = current_app.config["SETTINGS"].currency
    what = {
        DiscountKind.percent: f"{Decimal(discount.value) / 100:f} %",
        DiscountKind.amount: str(Money(discount.value, currency)),
        DiscountKind.free_shipping: "delivery",
    }[discount.kind]
    more = [f"from {Money(discount.minimum, currency)} on"] if discount.minimum else []
    more += ["once per customer"] if discount.once_per_customer else []
    more += ["some goods only"] if discount.for_some_goods else []
    return ", ".join([what, *more])


def _counts(discount: Discount) -> str:
    if not discount.is_active:
        return "ended"
    if discount.counts_until and discount.counts_until <= now():
        return "is over"
    begins = f"from {discount.counts_from:%Y-%m-%d %H:%M} " if discount.counts_from else ""
    ends = f"until {discount.counts_until:%Y-%m-%d %H:%M}" if discount.counts_until else ""
    return f"{begins}{ends}".strip() or "yes"
