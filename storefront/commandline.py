"""What the `flask` command loads (see .flaskenv): the shop, but for `flask sandbox`, which needs no settings, none of it."""

import os
import sys

import click
from flask import Flask

from config import BadSettingError
from storefront import create_app


def shop() -> Flask:
    """The shop with its commands; a bad setting is one sentence."""
    if sys.argv[1:2] == [sandbox.name]:
        without_shop = Flask("storefront")
        without_shop.cli.add_command(sandbox)
        return without_shop
    try:
        return create_app()
    except BadSettingError as error:
        raise click.ClickException(str(error)) from error


@click.command("sandbox", add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def sandbox(words: tuple[str, ...]) -> None:
    """Run a small Stripe for trying the shop: `flask sandbox run --port N`."""
    # A process of its own, as always: it knows nothing of the shop, nor the shop of it.
    os.execv(sys.executable, [sys.executable, "-m", "storefront.sandbox", *words])  # noqa: S606
