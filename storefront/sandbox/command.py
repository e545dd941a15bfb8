"""`flask sandbox run`, or `python -m storefront.sandbox run` where the shop shall not be loaded."""

import os
from pathlib import Path

import click


@click.group()
def sandbox() -> None:
    """A small Stripe that remembers, for trying the shop without an account."""


@sandbox.command()
@click.option("--port", type=click.IntRange(0, 65535), required=True, help="0 takes any free port.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--data", type=click.Path(dir_okay=False, path_type=Path), help="State file; without it nothing is kept.")
@click.option("--public-url", help="Where browsers reach the sandbox; default http://HOST:PORT.")
@click.option("--clock-file", type=click.Path(dir_okay=False, path_type=Path), envvar="CLOCK_FILE",
              help="A file holding an offset in seconds, such as +7200.")  # fmt: skip
@click.option("--settle-seconds", default=1.0, show_default=True,
              help="How soon pending refunds and balances move by themselves.")  # fmt: skip
@click.option("--card-numbers", is_flag=True, help="Take card numbers from servers too, as Stripe does on request.")
def run(  # noqa: PLR0913, PLR0917  one parameter for each option
    port: int, host: str, data: Path | None, public_url: str | None, clock_file: Path | None, settle_seconds: float,
    card_numbers: bool,  # noqa: FBT001
) -> None:  # fmt: skip
    """Serve the sandbox until interrupted."""
    from storefront.sandbox.server import create_sandbox, serve  # noqa: PLC0415  the group itself loads at once
    from storefront.sandbox.store import FileInUseError  # noqa: PLC0415

    if os.environ.get("STRIPE_SECRET_KEY", "").partition("_")[2].startswith("live_"):
        message = "STRIPE_SECRET_KEY is a live key: the sandbox does not run beside it."
        raise click.UsageError(message)
    url = public_url or f"http://{host}:{port}"
    try:
        app = create_sandbox(
            data, public_url=url, clock_file=clock_file, settle_seconds=settle_seconds, takes_card_numbers=card_numbers
        )
    except FileInUseError as error:
        raise click.ClickException(str(error)) from None
    serve(app, host, port)
