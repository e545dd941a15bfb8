"""How commands speak: tables one can read, and refusals in one sentence."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, OperationalError

from storefront.core.database import current_session
from storefront.core.errors import ShopError
from storefront.core.money import decimals
from storefront.orders.labels import label, number_of
from storefront.orders.models import Order
from storefront.stripe.errors import OutcomeUnknownError, StripeRefusedError

# Of SQLite in words, of Postgres by number: no such table, no such column.
_NOT_MIGRATED = re.compile(r"no such (table|column)")
_NOT_MIGRATED_STATES = frozenset({"42P01", "42703"})
# An id as the owner types it. No row has a larger one.
ROW_ID = click.IntRange(1, 2**31 - 1)
_AMOUNT = re.compile(r"\d{1,12}(\.\d+)?")


class OwnersCommands(AppGroup):
    """Commands that say in a sentence what is wrong with the database, where it is that."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DBAPIError as error:
            raise click.ClickException(_wrong_with(error)) from error


def _wrong_with(error: DBAPIError) -> str:
    said = (str(error.orig).strip().splitlines() or [type(error).__name__])[0]
    if _NOT_MIGRATED.search(said) or getattr(error.orig, "sqlstate", None) in _NOT_MIGRATED_STATES:
        return f"The tables are not those of this version: run `flask db upgrade` first. ({said})"
    if isinstance(error, OperationalError):
        return f"The database says: {said}. Is DATABASE_URL right, and may you write to it?"
    raise error


@contextmanager
def in_plain_words() -> Iterator[None]:
    """What the shop or Stripe refuses is a sentence and exit code 1, not a traceback."""
    try:
        yield
    except ShopError as refusal:
        raise click.ClickException(refusal.words) from refusal
    except StripeRefusedError as refusal:
        raise click.ClickException(f"Stripe refused: {refusal.words}") from refusal
    except OutcomeUnknownError as unknown:
        words = "Stripe did not answer. The worker goes on asking, and nothing is done twice."
        raise click.ClickException(words) from unknown


def show_table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> None:
    """Print rows below their heads, each column as wide as it must be; `erase_user` says that there are none."""
    if not rows:
        click.echo(empty)
        return
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    for row in (heads, ["-" * width for width in widths], *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def order_number(written: str) -> int:
    """What an owner calls an order, K-1043 or 1043, as its number."""
    number = number_of(written)
    if number is None:
        raise click.ClickException(f"{written!r} is no order number. For example: {label(1043)}")
    return number


def order_called(written: str) -> Order:
    """The order that an owner calls K-1043 or 1043."""
    number = order_number(written)
    order = current_session().scalar(select(Order).where(Order.number == number))
    if order is None:
        raise click.ClickException(f"There is no order {label(number)}.")
    return order


def minor_units(written: str, currency: str) -> int:
    """12.50 or 12,50 in the currency's smallest unit."""
    found = _AMOUNT.fullmatch(written.strip().replace(",", "."))
    # More decimals than there are may be meant as thousands.
    fits = found and len(found.group(1) or ".") - 1 <= decimals(currency)
    amount = Decimal(found.group()).scaleb(decimals(currency)) if found and fits else Decimal(0)
    if amount <= 0 or amount != amount.to_integral_value():
        raise click.ClickException(f"{written!r} is no amount of {currency.upper()}. For example: 12.50")
    return int(amount)
