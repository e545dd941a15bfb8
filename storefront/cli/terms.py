"""`flask shop terms`: where the shop delivers, what that costs, and which taxes there are."""

from pathlib import Path

import click
from flask import current_app

from config import Settings
from storefront.cli.printing import in_plain_words, show_table
from storefront.cli.shop import shop
from storefront.core.money import Money
from storefront.shipping_and_tax.file import read_terms_file
from storefront.shipping_and_tax.models import RateKind, ShippingRate, ShippingTier, ShippingZone
from storefront.shipping_and_tax.write import pick_ups_today, replace_terms, taxes_today, zones_today


@shop.command("terms")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def terms(file: Path | None) -> None:
    """Show where the shop delivers, for how much, and its taxes; with FILE (TOML) replace them all by what it says."""
    settings: Settings = current_app.config["SETTINGS"]
    if file is not None:
        with in_plain_words():
            replace_terms(read_terms_file(_text_of(file), settings.currency))
    _show_delivery(settings.currency)
    click.echo()
    _show_taxes(settings)


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file} is no text in UTF-8.") from error


def _show_delivery(currency: str) -> None:
    rows = [(zone.name, _where(zone), *_rate(rate, currency)) for zone in zones_today() for rate in zone.rates]
    rows += [("", "who comes for it", *_rate(rate, currency)) for rate in pick_ups_today()]
    show_table(
        ("zone", "where", "rate", "price", "free from", "days"), rows, empty="Delivery costs nothing, wherever it goes."
    )


def _show_taxes(settings: Settings) -> None:
    rows = [
        (
            f"{tax.country}/{tax.region}" if tax.region else tax.country,
            tax.tax_class,
            tax.name,
            f"{tax.percentage / 1000:g} %",
        )
        for tax in taxes_today()
    ]
    show_table(("where", "class", "tax", "percent"), rows, empty="There are no taxes.")
    if rows:
        click.echo(f"Prices are {'with' if settings.prices_include_tax else 'without'} tax (PRICES_INCLUDE_TAX).")


def _where(zone: ShippingZone) -> str:
    if zone.everywhere:
        return "everywhere else"
    return ", ".join(f"{one.country}/{one.region}" if one.region else one.country for one in zone.places)


def _rate(rate: ShippingRate, currency: str) -> tuple[str, str, str, str]:
    price = "; ".join(_tier(tier, rate, currency) for tier in rate.tiers) or str(Money(rate.price_minor, currency))
    free = "" if rate.free_from_minor is None else str(Money(rate.free_from_minor, currency))
    return rate.name, price, free, str(rate.days)


def _tier(tier: ShippingTier, rate: ShippingRate, currency: str) -> str:
    price = Money(tier.price_minor, currency)
    if tier.up_to is None:
        return f"above {price}"
    limit = f"{tier.up_to} g" if rate.kind is RateKind.weight else str(Money(tier.up_to, currency))
    return f"to {limit} {price}"
