"""The shop from the command line: `flask payments`, `orders`, `events`, `shop`, `worker`, `doctor`, `sandbox`."""

from flask import Flask

from storefront.cli import assets as _assets  # noqa: F401  commands of `flask shop`
from storefront.cli import audit as _auditing  # noqa: F401
from storefront.cli import database_copy as _moving  # noqa: F401
from storefront.cli import details as _details  # noqa: F401  likewise
from storefront.cli import terms as _terms  # noqa: F401  likewise
from storefront.cli.doctor import doctor
from storefront.cli.orders import orders
from storefront.cli.payments import events, payments
from storefront.cli.shop import shop
from storefront.cli.worker import worker
from storefront.commandline import sandbox


def add_commands(app: Flask) -> None:
    """Give `flask` the shop's own commands."""
    for command in (payments, orders, events, shop, worker, sandbox, doctor):
        app.cli.add_command(command)
