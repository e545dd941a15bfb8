"""`flask shop assets`: the files and links that come with what is sold."""

from pathlib import Path

import click
from flask.cli import AppGroup

from storefront.cli.printing import ROW_ID, in_plain_words, order_called, show_table
from storefront.cli.shop import shop
from storefront.core.database import end_read
from storefront.digital import assets as shelf
from storefront.digital.granting import allow_more
from storefront.digital.models import USUAL_LIMIT
from storefront.digital.wording import size_in_words
from storefront.orders.labels import label

assets = AppGroup("assets", short_help="The files and links that customers download.")
shop.add_command(assets)


@assets.command("add")
@click.argument("sku")
@click.argument("what", metavar="FILE|URL")
@click.option("--name", default="", help="What customers read, and the file is called when they have it.")
@click.option(
    "--limit", type=click.IntRange(0), default=USUAL_LIMIT, show_default=True, help="Downloads; 0: any number."
)
@click.option("--days", type=click.IntRange(0), default=0, help="How long it can be fetched; 0: for ever.")
def add(sku: str, what: str, name: str, limit: int, days: int) -> None:
    """Let the variant SKU bring FILE, which is copied, or URL, to orders from now on."""
    terms = shelf.Terms(name.strip(), limit or None, days or None)
    with in_plain_words():
        if what.startswith(("http://", "https://")):
            number = shelf.add_link(sku, what, terms)
        else:
            if not Path(what).is_file():
                raise click.ClickException(f"There is no file {what}.")
            number = shelf.add_file(sku, Path(what), terms)
        click.echo(f"From now on who buys {sku} gets it, as soon as it is paid. It is number {number}.")
        if shelf.is_sent_too(sku):
            click.echo("A parcel goes out for it as well: its variant says that it requires shipping.")


@assets.command("list")
@click.argument("sku", required=False)
def show(sku: str | None) -> None:
    """What there is, of all variants or of SKU."""
    with in_plain_words():
        rows = [
            (
                str(one.id),
                one.sku,
                one.name,
                one.url or size_in_words(one.size),
                str(one.max_downloads or "any"),
                str(one.days or "–"),
                str(one.given),
            )
            for one in shelf.listed(sku)
        ]
    show_table(("number", "SKU", "name", "what", "limit", "days", "given"), rows, empty="Nothing can be downloaded.")


@assets.command("remove")
@click.argument("number", type=ROW_ID)
def remove(number: int) -> None:
    """Let nobody get NUMBER from now on. Who has it already keeps it; closing one order's is done by refunding it."""
    with in_plain_words():
        given = shelf.remove(number)
    kept = f" {given} order lines have it already: they keep it, and the shop keeps its file." if given else ""
    click.echo(f"Orders from now on do not bring it.{kept}")


@assets.command("allow")
@click.argument("order")
@click.option("--more", type=click.IntRange(1), default=USUAL_LIMIT, show_default=True, help="How many times more.")
def allow(order: str, more: int) -> None:
    """Let the downloads of ORDER be fetched some times more: for who has used them up."""
    found = order_called(order)
    order_id, called = found.id, label(found.number)
    end_read()
    raised = allow_more(order_id, more)
    click.echo(
        f"{called}: {raised} downloads, {more} times more each." if raised else f"{called} has nothing with a limit."
    )
