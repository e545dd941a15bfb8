"""`flask shop details`: who sells, as invoices say it."""

from dataclasses import asdict, replace

import click

from storefront.cli.shop import shop
from storefront.invoices.seller import Seller, change_seller, seller_today


@shop.command("details")
@click.option("--name", help="Who sells: a person or a company.")
@click.option("--address", multiple=True, help="One line of the address; repeat it for the next line.")
@click.option("--vat-id", help="For example DE123456789; '' for none.")
@click.option("--email", help="Where customers write to.")
@click.option("--note", help="Words that each invoice must bear, such as why no VAT is charged; '' for none.")
def details(address: tuple[str, ...], **told: str | None) -> None:
    """Show what invoices say of the shop, or change it; invoices written before stay as they are."""
    before = seller_today()
    changes = {name: words.strip() for name, words in told.items() if words is not None}
    if address:
        changes["address"] = tuple(line.strip() for line in address)  # type: ignore[assignment]
    if changes.get("name") == "":
        raise click.ClickException("An invoice must say who sells: give --name some words.")
    if changes:
        change_seller(replace(before, **changes))  # type: ignore[arg-type]
    _show(seller_today())


def _show(seller: Seller) -> None:
    for name, words in asdict(seller).items():
        told = ", ".join(words) if isinstance(words, tuple) else words
        click.echo(f"{name.replace('_', ' '):8} {told or '–'}")
    if not seller.address:
        click.echo(
            "An invoice needs an address: flask shop details --address 'Fährstraße 11' --address '20457 Hamburg'"
        )
